"""The next items of a million without sorting a million (B15).

Promises: exactly the order of `policies.ranking.order` at the instant asked, whatever the number of
items; memory for what was asked only.

Items of one base score keep their order among themselves for ever: the older one is never behind.
So each base score is a queue in the index, and the next items come from merging the heads of a few
queues. A queue cannot hold anything that comes before the next item when its base would not reach
that item's rank with the age of the oldest item of all.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, literal_column, select, tuple_

from bot.backlog.edges import UNDERWAY
from bot.backlog.item import stream_of
from bot.story.database import Cursor, Prepared, Store, reading
from bot.story.item_events import ItemState
from bot.story.schema import ITEM_KEYS, ITEMS, STREAMS
from policies.ranking import ageing, microseconds, order, rank, score

_ALL = 2**62
_CHUNK = 20
_QUICK = 200  # items that one statement is asked for

_QUEUE = and_(ITEMS.c.repository == bindparam("repository_"), ITEMS.c.state == bindparam("state_"))
_HIGHEST = (
    select(func.max(ITEMS.c.base).label("base"))
    .where(_QUEUE, ITEMS.c.base < bindparam("below"))
    .cte("highest")  # which is looked for once, though it is asked for twice
)
_TOP = select(_HIGHEST.c.base).scalar_subquery()
_NEXT = select(func.max(ITEMS.c.base)).where(_QUEUE, ITEMS.c.base < _TOP).scalar_subquery()
_OLDEST = select(func.min(ITEMS.c.since)).where(_QUEUE).scalar_subquery()
_ROW = (ITEMS.c.base, ITEMS.c.since, ITEMS.c.number, ITEMS.c.title, ITEMS.c.family)
_IN_ORDER = (ITEMS.c.since, ITEMS.c.number)

_TOPMOST = select(*_ROW, _NEXT, _OLDEST).where(_QUEUE, ITEMS.c.base == _TOP).order_by(*_IN_ORDER)
# PostgreSQL keeps a plan only where the number is written out: planning takes three times as long
# as executing.
HEADS = Prepared(_TOPMOST.limit(literal_column(str(_CHUNK))))
_HEADS = Prepared(_TOPMOST.limit(bindparam("most")))
_MORE = Prepared(
    select(*_ROW)
    .where(
        _QUEUE,
        ITEMS.c.base == bindparam("base_"),
        tuple_(*_IN_ORDER) > tuple_(bindparam("after"), bindparam("number_")),
    )
    .order_by(*_IN_ORDER)
    .limit(bindparam("most"))
)


class Ranked(NamedTuple):
    """An item in its place. `base` in 1/1560; `since` and `at`, when it was asked for, in µs."""

    repository: str
    number: int
    state: ItemState
    family: str
    title: str
    base: int
    since: int
    at: int

    @property
    def score(self) -> Fraction:
        """Exact, with its age."""
        return score(self.base, self.since, self.at)

    @property
    def ageing(self) -> Fraction:
        """The factor of its age, exact."""
        return ageing(self.since, self.at)

    @property
    def stream(self) -> str:
        return stream_of(self.repository, self.number)


class _Row(NamedTuple):
    base: int
    since: int
    number: int
    title: str
    family: str


class _Queue:
    """The items of one state and one base score, the older ones first."""

    def __init__(self, rows: list[_Row], more: Callable[[_Row], list[_Row]]) -> None:
        self._rows, self._more, self._at = rows, more, 0

    def head(self) -> _Row | None:
        if self._at == len(self._rows) and len(self._rows) == _CHUNK:
            self._rows, self._at = self._more(self._rows[-1]), 0
        return self._rows[self._at] if self._at < len(self._rows) else None

    def advance(self) -> None:
        self._at += 1


class Queues(Store):
    """Reads the items of the view in the order in which they are worked on."""

    def next(
        self,
        repository: str,
        limit: int = 20,
        states: Sequence[ItemState] = (ItemState.READY,),
        families: Collection[str] | None = None,
    ) -> list[Ranked]:
        """The first `limit` items in these states (and families), by their score now."""
        now = microseconds(self._clock())
        if len(states) == 1 and families is None and 0 < limit <= _QUICK:
            quick = self._quick(repository, limit, states[0], now)
            if quick is not None:
                return quick
        with self._looking() as cursor:
            rows = self._merged(cursor, repository, states, now)
            found = (one for one in rows if families is None or one[1].family in families)
            return [_ranked(repository, *one, now) for one in islice(found, limit)]

    def _quick(
        self, repository: str, limit: int, state: ItemState, now: int
    ) -> list[Ranked] | None:
        """The answer where one queue has it all, which is usual; one statement."""
        values: dict[str, Any] = {"repository_": repository, "state_": str(state), "below": _ALL}
        with self._looking(once=True) as cursor:
            if limit <= _CHUNK:
                self._run(cursor, HEADS, **values)
            else:
                self._run(cursor, _HEADS, **values, most=limit)
            rows = cursor.fetchall()[:limit]
        if not rows:
            return []
        beneath, oldest = rows[0][5:]
        found = [
            Ranked(repository, number, state, family, title, base, since, now)
            for base, since, number, title, family, _, _ in rows
        ]
        if beneath is not None and (
            len(rows) < limit
            or rank(beneath, oldest, now) >= rank(found[-1].base, found[-1].since, now)
        ):
            return None
        return found

    def recorded(self, repository: str) -> int:
        """How many items the journal has of a repository."""
        query = select(func.count()).where(
            STREAMS.c.kind == "item", STREAMS.c.repository == repository, STREAMS.c.version > 0
        )
        with reading(self._engine) as connection:
            return connection.scalar(query) or 0

    def unsourced_after(self, repository: str, number: int, limit: int) -> list[int]:
        """The numbers of items that nobody works on and no source tells of any more."""
        told = select(ITEM_KEYS.c.key).where(
            ITEM_KEYS.c.repository == repository,
            ITEM_KEYS.c.number == ITEMS.c.number,
            ITEM_KEYS.c.kind == "source",
        )
        query = select(ITEMS.c.number).where(
            ITEMS.c.repository == repository,
            ITEMS.c.number > number,
            ITEMS.c.state.not_in([ItemState.DONE.value, *map(str, UNDERWAY)]),
            ~told.exists(),
        )
        with reading(self._engine) as connection:
            return list(connection.scalars(query.order_by(ITEMS.c.number).limit(limit)))

    def open_after(self, repository: str, number: int, limit: int) -> list[int]:
        """The numbers of items that are not done, from after `number` on: for looking at all."""
        query = select(ITEMS.c.number).where(
            ITEMS.c.repository == repository,
            ITEMS.c.number > number,
            ITEMS.c.state != ItemState.DONE.value,
        )
        with reading(self._engine) as connection:
            return list(connection.scalars(query.order_by(ITEMS.c.number).limit(limit)))

    def counts(self, repository: str) -> dict[str, int]:
        """How many items there are in each state."""
        with self._looking() as cursor:
            rows = self._run(cursor, _COUNTS, repository_=repository).fetchall()
        return {state: number for state, number in rows}

    def of_family(self, repository: str, family: str, states: Sequence[ItemState]) -> list[int]:
        """The numbers of the items of a family in these states, in order."""
        query = (
            select(ITEMS.c.number)
            .where(ITEMS.c.repository == repository, ITEMS.c.family == str(family))
            .where(ITEMS.c.state.in_([str(one) for one in states]))
            .order_by(ITEMS.c.number)
        )
        with reading(self._engine) as connection:
            return list(connection.scalars(query))

    def _merged(
        self, cursor: Cursor, repository: str, states: Sequence[ItemState], now: int
    ) -> Iterator[tuple[ItemState, _Row]]:
        heap: list[tuple[tuple[int, int, int], int, ItemState, _Queue]] = []
        # of each state: the base of its highest queue that is not open yet, its oldest item
        beneath: dict[ItemState, tuple[int | None, int]] = dict.fromkeys(states, (_ALL, 0))
        opened = 0
        while True:
            for state, (base, oldest) in beneath.items():
                while base is not None and (not heap or rank(base, oldest, now) >= -heap[0][0][0]):
                    queue, base, oldest = self._open(cursor, repository, state, base)
                    beneath[state] = base, oldest
                    opened += 1
                    _push(heap, queue, opened, state, now)
            if not heap:
                return
            _, position, state, queue = heapq.heappop(heap)
            row = queue.head()
            if row is None:
                continue
            yield state, row
            queue.advance()
            _push(heap, queue, position, state, now)

    def _open(
        self, cursor: Cursor, repository: str, state: ItemState, below: int
    ) -> tuple[_Queue, int | None, int]:
        """The highest queue at most `below`, the base of the one beneath it, the oldest item."""
        at: dict[str, Any] = {"repository_": repository, "state_": str(state)}
        rows = self._run(cursor, HEADS, **at, below=below + 1).fetchall()

        def more(last: _Row) -> list[_Row]:
            after = {"base_": last.base, "after": last.since, "number_": last.number}
            found = self._run(cursor, _MORE, **at, **after, most=_CHUNK).fetchall()
            return [_Row(*one) for one in found]

        beneath, oldest = rows[0][5:] if rows else (None, 0)
        return _Queue([_Row(*one[:5]) for one in rows], more), beneath, oldest


def _push(heap: list[Any], queue: _Queue, position: int, state: ItemState, now: int) -> None:
    row = queue.head()
    if row is not None:
        key = order(row.base, row.since, row.number, now)
        heapq.heappush(heap, (key, position, state, queue))


def _ranked(repository: str, state: ItemState, row: Sequence[Any], now: int) -> Ranked:
    base, since, number, title, family = row
    return Ranked(repository, number, state, family, title, base, since, now)


_COUNTS = Prepared(
    select(ITEMS.c.state, func.count())
    .where(ITEMS.c.repository == bindparam("repository_"))
    .group_by(ITEMS.c.state)
)
