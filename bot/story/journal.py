"""The journal: what happened to a story, appended and never changed (S2, S5, S6).

Promises: an append is one durable commit of events, outbox rows and the stream's row, all or
nothing; a stream's events are numbered 1, 2, 3 … without a gap and chained by their hashes; an old
lease cannot write; a fact that was `once` told is not told again. Never waits, retries or performs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, update

# Both databases know this ON CONFLICT, and both compile what PostgreSQL's insert says.
from sqlalchemy.dialects.postgresql import insert

from bot.story.chain import Broken, Row, broken, canonical, link
from bot.story.database import Cursor, Prepared, reading, writing
from bot.story.deliveries import Deliveries
from bot.story.events import EVENT, Event
from bot.story.leases import ADD_STREAM, FenceLost, Lease, Leases
from bot.story.outbox import Outbox, Proposed, Settled
from bot.story.schema import EVENTS, SEEN, STREAMS, storable, stored
from bot.story.streams import Streams


class Recorded(NamedTuple):
    """An event as the journal holds it."""

    seq: int
    at: datetime
    actor: str
    event: Event
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """What the stream's row says from an append on. `wake_at` None: nothing to wake up for.

    The other fields stay as they are where they are None.
    """

    state: str | None = None
    wake_at: datetime | None = None
    title: str | None = None
    repository: str | None = None
    issue: int | None = None
    kind: str | None = None  # story (at first) | repo


class Conflict(Exception):
    """The stream is at `version`, not where the caller expected it: load again and decide anew."""

    def __init__(self, stream: str, expected: int, version: int) -> None:
        super().__init__(f"{stream} is at {version}, expected {expected}")
        self.stream = stream
        self.expected = expected
        self.version = version


class AlreadySeen(Exception):
    """What `key` means has been told before; nothing was written."""

    def __init__(self, key: str) -> None:
        super().__init__(f"already seen: {key}")
        self.key = key


_OF = STREAMS.c.stream == bindparam("of")
_LOCK = Prepared(
    select(STREAMS.c.version, STREAMS.c.head_hash, STREAMS.c.lease_owner, STREAMS.c.lease_fence)
    .where(_OF)
    .with_for_update()
)
_ADVANCE: dict[str, Any] = {
    "version": bindparam("to"),
    "head_hash": bindparam("hash"),
    "updated_at": bindparam("now"),
}
_HEAD: dict[str, Any] = {"wake_at": bindparam("wake_at")} | {
    name: func.coalesce(bindparam(name, type_=STREAMS.c[name].type), STREAMS.c[name])
    for name in ("state", "title", "repository", "issue", "kind")
}
_MOVE = Prepared(update(STREAMS).where(_OF).values(_ADVANCE))
_MOVE_HEAD = Prepared(update(STREAMS).where(_OF).values(_ADVANCE | _HEAD))
_ADD_EVENT = Prepared(insert(EVENTS).values({name: bindparam(name) for name in Row._fields}))
_SEE = Prepared(
    insert(SEEN).values(key=bindparam("of"), at=bindparam("now")).on_conflict_do_nothing()
)
_TOLD = Prepared(
    select(EVENTS.c.seq, EVENTS.c.at, EVENTS.c.actor, EVENTS.c.data, EVENTS.c.hash)
    .where(EVENTS.c.stream == bindparam("of"), EVENTS.c.seq > bindparam("after"))
    .order_by(EVENTS.c.seq)
)
_ROWS = select(*(EVENTS.c[name] for name in Row._fields))


class Journal(Leases, Outbox, Streams, Deliveries):
    """The journal, its leases and its outbox on one database.

    `Journal(engine, clock, boundary)`: `clock` gives aware datetimes; `boundary` is called with
    `before:append` (written, not committed), `after:append` (durable), `before:claim` and
    `after:claim`, so that a test can kill the process there.
    """

    def load(self, stream: str, after: int = 0) -> list[Recorded]:
        """The stream's events with a seq above `after`, in order; [] for an unknown stream."""
        with self._looking(once=True) as cursor:
            rows = self._run(cursor, _TOLD, of=stream, after=after).fetchall()
        return [_recorded(*row) for row in rows]

    def append(
        self,
        stream: str,
        events: Sequence[Event],
        *,
        actor: str,
        head: Head | None = None,
        lease: Lease | None = None,
        expect: int | None = None,
        propose: Sequence[Proposed] = (),
        settle: Sequence[Settled] = (),
        once: str | None = None,
    ) -> list[Recorded]:
        """Append `events` in one durable commit, with what goes with them.

        `head` becomes the stream's row. `lease` must be the stream's current one (FenceLost);
        without one, facts may be appended at any time. `expect` is the version the caller decided
        at (Conflict). `propose` adds effects, leaving known keys as they are; `settle` says what
        became of some (ClaimLost). `once` names what the events mean (AlreadySeen).
        After any error nothing was written. A lost connection while committing may hide a success:
        load again.
        """
        now = stored(self._clock())
        told = [(event.kind, canonical(event.model_dump(mode="json"))) for event in events]
        with writing(self._engine, lambda: self._boundary("before:append")) as cursor:
            version, previous = self._lock(cursor, stream, now, lease, expect)
            if once is not None and not self._see(cursor, once, now):
                raise AlreadySeen(once)
            rows = _chained(stream, version, previous, now, storable(actor), told)
            for row in rows:
                self._run(cursor, _ADD_EVENT, **row._asdict())
            last = rows[-1] if rows else None
            self._move(
                cursor,
                head,
                of=stream,
                to=last.seq if last else version,
                hash=last.hash if last else previous,
                now=now,
            )
            self._propose(cursor, stream, propose)
            self._settle(cursor, stream, settle)
        self._boundary("after:append")
        return [
            Recorded(row.seq, datetime.fromisoformat(row.at), row.actor, event, row.hash)
            for row, event in zip(rows, events, strict=True)
        ]

    @contextmanager
    def together(self, actor: str) -> Iterator[Together]:
        """Append to several streams, and write what is a view of them, in one durable commit.

        Nothing is written when the block raises. Others wait meanwhile: keep it short.
        """
        now = stored(self._clock())
        with writing(self._engine, lambda: self._boundary("before:append")) as cursor:
            yield Together(self, cursor, storable(actor), now)
        self._boundary("after:append")

    def _append_in(
        self,
        cursor: Cursor,
        stream: str,
        events: Sequence[Event],
        actor: str,
        now: str,
        head: Head | None,
        expect: int | None,
    ) -> int:
        told = [(event.kind, canonical(event.model_dump(mode="json"))) for event in events]
        version, previous = self._lock(cursor, stream, now, None, expect)
        for row in _chained(stream, version, previous, now, actor, told):
            self._run(cursor, _ADD_EVENT, **row._asdict())
            version, previous = row.seq, row.hash
        self._move(cursor, head, of=stream, to=version, hash=previous, now=now)
        return version

    def verify(self, stream: str | None = None) -> list[Broken]:
        """Recompute the chains of one stream or all; [] when everything holds together."""
        rows = _ROWS.order_by(EVENTS.c.stream, EVENTS.c.seq)
        heads = select(STREAMS.c.stream, STREAMS.c.version, STREAMS.c.head_hash)
        if stream is not None:
            rows = rows.where(EVENTS.c.stream == stream)
            heads = heads.where(STREAMS.c.stream == stream)
        with reading(self._engine) as connection:
            ends = {row.stream: (row.version, row.head_hash) for row in connection.execute(heads)}
            with connection.execution_options(yield_per=1000).execute(rows) as found:
                return list(broken((Row(*row) for row in found), ends))

    def _lock(
        self, cursor: Cursor, stream: str, now: str, lease: Lease | None, expect: int | None
    ) -> tuple[int, str]:
        row = self._run(cursor, _LOCK, of=stream).fetchone()
        if row is None:
            self._run(cursor, ADD_STREAM, of=stream, now=now)
            row = self._run(cursor, _LOCK, of=stream).fetchone()
        version, previous, owner, fence = row
        if lease is not None and lease != (stream, owner, fence):
            raise FenceLost(stream)
        if expect is not None and expect != version:
            raise Conflict(stream, expect, version)
        return version, previous

    def _see(self, cursor: Cursor, key: str, now: str) -> bool:
        return self._run(cursor, _SEE, of=key, now=now).rowcount == 1

    def _move(self, cursor: Cursor, head: Head | None, **values: Any) -> None:
        if head is None:
            self._run(cursor, _MOVE, **values)
            return
        self._run(
            cursor,
            _MOVE_HEAD,
            **values,
            state=None if head.state is None else str(head.state),
            wake_at=None if head.wake_at is None else stored(head.wake_at),
            title=None if head.title is None else storable(head.title),
            repository=head.repository,
            issue=head.issue,
            kind=head.kind,
        )


class Together:
    """Appends that become durable at once; see `Journal.together`."""

    def __init__(self, journal: Journal, cursor: Cursor, actor: str, now: str) -> None:
        self._journal, self.cursor, self._actor, self._now = journal, cursor, actor, now

    @property
    def at(self) -> datetime:
        """The instant that the events of this commit carry."""
        return datetime.fromisoformat(self._now)

    def append(
        self,
        stream: str,
        events: Sequence[Event],
        *,
        head: Head | None = None,
        expect: int | None = None,
    ) -> int:
        """Append to one stream and hold it until the commit; its new version. May be `Conflict`."""
        return self._journal._append_in(
            self.cursor, stream, events, self._actor, self._now, head, expect
        )

    def load(self, stream: str) -> list[Recorded]:
        """The stream's events, with those of this commit."""
        return [_recorded(*row) for row in self.run(_TOLD, of=stream, after=0).fetchall()]

    def run(self, statement: Prepared, **values: Any) -> Cursor:
        """Run a statement in the same transaction."""
        return self._journal._run(self.cursor, statement, **values)


def _recorded(seq: int, at: str, actor: str, data: str, hash_: str) -> Recorded:
    return Recorded(seq, datetime.fromisoformat(at), actor, EVENT.validate_json(data), hash_)


def _chained(
    stream: str, version: int, previous: str, at: str, actor: str, told: Sequence[tuple[str, str]]
) -> list[Row]:
    rows = []
    for seq, (kind, data) in enumerate(told, version + 1):
        hash_ = link(previous, stream, seq, at, actor, kind, data)
        rows.append(Row(stream, seq, at, actor, kind, data, previous, hash_))
        previous = hash_
    return rows
