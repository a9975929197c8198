"""Keeping items: facts to the journal and the views of them, in one commit (B1, B5, B15).

Promises: what a source tells is compared with what it told before, and only a difference is
written; readings of one repository take turns, so that one thing never gets two items; the tables
can be made again from the journal at any time (`rebuild`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from bot.backlog.edges import UNDERWAY, check_move
from bot.backlog.item import Item, fold_item, stream_of
from bot.backlog.ranked import Queues
from bot.backlog.reading import Reading
from bot.backlog.shelf import Shelf, base_of, boost_of
from bot.backlog.taking import Taken, taking
from bot.story.database import reading
from bot.story.item_events import (
    Inputs,
    InputsGiven,
    ItemEvent,
    ItemMoved,
    ItemRefined,
    ItemStarted,
    ItemState,
)
from bot.story.journal import Conflict, Journal, Together
from bot.story.schema import ITEM_KEYS
from bot.story.vocabulary import Repository
from policies.ranking import Boost, Scoring

ACTOR = "backlog"


class NoItem(LookupError):
    """There is no item of this number in the repository's backlog."""

    def __init__(self, repository: str, number: int) -> None:
        super().__init__(f"no item {number} in the backlog of {repository}")
        self.repository, self.number = repository, number


class _NotThisTime(Exception):
    """Takes back what was written in a dry run."""

    def __init__(self, taken: Taken) -> None:
        super().__init__("dry run")
        self.taken = taken


class Backlog(Queues):
    """The backlog of every repository in one database; `next` and `counts` are of `Queues`.

    `scoring`: the operator's own (`bot.backlog.scoring`).
    """

    def __init__(self, journal: Journal, scoring: Scoring | None = None) -> None:
        super().__init__(journal.engine, journal.clock)
        self._journal, self._scoring = journal, scoring

    def item(self, repository: str, number: int) -> Item:
        """The item as it is now. Raises NoItem."""
        item = fold_item(self._journal.load(stream_of(repository, number)))
        if item is None:
            raise NoItem(repository, number)
        return item

    def base(self, item: Item) -> int:
        """The score of an item without its age, in 1/1560."""
        return base_of(item, self._scoring)

    def boost(self, item: Item) -> Boost:
        """What the scoring says of an item now, and why."""
        return boost_of(item, self._scoring)

    def items(self, repository: str, states: Sequence[ItemState] = tuple(ItemState)) -> list[Item]:
        """All items in these states, in the order of their ranks."""
        ranked = self.next(repository, 2**31, states)
        return [self.item(repository, one.number) for one in ranked]

    def with_key(self, repository: str, key: str) -> int | None:
        """The number of the item that a source knows by this key."""
        query = select(func.min(ITEM_KEYS.c.number)).where(
            ITEM_KEYS.c.repository == repository, ITEM_KEYS.c.key == key
        )
        with reading(self._engine) as connection:
            found: int | None = connection.scalar(query)
        return found

    def places(self, repository: str) -> list[tuple[str, str]]:
        """(source, place) of everything that items are known from now."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(ITEM_KEYS.c.source, ITEM_KEYS.c.place)
                .where(ITEM_KEYS.c.repository == repository, ITEM_KEYS.c.kind == "source")
                .distinct()
                .order_by(ITEM_KEYS.c.source, ITEM_KEYS.c.place)
            )
            return [(source, place) for source, place in rows]

    def take(
        self, repository: str, told: Reading, actor: str = ACTOR, *, dry: bool = False
    ) -> Taken:
        """Let a reading happen to the backlog; says what that changed, or would (`dry`)."""
        try:
            with self._journal.together(actor) as commit:
                taken = taking(self._shelf(repository, commit), told)
                if dry:
                    raise _NotThisTime(taken)
        except _NotThisTime as undone:
            return undone.taken
        return taken

    def changed_since(self, repository: str, since: datetime) -> list[int]:
        """The numbers of the items that are not done and were told something since then."""
        open_states = [state for state in ItemState if state is not ItemState.DONE]
        rows = self._journal.streams(
            states=open_states, repository=repository, kind="item", updated_after=since, limit=2**31
        )
        return sorted(row.issue for row in rows)

    def give(self, repository: str, number: int, inputs: Inputs, actor: str) -> Item:
        """A person's inputs; they win over everything else."""
        return self._record(repository, number, InputsGiven(inputs=inputs), actor=actor)

    def decide(
        self,
        repository: str,
        numbers: Iterable[int],
        decide: Callable[[Item], Sequence[ItemEvent]],
        actor: str = ACTOR,
        *,
        anew: bool = False,
    ) -> dict[int, Sequence[ItemEvent]]:
        """Let `decide` say what happens to items, in one commit; what it said where it did.

        Others wait meanwhile: not too many at once. `anew`: work out the scores of all of them.
        """
        told: dict[int, Sequence[ItemEvent]] = {}
        with self._journal.together(actor) as commit:
            shelf = self._shelf(repository, commit)
            for number in numbers:
                item = shelf.item(number)
                if item is None:
                    continue
                if events := decide(item):
                    shelf.tell(item, events)
                    told[number] = events
                elif anew:
                    shelf.put(item, fresh=False)
        return told

    def refine(
        self, repository: str, number: int, refined: ItemRefined, actor: str = ACTOR
    ) -> Item:
        """Keep what refinement found; moving the item to REFINED is a step of its own."""
        return self._record(repository, number, refined, actor=actor)

    def move(
        self,
        repository: str,
        number: int,
        target: ItemState,
        reason: str = "",
        *,
        actor: str = ACTOR,
        expect: int | None = None,
    ) -> Item:
        """Move the item. Raises UndeclaredMove, NoItem; Conflict where it is not at `expect`."""
        item = self.item(repository, number)
        if expect is not None and item.version != expect:
            raise Conflict(item.stream, expect, item.version)
        check_move(item.state, target, reason)
        moved = ItemMoved(source=item.state, target=target, reason=reason)
        return self._record(repository, number, moved, actor=actor, expect=item.version)

    def begin(self, repository: str, number: int, started: ItemStarted, actor: str) -> Item:
        """Keep that work on it was begun: it is DOING, or further. Raises UndeclaredMove."""
        while True:
            item = self.item(repository, number)
            events: list[ItemEvent] = [started]
            if item.state not in UNDERWAY:
                check_move(item.state, ItemState.DOING)
                events.append(ItemMoved(source=item.state, target=ItemState.DOING))
            try:
                return self._record(repository, number, *events, actor=actor, expect=item.version)
            except Conflict:
                continue  # another fact came in between: decide on it anew

    def rebuild(self, repository: str) -> int:
        """Make the views again from the journal; the number of items."""
        rows = self._journal.streams(kind="item", repository=repository, limit=2**62)
        items = [item for row in rows if (item := fold_item(self._journal.load(row.stream)))]
        with self._journal.together(ACTOR) as commit:
            shelf = self._shelf(repository, commit)
            shelf.clear()
            for item in items:
                shelf.put(item, fresh=True)
        return len(items)

    def of_issue(self, repository: str, issue: int) -> Item | None:
        """The item whose work is done at an issue."""
        number = self.with_key(repository, f"issue:{issue}")
        return self.item(repository, number) if number is not None else None

    def _record(
        self,
        repository: str,
        number: int,
        *events: ItemEvent,
        actor: str,
        expect: int | None = None,
    ) -> Item:
        with self._journal.together(actor) as commit:
            shelf = self._shelf(repository, commit)
            item = shelf.item(number)
            if item is None:
                raise NoItem(repository, number)
            if expect is not None and item.version != expect:
                raise Conflict(item.stream, expect, item.version)
            return shelf.tell(item, events)

    def _shelf(self, repository: str, commit: Together) -> Shelf:
        return Shelf(repository, commit, self._scoring)


def family_of(journal: Journal) -> Callable[[Repository, int], str]:
    """What kind of work is done at an issue, '' where that is no item's."""
    backlog = Backlog(journal)

    def family(repository: Repository, issue: int) -> str:
        item = backlog.of_issue(str(repository.id), issue)
        return str(item.family) if item else ""

    return family
