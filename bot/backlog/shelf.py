"""The items of one repository inside one commit: facts to their streams, rows to the views.

Promises: holds the repository's turn from the first look on, so that two readers at once cannot
give one thing two numbers; the rows of an item always say what its facts say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import bindparam, delete, func, select

# Both databases know this ON CONFLICT, and both compile what PostgreSQL's insert says.
from sqlalchemy.dialects.postgresql import insert

from bot.backlog.identity import words_key
from bot.backlog.item import INPUTS, Item, fold_item, happen, stream_of
from bot.story.database import Prepared
from bot.story.item_events import ItemEvent, Sighting, SourceRead
from bot.story.journal import Head, Together
from bot.story.schema import ITEM_KEYS, ITEMS, storable
from policies.ranking import Boost, Scored, Scoring, base, boosted, microseconds

_MINE = ITEMS.c.repository == bindparam("repository_")
_KEYS = ITEM_KEYS.c.repository == bindparam("repository_")

_HIGHEST = Prepared(select(func.max(ITEMS.c.number)).where(_MINE))
_STATE = Prepared(select(ITEMS.c.state).where(_MINE, ITEMS.c.number == bindparam("of")))
_FORGET = Prepared(delete(ITEMS).where(_MINE))
_FORGET_KEYS = Prepared(delete(ITEM_KEYS).where(_KEYS, ITEM_KEYS.c.number > 0))
_INSERT = insert(ITEMS)
_PUT = Prepared(
    _INSERT.values(
        {column.name: bindparam(column.name) for column in ITEMS.c}
    ).on_conflict_do_update(
        index_elements=[ITEMS.c.repository, ITEMS.c.number],
        set_={
            name: _INSERT.excluded[name]
            for name in ("state", "family", "title", "base", "since", "version")
        },
    )
)
_DROP_KEYS = Prepared(delete(ITEM_KEYS).where(_KEYS, ITEM_KEYS.c.number == bindparam("of")))
_INSERT_KEY = insert(ITEM_KEYS)
_PUT_KEY = Prepared(
    _INSERT_KEY.values(
        {column.name: bindparam(column.name) for column in ITEM_KEYS.c}
    ).on_conflict_do_update(
        index_elements=[ITEM_KEYS.c.repository, ITEM_KEYS.c.key, ITEM_KEYS.c.number],
        set_={name: _INSERT_KEY.excluded[name] for name in ("kind", "digest", "source", "place")},
    )
)
_WITH_KEY = Prepared(
    select(ITEM_KEYS.c.number, ITEM_KEYS.c.kind, ITEM_KEYS.c.digest)
    .where(_KEYS, ITEM_KEYS.c.key == bindparam("of"))
    .order_by(ITEM_KEYS.c.number)
)
_IN_PLACE = Prepared(
    select(ITEM_KEYS.c.key, ITEM_KEYS.c.number, ITEM_KEYS.c.digest)
    .where(
        _KEYS,
        ITEM_KEYS.c.source == bindparam("source_"),
        ITEM_KEYS.c.place == bindparam("place_"),
        ITEM_KEYS.c.kind == "source",
    )
    .order_by(ITEM_KEYS.c.number, ITEM_KEYS.c.key)
)


@dataclass(frozen=True, slots=True)
class Known:
    """An item that bears a key; `kind`: source (it says so now) | gone | identity | words."""

    number: int
    kind: str
    digest: str


class Shelf:
    """The items of `repository` in the commit `commit`."""

    def __init__(self, repository: str, commit: Together, scoring: Scoring | None) -> None:
        self.repository, self.at = repository, commit.at
        self._commit, self._scoring = commit, scoring
        self._items: dict[int, Item | None] = {}
        head = Head(kind="backlog", repository=repository)
        commit.append(self._stream, (), head=head)  # our turn: others wait at this row
        highest = commit.run(_HIGHEST, repository_=repository).fetchone()[0]
        self._next = (highest or 0) + 1

    @property
    def _stream(self) -> str:
        return f"backlog/{self.repository}"

    def item(self, number: int) -> Item | None:
        """An item, with what this commit has told of it."""
        if number not in self._items:
            told = self._commit.load(stream_of(self.repository, number))
            self._items[number] = fold_item(told)
        return self._items[number]

    def number(self) -> int:
        """A number for a new item."""
        self._next += 1
        return self._next - 1

    def tell(self, item: Item | None, events: Sequence[ItemEvent], number: int = 0) -> Item:
        """Append facts to an item's stream, a new one's too, and put its rows right."""
        number = item.number if item else number
        fresh, version = item is None, item.version if item else 0
        for seq, event in enumerate(events, version + 1):
            item = happen(item, event, self.at, seq)
        if item is None:
            raise ValueError("the first fact of an item is that it was found")
        head = Head(
            state=item.state,
            title=item.title,
            repository=self.repository,
            issue=number,
            kind="item",
        )
        self._commit.append(item.stream, events, head=head, expect=version)
        self._items[number] = item
        self.put(item, fresh)
        return item

    def put(self, item: Item, fresh: bool) -> None:
        """Write the rows of an item."""
        self._commit.run(
            _PUT,
            repository=self.repository,
            number=item.number,
            state=str(item.state),
            family=str(item.family),
            title=storable(item.title),
            base=base_of(item, self._scoring),
            since=microseconds(item.since),
            version=item.version,
        )
        if not fresh:
            self._commit.run(_DROP_KEYS, repository_=self.repository, of=item.number)
        if item.merged_into is None:
            for key, row in _keys(item).items():
                self._commit.run(
                    _PUT_KEY, repository=self.repository, key=key, number=item.number, **row
                )

    def with_key(self, key: str) -> list[Known]:
        """The items that bear a key, the oldest first."""
        rows = self._commit.run(_WITH_KEY, repository_=self.repository, of=storable(key))
        return [Known(*row) for row in rows.fetchall()]

    def in_place(self, source: str, place: str) -> dict[str, tuple[int, str]]:
        """What a source says at a place, as far as it is known: key → (number, digest)."""
        rows = self._commit.run(
            _IN_PLACE, repository_=self.repository, source_=source, place_=place
        )
        return {key: (number, digest) for key, number, digest in rows.fetchall()}

    def state(self, number: int) -> str:
        """The state of an item without loading it."""
        row = self._commit.run(_STATE, repository_=self.repository, of=number).fetchone()
        return row[0] if row else ""

    def note_reading(self, read: SourceRead) -> None:
        """Remember a reading, unless the last one of this place was the same."""
        key = f"reading:{read.source}:{read.place}"
        if [known.digest for known in self.with_key(key)] == [read.digest]:
            return
        self._commit.append(self._stream, [read])
        self._commit.run(
            _PUT_KEY,
            repository=self.repository,
            key=storable(key),
            number=0,
            kind="reading",
            source=read.source,
            place=storable(read.place),
            digest=read.digest,
        )

    def clear(self) -> None:
        """Forget the rows of all items; readings stay remembered."""
        self._commit.run(_FORGET, repository_=self.repository)
        self._commit.run(_FORGET_KEYS, repository_=self.repository)


def base_of(item: Item, scoring: Scoring | None) -> int:
    """The score of an item without its age, in 1/1560.

    Without a scoring at hand the factor counts that it gave the item last.
    """
    told = _numbers(item)
    factor = boost_of(item, scoring).factor if scoring else Fraction(*item.factor)
    return base(**told, boost=factor)


def boost_of(item: Item, scoring: Scoring | None) -> Boost:
    """What a scoring says of an item, and why."""
    facts = Scored(**_numbers(item), family=str(item.family), labels=item.labels, title=item.title)
    return boosted(scoring, facts)


def _numbers(item: Item) -> dict[str, int]:
    won = item.inputs
    return {name: one.number if (one := getattr(won, name)) else 1 for name in INPUTS}


def _keys(item: Item) -> dict[str, dict[str, Any]]:
    """The keys an item bears; a later kind of row wins where two have one key."""
    rows: dict[str, dict[str, Any]] = {}
    for kind, sightings in (("gone", item.gone), ("source", item.sightings)):
        for one in sightings:
            for name, key in _names(one):
                rows[key] = _row(name, one)
        for one in sightings:
            rows[storable(one.key)] = _row(kind, one) | {"digest": one.digest}
    if item.started is not None:
        rows.setdefault(f"issue:{item.started.issue}", _row("identity", item.known[0]))
    return rows


def _names(sighting: Sighting) -> Iterable[tuple[str, str]]:
    if (words := words_key(sighting.title)) is not None:
        yield "words", words
    for identity in sighting.identities:
        if identity.startswith("item:"):
            continue  # is its number already
        yield "identity", storable(identity)


def _row(kind: str, one: Sighting) -> dict[str, Any]:
    return {"kind": kind, "source": one.source, "place": storable(one.place), "digest": ""}
