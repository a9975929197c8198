"""One session with a server: its tools, or one call of a tool. The protocol is the SDK's.

Promises: a session has one time limit and one limit of bytes; whatever goes wrong is a `Problem`
with the word for it, and says whether the call may have been done. Never: answers a question of the
server (sampling, elicitation, roots), checks an answer with a schema of the server's, logs what a
server says.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from bot.agent.servers.inside import inside
from bot.agent.servers.network import Guarded, client
from bot.configuration.servers import Server
from bot.workspace.sandbox import Sandbox, SandboxUnavailable

PAGES, MOST_TOOLS = 10, 200
_GARBAGE = 20  # messages that are none, after which nobody listens any more
for _name in ("client", "mcp.client", "mcp.shared", "httpx2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # they would log what servers say


class Problem(Exception):
    """`rule`: timeout | address | flood | compressed | redirect | credential | no_credential |
    garbage | sandbox | refused | unreachable | folders | tree | declaration | broken.

    `sent`: the call had gone out.
    """

    def __init__(self, rule: str, sent: bool = False) -> None:
        super().__init__(rule)
        self.rule, self.sent = rule, sent


@dataclass(frozen=True)
class Door:
    """What sessions need. `credential`: of a server, as it is now; LookupError.

    `home`: what no server sees.
    """

    home: Path
    sandbox: Callable[[], Sandbox]
    credential: Callable[[Server], str]


@dataclass
class _Heard:
    """What was noticed beside the answers."""

    rule: str = ""
    garbage: int = 0
    sent: bool = False

    def word(self, rule: str) -> None:
        """The first one counts: what comes after follows from it."""
        self.rule = self.rule or rule


@dataclass(frozen=True)
class Session:
    """An open one."""

    session: ClientSession
    heard: _Heard

    async def tools(self) -> list[types.Tool]:
        """All tools that the server tells of, up to a limit."""
        found: list[types.Tool] = []
        cursor: str | None = None
        for _ in range(PAGES):
            page = await self.session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))
            found += page.tools
            cursor = page.next_cursor
            if not cursor or len(found) > MOST_TOOLS:
                break
        return found[:MOST_TOOLS]

    async def call(self, tool: str, arguments: dict[str, Any]) -> types.CallToolResult:
        """Call a tool, once."""
        params = types.CallToolRequestParams(name=tool, arguments=arguments)
        self.heard.sent = True
        return await self.session.send_request(
            types.CallToolRequest(params=params), types.CallToolResult
        )


@asynccontextmanager
async def opened(server: Server, door: Door, tree: Path | None = None) -> AsyncIterator[Session]:
    """A session with a server. Raises Problem, and nothing else for what a server does."""
    heard = _Heard()
    try:
        with anyio.move_on_after(server.timeout_seconds) as scope:
            async with _streams(server, door, tree, heard) as streams:
                talk = Client(
                    _Given(streams),
                    cache=None,
                    client_info=types.Implementation(name="towpath", version=""),
                    message_handler=_listener(heard, scope),
                )
                async with talk:
                    yield Session(talk.session, heard)
    except Problem as problem:
        problem.sent = heard.sent
        raise
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises is the server's doing
        raise Problem(heard.rule or _rule(error), heard.sent) from None
    if scope.cancelled_caught:
        raise Problem(heard.rule or "timeout", heard.sent)


class _Given:
    """Streams that are open already, as the SDK takes them."""

    def __init__(self, streams: Any) -> None:
        self._streams = streams

    async def __aenter__(self) -> Any:
        return self._streams

    async def __aexit__(self, *told: object) -> None:
        return None


@asynccontextmanager
async def _streams(
    server: Server, door: Door, tree: Path | None, heard: _Heard
) -> AsyncIterator[Any]:
    if server.url is None:
        folders = [Path(one) for one in server.folders]
        if not all(one.is_dir() and not _overlap(one, door.home) for one in folders):
            raise Problem("folders")
        seconds, sandbox = server.timeout_seconds, door.sandbox()
        async with inside(
            sandbox, server.command, seconds=seconds, tree=tree, folders=folders
        ) as streams:
            yield streams
        return
    secret = door.credential(server)
    bearer = server.header.lower() == "authorization"
    headers = {server.header: f"Bearer {secret}" if bearer else secret} if secret else {}
    guarded = Guarded(server.private, heard.word)
    async with (
        client(guarded, headers, server.timeout_seconds) as http,
        streamable_http_client(server.url, http_client=http) as streams,
    ):
        yield streams


def _overlap(one: Path, other: Path) -> bool:
    one, other = one.resolve(), other.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


def _listener(heard: _Heard, scope: anyio.CancelScope) -> Callable[[Any], Any]:
    async def listen(message: Any) -> None:
        if isinstance(message, Exception):
            heard.garbage += 1
            if heard.garbage >= _GARBAGE:
                heard.word("garbage")
                scope.cancel()

    return listen


def _rule(error: BaseException) -> str:
    """The word for an error; of several, for the first that has one."""
    if isinstance(error, BaseExceptionGroup):
        words = [_rule(one) for one in error.exceptions]
        return next((word for word in words if word != "broken"), "broken")
    match error:
        case Problem():
            return error.rule
        case TimeoutError() | httpx2.TimeoutException():
            return "timeout"
        case SandboxUnavailable():
            return "sandbox"
        case LookupError():
            return "no_credential"
        case httpx2.TransportError():
            return "unreachable"
        case MCPError():
            return "refused" if error.error.code != types.CONNECTION_CLOSED else "broken"
        case ValidationError():
            return "garbage"
    return "broken"
