"""A ticked box is carried out, once, by the same policies as a command in a comment (B14, W7).

Promises: carried out twice is as once; only people with write access at this moment; a person's
word on a rank is an input of the item with their name. Never: starts anything but through
`begin`, or touches an item that somebody works on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.backlog.dashboard.ledger import stream_of
from bot.backlog.edges import HELD, OPEN, UNDERWAY
from bot.backlog.item import Item
from bot.backlog.store import Backlog, NoItem
from bot.story.dashboard_events import BoxAnswered, Tick
from bot.story.item_events import (
    Authority,
    Input,
    Inputs,
    InputsGiven,
    ItemMoved,
    ItemState,
    Provenance,
)
from bot.story.journal import Journal
from bot.story.vocabulary import Person, Repository
from policies.ranking import SCALE, on_scale
from policies.who_commands import START, CommandFacts, decide

SOURCE = "dashboard"
_COMMAND = {"start": START, "hold": "priority", "release": "priority", "up": "wsjf", "down": "wsjf"}

Begin = Callable[[Repository, int, Person], tuple[int, str]]
"""(repository, item, by) → the issue of the story that was begun, or 0 and why it was not."""


@dataclass(frozen=True)
class Desk:
    """What obeying works with. `permission`: of a person, as GitHub says it now.

    `works`: whether there is a story of an issue that has not ended.
    """

    backlog: Backlog
    journal: Journal
    permission: Callable[[Repository, Person], str]
    begin: Begin
    works: Callable[[int], bool]


def obey(desk: Desk, repository: Repository, tick: Tick, person: Person) -> BoxAnswered:
    """Carry out what was ticked; what came of it. Raises Conflict where the item moved."""

    def answer(ok: bool, outcome: str, *detail: str) -> BoxAnswered:
        return BoxAnswered(tick=tick, person=person, ok=ok, outcome=outcome, detail=detail)

    facts = CommandFacts(
        command=_COMMAND[tick.action],
        person=person,
        permission="" if person.is_bot else desk.permission(repository, person),
    )
    verdict = decide(facts)
    if not verdict.allowed:
        return answer(False, "not_allowed", verdict.reason)
    try:
        item = desk.backlog.item(str(repository.id), tick.item)
    except NoItem:
        return answer(False, "gone")
    if item.merged_into is not None:
        return answer(False, "not_allowed", f"it is the same thing as item {item.merged_into}")
    if tick.action == "start" and item.held:
        return answer(False, "not_started", f"it is {item.reason}")
    if tick.action == "start":
        issue, why = desk.begin(repository, item.number, person)
        return answer(True, "started", str(issue)) if issue else answer(False, "not_started", why)
    if tick.action in ("up", "down"):
        return answer(*_rank(desk, repository, item, tick, person))
    return answer(*_hold(desk, repository, item, tick, person))


Outcome = tuple[bool, str, *tuple[str, ...]]


def _hold(desk: Desk, repository: Repository, item: Item, tick: Tick, person: Person) -> Outcome:
    key = str(repository.id)
    if tick.action == "hold":
        if item.held:
            return True, "as_it_is", item.reason
        if item.state in UNDERWAY or desk.works(item.issue):
            return False, "not_allowed", "it is worked on: `/pause` in its story does that"
        if item.state not in OPEN:
            return False, "as_it_is", str(item.state).lower()
        reason = f"{HELD}{person.login}"
        desk.backlog.move(
            key, item.number, ItemState.BLOCKED, reason, actor=person.login, expect=item.version
        )
        return True, "held"
    if not item.held:
        return False, "as_it_is", str(item.state).lower()
    back = _before(desk, item)
    reason = f"let go by {person.login}"
    desk.backlog.move(key, item.number, back, reason, actor=person.login, expect=item.version)
    return True, "released"


def _before(desk: Desk, item: Item) -> ItemState:
    """The state in which it was held."""
    moves = [
        one.event for one in desk.journal.load(item.stream) if isinstance(one.event, ItemMoved)
    ]
    source = moves[-1].source if moves else ItemState.NEW
    return source if source in OPEN else ItemState.NEW


def _rank(desk: Desk, repository: Repository, item: Item, tick: Tick, person: Person) -> Outcome:
    """A step of the scale: the value's, else the time criticality's, which weighs the same."""
    place = f"{stream_of(repository.id)}#{tick.name}"
    if (known := _given(desk, item, place)) is not None:
        return True, "given", *known  # carried out before, by somebody who died
    if item.state is ItemState.DONE:
        return False, "as_it_is", "done"
    for name in ("value", "time"):
        won: Input | None = getattr(item.inputs, name)
        before = won.number if won is not None else SCALE[0]
        after = _step(before, tick.action)
        if after == before:
            continue
        origin = Provenance(
            authority=Authority.COMMAND,
            source=SOURCE,
            place=place,
            by=person.login,
            reason=f"{before} before",
        )
        given = Inputs(**{name: Input(number=after, origin=origin)})
        desk.backlog.give(str(repository.id), item.number, given, person.login)
        return True, "given", name, str(before), str(after)
    return False, "end_of_scale"


def _step(number: int, way: str) -> int:
    at = SCALE.index(on_scale(number)) + (1 if way == "up" else -1)
    return SCALE[min(max(at, 0), len(SCALE) - 1)]


def _given(desk: Desk, item: Item, place: str) -> tuple[str, str, str] | None:
    for record in desk.journal.load(item.stream):
        if isinstance(record.event, InputsGiven):
            for name in ("value", "time"):
                one: Input | None = getattr(record.event.inputs, name)
                if one is not None and one.origin.place == place:
                    return name, one.origin.reason.partition(" ")[0], str(one.number)
    return None
