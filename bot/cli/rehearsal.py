"""What would happen, tried out on a copy of the journal with nothing behind it (P6).

Promises: the handlers, policies and the journal are the real ones; what they append stays in a copy
that is thrown away; GitHub is only read. Never: a write to GitHub, a job in the queue, a fact in
the real journal.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Engine, insert, select

from bot.story.database import open_database, reading
from bot.story.journal import Recorded
from bot.story.schema import EFFECTS, EVENTS, STREAMS
from bot.wiring import House

_AT_ONCE = 1000  # streams; a statement takes so many values at most
_WRITES = frozenset({"redeliver"})


class ReadOnly:
    """GitHub's reads, and what is supposed to be there besides."""

    def __init__(self, github: Any, supposed: Mapping[str, Mapping[int, Any]]) -> None:
        self._github, self._supposed = github, supposed
        declared = github.effects  # what its adapter says of itself, without the adapter
        self.effects = SimpleNamespace(kinds=declared.kinds, needs=declared.needs)

    def __getattr__(self, name: str) -> Any:
        if name in _WRITES:
            raise PermissionError(f"a rehearsal does not use {name}")
        return getattr(self._github, name)

    def comment(self, repository: Any, comment_id: int) -> Any:
        known = self._supposed.get("comment", {}).get(comment_id)
        return known or self._github.comment(repository, comment_id)

    def review(self, repository: Any, pull: int, review_id: int) -> Any:
        known = self._supposed.get("review", {}).get(review_id)
        return known or self._github.review(repository, pull, review_id)

    def pull_reviews(self, repository: Any, number: int) -> list[Any]:
        told = list(self._github.pull_reviews(repository, number))
        return told + list(self._supposed.get("review", {}).values())

    def pull(self, repository: Any, number: int) -> dict[str, Any]:
        told = dict(self._github.pull(repository, number))
        pushed = self._supposed.get("push", {}).get(number)
        return {**told, "head": {**(told.get("head") or {}), "sha": pushed}} if pushed else told


class _Nothing:
    """Performs an effect by not performing it."""

    def perform(self, effect: Any, permit: Any) -> dict[str, Any]:
        return {"comment_id": 0, "url": "", "number": 0}

    def look(self, effect: Any) -> dict[str, Any] | None:
        return None


class Rehearsal(House):
    """A house that is told what the real one is told, and does nothing."""

    def __init__(self, house: House, database: Engine, supposed: Mapping[str, Any]) -> None:
        super().__init__(house.settings, house.clock)
        self._real, self._copy, self._supposed = house, database, supposed

    @cached_property
    def database(self) -> Engine:
        return self._copy

    @cached_property
    def github(self) -> Any:
        return ReadOnly(self._real.github, self._supposed)

    @cached_property
    def _adapters(self) -> dict[str, Any]:
        return dict.fromkeys(self._real.effect_kinds(), _Nothing())

    @cached_property
    def _needs(self) -> dict[str, Mapping[str, str]]:
        return self._real._needs

    def wake(self, stream: str, delay: float | None = None) -> None:
        """Nobody is woken."""

    def news(self, before: Mapping[str, int]) -> dict[str, list[Recorded]]:
        """What was appended since the streams had these versions."""
        return since(self, before)


def versions(house: House, streams: Sequence[str]) -> dict[str, int]:
    """How long the streams are; 0 for one that there is not."""
    rows = {name: house.journal.stream(name) for name in streams}
    return {name: row.version if row else 0 for name, row in rows.items()}


def since(house: House, before: Mapping[str, int]) -> dict[str, list[Recorded]]:
    """What was appended to the streams since; the silent ones are left out."""
    found = {name: house.journal.load(name, after=version) for name, version in before.items()}
    return {name: records for name, records in found.items() if records}


@contextmanager
def rehearsal(
    house: House, streams: Sequence[str], supposed: Mapping[str, Any] | None = None
) -> Iterator[Rehearsal]:
    """A rehearsal on a copy of these streams."""
    with tempfile.TemporaryDirectory(prefix="towpath-rehearsal-") as folder:
        copy = open_database(f"sqlite:///{Path(folder) / 'copy.db'}")
        try:
            _copy(house.database, copy, streams)
            yield Rehearsal(house, copy, supposed or {})
        finally:
            copy.dispose()


def _copy(source: Engine, target: Engine, streams: Sequence[str]) -> None:
    for first in range(0, len(streams), _AT_ONCE):
        for table in (STREAMS, EVENTS, EFFECTS):
            with reading(source) as connection:
                some = table.c.stream.in_(streams[first : first + _AT_ONCE])
                rows = [dict(row._mapping) for row in connection.execute(select(table).where(some))]
            if rows:
                with target.begin() as writing:
                    writing.execute(insert(table), rows)
