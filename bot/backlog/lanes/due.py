"""Which lanes are due, and how they come to be (B6).

Promises: one statement tells what is due, however many repositories are idle; a repository that
nothing happens to is looked at less and less often, and at the usual pace from the first news on.
A wake-up further off than any lane waits was written by a clock that was wrong: it is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, or_, select

from bot.backlog.lanes import NAMES
from bot.backlog.lanes.history import KIND, place_of, stream_of
from bot.backlog.lanes.lane import Lane
from bot.story.database import Store, reading
from bot.story.journal import Head, Journal
from bot.story.leases import absurd
from bot.story.schema import STREAMS, instant, stored

ROSTER = "lanes"  # the row that says when to look for new repositories
ROSTER_EVERY = timedelta(minutes=5)
LONGEST = timedelta(hours=1)  # that a lane waits for its next run
SOON = timedelta(minutes=10)  # the same, while something is waited for or failed
ACTOR = "lanes"

_ENROLLED = and_(STREAMS.c.wake_at.is_not(None), STREAMS.c.kind == KIND)  # by an index


class Row(NamedTuple):
    """A lane of a repository: when it is due, and who has it now."""

    stream: str
    id: int
    lane: str
    name: str
    due: datetime | None
    holder: str | None


def order_of(lane: str) -> int:
    """Where a lane comes among the seven; one that is not known comes last."""
    return NAMES.index(lane) if lane in NAMES else len(NAMES)


class Calendar(Store):
    """Reads and sets the instants at which lanes run next."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal.engine, journal.clock)
        self._journal = journal

    def due(self, ttl: float) -> list[str]:
        """The streams of lanes that may run now, first the one that has waited longest.

        ROSTER is among them when new repositories have to be looked for.
        """
        now = self._clock()
        late = or_(STREAMS.c.wake_at <= stored(now), STREAMS.c.wake_at > stored(now + 2 * LONGEST))
        free = or_(
            STREAMS.c.lease_owner.is_(None),
            STREAMS.c.lease_expires <= stored(now),
            STREAMS.c.lease_expires > stored(absurd(now, ttl)),
        )
        query = (
            select(STREAMS.c.stream, STREAMS.c.wake_at)
            .where(_ENROLLED, or_(STREAMS.c.stream == ROSTER, late), free)
            .order_by(STREAMS.c.wake_at, STREAMS.c.stream)
        )
        with reading(self._engine) as connection:
            rows = [(stream, instant(wake_at)) for stream, wake_at in connection.execute(query)]
        roster = next((at for stream, at in rows if stream == ROSTER), None)
        found = [stream for stream, _ in rows if stream != ROSTER]
        looked = roster is not None and now < roster <= now + 2 * LONGEST
        return found if looked else [ROSTER, *found]

    def rows(self) -> list[Row]:
        """Every lane of every repository, by repository; `name` as it was last."""
        query = select(
            STREAMS.c.stream,
            STREAMS.c.repository,
            STREAMS.c.wake_at,
            STREAMS.c.lease_owner,
            STREAMS.c.lease_expires,
        ).where(_ENROLLED)
        with reading(self._engine) as connection:
            told = [tuple(row) for row in connection.execute(query)]
        now = stored(self._clock())
        found = []
        for stream, name, wake_at, owner, expires in told:
            if (place := place_of(stream)) is not None:
                holder = owner if owner and expires and expires > now else None
                found.append(Row(stream, *place, name, instant(wake_at), holder))
        return sorted(found, key=lambda row: (row.name.casefold(), row.id, order_of(row.lane)))

    def enrol(self, repositories: Iterable[tuple[int, str]], lanes: Sequence[Lane]) -> None:
        """Give every (id, name) its lanes, due now, and say when to look again."""
        query = select(STREAMS.c.stream).where(_ENROLLED)
        with reading(self._engine) as connection:
            known = set(connection.scalars(query))
        for number, name in repositories:
            for lane in lanes:
                if (stream := stream_of(number, lane.NAME)) not in known:
                    head = Head(kind=KIND, repository=name, title=lane.NAME, wake_at=self._clock())
                    self._journal.append(stream, [], actor=ACTOR, head=head)
        self.postpone(ROSTER, self._clock() + ROSTER_EVERY)

    def postpone(self, stream: str, until: datetime) -> None:
        """Let a lane run at `until`, whatever was said before."""
        self._journal.append(stream, [], actor=ACTOR, head=Head(kind=KIND, wake_at=until))

    def news(self, repository_id: int | None, lanes: Sequence[Lane]) -> None:
        """Something happened to a repository: its lanes go at their usual pace from now on.

        None: to repositories that are not named. Nothing happens before lanes were ever run.
        """
        now = self._clock()
        pace = {stream_of(repository_id or 0, lane.NAME): lane.EVERY for lane in lanes}
        query = select(
            STREAMS.c.stream, STREAMS.c.wake_at, STREAMS.c.updated_at, STREAMS.c.lease_owner
        ).where(STREAMS.c.stream.in_([ROSTER, *pace]))
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        if 0 < len(rows) <= len(pace):  # not enrolled yet
            self.postpone(ROSTER, now)
        for stream, wake_at, updated_at, runs in rows:
            if stream == ROSTER:
                continue
            soon = max(now, datetime.fromisoformat(updated_at) + pace[stream])
            if wake_at is None or wake_at > stored(soon) or runs:
                self.postpone(stream, soon)
