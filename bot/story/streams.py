"""The streams: one row for each story and repository, kept in step with its journal.

Promises: a row's state, title and wake-up time are what the last append said; the list is for
finding work and showing it, the journal stays the truth.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from bot.story.database import Store, reading
from bot.story.schema import STREAMS, instant, stored

_AHEAD = timedelta(minutes=5)  # more than this after now, only a wrong clock can have noted it
_LONGEST_LEASE = timedelta(hours=1)  # for the list only; `leases` knows each lease's own limit


@dataclass(frozen=True, slots=True)
class StreamRow:
    """Where a stream is; `version` is the seq of its last event."""

    stream: str
    kind: str
    state: str
    title: str
    repository: str
    issue: int | None
    version: int
    wake_at: datetime | None
    updated_at: datetime
    lease_owner: str | None
    lease_expires: datetime | None


class Streams(Store):
    """Finding streams."""

    def stream(self, stream: str) -> StreamRow | None:
        """The row of a stream; None if nothing was ever appended to it."""
        query = select(STREAMS).where(STREAMS.c.stream == stream, STREAMS.c.version > 0)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _stream_row(row)

    def streams(
        self,
        states: Collection[str] | None = None,
        repository: str | None = None,
        due_before: datetime | None = None,
        updated_after: datetime | None = None,
        unleased: bool = False,
        kind: str | None = None,
        limit: int = 1000,
    ) -> list[StreamRow]:
        """Streams that meet every condition given, first the one that has waited longest.

        `due_before`: with a wake-up time up to then, or one that was noted in the future.
        `unleased`: free to be acquired now.
        """
        query = select(STREAMS).where(STREAMS.c.version > 0)
        if states is not None:
            query = query.where(STREAMS.c.state.in_([str(state) for state in states]))
        if repository is not None:
            query = query.where(STREAMS.c.repository == repository)
        if kind is not None:
            query = query.where(STREAMS.c.kind == kind)
        if due_before is not None:
            ahead = stored(self._clock() + _AHEAD)
            late = or_(STREAMS.c.wake_at <= stored(due_before), STREAMS.c.updated_at > ahead)
            query = query.where(STREAMS.c.wake_at.is_not(None), late)
        if updated_after is not None:
            query = query.where(STREAMS.c.updated_at >= stored(updated_after))
        if unleased:
            now = self._clock()
            query = query.where(
                or_(
                    STREAMS.c.lease_owner.is_(None),
                    STREAMS.c.lease_expires <= stored(now),
                    STREAMS.c.lease_expires > stored(now + _LONGEST_LEASE),
                )
            )
        first = STREAMS.c.updated_at if due_before is None else STREAMS.c.wake_at
        query = query.order_by(first, STREAMS.c.stream).limit(limit)
        with reading(self._engine) as connection:
            return [_stream_row(row) for row in connection.execute(query)]

    def page(
        self,
        kind: str,
        after: str,
        states: Collection[str] | None,
        repository: str | None,
        limit: int,
    ) -> list[StreamRow]:
        """Streams of a kind by name, from after `after` on: a list that stays in order."""
        query = select(STREAMS).where(
            STREAMS.c.version > 0, STREAMS.c.kind == kind, STREAMS.c.stream > after
        )
        if states is not None:
            query = query.where(STREAMS.c.state.in_([str(state) for state in states]))
        if repository is not None:
            query = query.where(func.lower(STREAMS.c.repository) == repository.lower())
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(STREAMS.c.stream).limit(limit))
            return [_stream_row(row) for row in rows]

    def repositories(self) -> list[tuple[str, list[str]]]:
        """The repositories that had a story, by name, each with the streams of its stories."""
        query = select(STREAMS.c.repository, STREAMS.c.stream).where(
            STREAMS.c.version > 0, STREAMS.c.kind == "story", STREAMS.c.repository != ""
        )
        found: dict[str, list[str]] = {}
        with reading(self._engine) as connection:
            ordered = query.order_by(STREAMS.c.repository, STREAMS.c.updated_at.desc())
            for repository, stream in connection.execute(ordered):
                found.setdefault(repository, []).append(stream)
        return list(found.items())


def _stream_row(row: Any) -> StreamRow:
    return StreamRow(
        stream=row.stream,
        kind=row.kind,
        state=row.state,
        title=row.title,
        repository=row.repository,
        issue=row.issue,
        version=row.version,
        wake_at=instant(row.wake_at),
        updated_at=datetime.fromisoformat(row.updated_at),
        lease_owner=row.lease_owner,
        lease_expires=instant(row.lease_expires),
    )
