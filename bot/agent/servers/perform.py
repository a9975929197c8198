"""Performs ListServerTools and CallServerTool (W14).

Promises: whatever a server does is a result, not an error: a story never stops for it; a tool that
writes is called at most once, and where nobody knows whether it was done, the result says so; a
tool is called only while it is what its pin says. Never: decides whether a tool may be used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.agent import event_loop
from bot.configuration.servers import Server, Servers
from bot.story.server_effects import CallServerTool, ListServerTools
from bot.workspace.git import GitFailed
from bot.workspace.locks import Busy
from bot.workspace.perform import Workshop
from bot.workspace.worktrees import UnsafeTree

UNKNOWN_AFTER_CRASH = "interrupted"


class ServerTools:
    """The adapter of both kinds. `servers`: what the operator declares now. `credential`: of one
    of them; LookupError.
    """

    def __init__(
        self,
        servers: Callable[[], Servers],
        credential: Callable[[Server], str],
        workshop: Workshop,
        home: Path,
    ) -> None:
        self._servers, self._credential = servers, credential
        self._workshop, self._home = workshop, home

    def perform(self, effect: ListServerTools | CallServerTool) -> dict[str, Any]:
        begun = time.monotonic()
        if isinstance(effect, ListServerTools):
            result = self._listed(effect)
        else:
            result = self._called(effect)
        return {**_named(effect), **result, "seconds": round(time.monotonic() - begun, 3)}

    def look(self, effect: ListServerTools | CallServerTool) -> dict[str, Any] | None:
        """Of a call that may have been made and writes, all that is known: that it may."""
        if isinstance(effect, CallServerTool) and effect.writes:
            return {**_named(effect), **_ended("unknown", UNKNOWN_AFTER_CRASH), "seconds": 0.0}
        return None

    def _listed(self, effect: ListServerTools) -> dict[str, Any]:
        from bot.agent.servers.offered import offered
        from bot.agent.servers.sessions import Problem

        try:
            server = self._server(effect.server)
            usable, withheld = offered(server, event_loop.run(told_by(server, self._door(effect))))
        except Problem as problem:
            return {"tools": [], "withheld": [], "problem": problem.rule}
        return {
            "tools": [asdict(tool) for tool in usable],
            "withheld": [{"name": one.name, "rule": one.rule} for one in withheld],
            "problem": "",
        }

    def _called(self, effect: CallServerTool) -> dict[str, Any]:
        from bot.agent.servers.sessions import Problem

        try:
            server = self._server(effect.server)
            with self._tree(server, effect) as tree:
                return event_loop.run(_call(server, self._door(effect), effect, tree))
        except Problem as problem:
            may_be_done = effect.writes and problem.sent
            return _ended("unknown" if may_be_done else "failed", problem.rule)

    def _server(self, name: str) -> Server:
        from bot.agent.servers.sessions import Problem

        found = self._servers().named(name)
        if found is None:
            raise Problem("declaration")
        return found

    def _door(self, effect: ListServerTools | CallServerTool) -> Any:
        from bot.agent.servers.sessions import Door

        bench = self._workshop.bench(effect.repository)
        return Door(self._home, lambda: bench.sandbox, self._credential)

    @contextmanager
    def _tree(self, server: Server, effect: CallServerTool) -> Iterator[Path | None]:
        """The files of the story for a server in the sandbox; none for one elsewhere."""
        from bot.agent.servers.sessions import Problem

        if server.url is not None or not effect.sha:
            yield None
            return
        try:
            with self._workshop.bench(effect.repository).pool.checkout(effect.sha) as tree:
                yield tree.path
        except (UnsafeTree, Busy, GitFailed) as error:
            raise Problem("tree") from error


async def told_by(server: Server, door: Any) -> Any:
    """The tools that a server tells of. Raises Problem."""
    from bot.agent.servers.sessions import opened

    async with opened(server, door) as session:
        return await session.tools()


async def _call(
    server: Server, door: Any, effect: CallServerTool, tree: Path | None
) -> dict[str, Any]:
    from bot.agent.servers.answers import answer
    from bot.agent.servers.offered import pin_of
    from bot.agent.servers.sessions import opened

    came = None
    async with opened(server, door, tree) as session:
        same = [one for one in await session.tools() if one.name == effect.tool]
        if [pin_of(one) for one in same] == [effect.pin]:
            came = await session.call(effect.tool, effect.arguments)
    if came is None:
        return _ended("refused", "changed")
    told = answer(came, server.answer_characters)
    return {
        "outcome": "failed" if told.error else "answered",
        "text": told.text,
        "why": "tool" if told.error else "",
        "digest": told.digest,
        "size": told.size,
    }


def _named(effect: ListServerTools | CallServerTool) -> dict[str, str]:
    tool = {"tool": effect.tool} if isinstance(effect, CallServerTool) else {}
    return {"server": effect.server, **tool}


def _ended(outcome: str, why: str) -> dict[str, Any]:
    return {"outcome": outcome, "text": "", "why": why, "digest": "", "size": 0}
