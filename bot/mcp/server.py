"""The server: the tools over the Model Context Protocol (W14).

Promises: arguments that are not as the schema says, and everything that goes wrong, are answered
with a sentence; an error that nobody expected has an id that is in the log, and nothing of it is in
the answer. Calls run beside each other, a few at a time. stdout carries the protocol alone.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, ValidationError
from redis.exceptions import RedisError

from bot.backlog.edges import UndeclaredMove
from bot.backlog.store import NoItem
from bot.mcp.places import Refusal
from bot.mcp.tools import Tool, Tools
from bot.queue.embedded import EmbeddedServerError
from bot.story.journal import Conflict
from bot.texts import mcp as texts

log = logging.getLogger(__name__)

AT_ONCE = 4
_MOST_FAULTS = 10

Explain = Callable[[Exception], str | None]


def server(tools: Tools, explain: Explain, version: str = "") -> Server[Any]:
    """The tools as a server. `explain`: what people can do about a known error; None for others."""
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def listed(context: Any, asked: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_listed(tool) for tool in tools.by_name.values()])

    async def called(context: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        tool = tools.by_name.get(asked.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, texts.no_tool(list(tools.by_name)))
        work = partial(answer, tool, asked.arguments or {}, explain)
        return await anyio.to_thread.run_sync(work, limiter=limiter)

    return Server(
        "towpath",
        version=version,
        instructions=texts.INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )


def answer(tool: Tool, arguments: dict[str, Any], explain: Explain) -> types.CallToolResult:
    """Call a tool; whatever goes wrong is in the answer."""
    try:
        asked = tool.takes.model_validate_json(json.dumps(arguments))
        return _good(tool.run(asked))
    except ValidationError as error:
        return _bad(texts.malformed(_faults(error)))
    except Refusal as refusal:
        return _bad(str(refusal))
    except NoItem as missing:
        return _bad(texts.no_item(missing.number))
    except (Conflict, UndeclaredMove):
        return _bad(texts.CHANGED)
    except (RedisError, EmbeddedServerError):
        log.exception("the queue is away")
        return _bad(texts.BUSY)
    except Exception as error:  # the last place that can answer
        said = explain(error)
        if said is None:
            error_id = uuid.uuid4().hex[:12]
            log.exception("a tool failed", extra={"error_id": error_id, "tool": tool.name})
            said = texts.unexpected(type(error).__name__, error_id)
        return _bad(said)


def _faults(error: ValidationError) -> list[tuple[str, str]]:
    """Without what was given: it may be anything."""
    told = error.errors(include_url=False, include_context=False, include_input=False)
    return [(".".join(map(str, one["loc"]))[:100], one["msg"]) for one in told[:_MOST_FAULTS]]


def _good(shown: BaseModel) -> types.CallToolResult:
    told = shown.model_dump(mode="json")
    text = json.dumps(told, ensure_ascii=False)
    content: list[Any] = [types.TextContent(type="text", text=text)]
    return types.CallToolResult(content=content, structured_content=told)


def _bad(sentence: str) -> types.CallToolResult:
    content: list[Any] = [types.TextContent(type="text", text=sentence)]
    return types.CallToolResult(content=content, is_error=True)


def _listed(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        description=texts.TOOLS[tool.name],
        input_schema=tool.takes.model_json_schema(),
        output_schema=tool.gives.model_json_schema(mode="serialization"),
        annotations=types.ToolAnnotations(
            read_only_hint=not tool.writes,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=tool.name == "start",
        ),
    )


def serve(tools: Tools, explain: Explain, version: str = "") -> None:
    """Serve a client on stdin and stdout until it goes away."""

    async def talk() -> None:
        made = server(tools, explain, version)
        async with stdio_server() as (reader, writer):
            await made.run(reader, writer, made.create_initialization_options())

    anyio.run(talk)
