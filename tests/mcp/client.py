"""A client of the protocol, talking to the real command over its stdin and stdout.

Or, where the command is not what is looked at, to the same server in this process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult, TextContent

from bot.backlog.store import Backlog
from bot.mcp.places import Places
from bot.mcp.server import server
from bot.mcp.tools import Tools
from bot.story.database import open_database
from bot.story.journal import Journal
from tests.cli.call import command, environ


def said(came: CallToolResult) -> str:
    """The text of an answer."""
    (only,) = came.content
    assert isinstance(only, TextContent)
    return only.text


class Caller:
    """Calls tools and reads the answers."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def good(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The answer of a call that has to go well."""
        came = await self.client.call_tool(tool, arguments)
        assert not came.is_error, came.content
        assert isinstance(came.structured_content, dict)
        return came.structured_content

    async def bad(self, tool: str, **arguments: Any) -> str:
        """What is said about a call that has to go wrong."""
        came = await self.client.call_tool(tool, arguments)
        assert came.is_error, came.structured_content
        assert came.structured_content is None
        text = said(came)
        assert "Traceback" not in text
        return text


@asynccontextmanager
async def talking(log: Path, *arguments: str, **settings: object) -> AsyncIterator[Caller]:
    """A client whose server writes its log to the file `log`."""
    program, *rest = command("mcp", *arguments)
    server = StdioServerParameters(command=program, args=rest, env=environ(**settings))
    with log.open("w") as errors:
        async with Client(stdio_client(server, errlog=errors), read_timeout_seconds=60) as client:
            yield Caller(client)


def here(home: Path, story: Callable[[Caller], Awaitable[None]]) -> None:
    """Play a story with a server in this process, for backlogs of this machine."""
    engine = open_database(f"sqlite:///{home / 'towpath.db'}")
    journal = Journal(engine, lambda: datetime.now(UTC))
    tools = Tools(journal, Backlog(journal), Places(journal, None, "", "ada", "local"), None)

    async def play() -> None:
        async with Client(server(tools, lambda error: None)) as client:
            await story(Caller(client))

    anyio.run(play)
    engine.dispose()


def run(
    log: Path, story: Callable[[Caller], Awaitable[None]], *arguments: str, **settings: object
) -> None:
    """Play a story with a server of its own."""

    async def play() -> None:
        async with talking(log, *arguments, **settings) as caller:
            await story(caller)

    anyio.run(play)
