"""What the dashboard shows of a backlog: plain values, gathered in a bounded number of reads (B14).

Promises: the order is that in which items are worked on; of a long backlog the first rows, the rest
counted; the same facts give the same view. Never: words for people, which are in `bot.texts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from bot.backlog.dashboard.ledger import Answer, Board, Pending
from bot.backlog.item import INPUTS, Item
from bot.backlog.ranked import Ranked
from bot.backlog.store import Backlog
from bot.story.dashboard_events import Action
from bot.story.item_events import ItemState
from bot.story.vocabulary import digest
from policies.ranking import microseconds

MOST = 30  # rows of the table, and of each section
HELD = "held by "  # how the reason of an item begins that a person holds
_OPEN = (ItemState.READY, ItemState.REFINED, ItemState.NEW)
_SECTIONS = {
    "ready": (ItemState.READY,),
    "underway": (ItemState.DOING, ItemState.PR),
    "blocked": (ItemState.BLOCKED,),
    "proposed": (ItemState.REFINED, ItemState.NEW),
}


@dataclass(frozen=True)
class Story:
    """The story of an item's issue. `pull`: 0 where there is none."""

    issue: int
    state: str
    pull: int = 0


@dataclass(frozen=True)
class Row:
    """An item. `inputs`: (number, whether a person gave it) of value, time, risk and size.

    `score`: with its age, as it is now; `issue`: 0 where it has none.
    """

    number: int
    title: str
    family: str
    state: str
    score: float
    inputs: tuple[tuple[int, bool] | None, ...]
    days: int
    reason: str = ""
    since: date | None = None  # of the state
    issue: int = 0
    story: Story | None = None
    boxes: tuple[Action, ...] = ()


class Wait(NamedTuple):
    """What keeps work from being started, and since when."""

    what: str
    reason: str
    since: datetime | None = None


@dataclass(frozen=True)
class View:
    """All that is shown. `rest`: of each section, how many are not; `day`: of the numbers."""

    day: date
    ranked: tuple[Row, ...]
    sections: Mapping[str, tuple[Row, ...]]
    rest: Mapping[str, int]
    counts: Mapping[str, int]
    waits: tuple[Wait, ...] = ()
    pending: Mapping[str, Pending] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    closed: bool = False

    @property
    def says(self) -> str:
        """A digest of it: that scores grow with age all day long is no news, a new order is."""
        if self.closed:
            return "closed"
        rows = [_still(one) for one in self.ranked]
        sections = {name: [_still(one) for one in told] for name, told in self.sections.items()}
        ticks = [one.tick.name for one in self.pending.values()]
        told = [one.event.model_dump(mode="json") for one in self.answers]
        waits = [[one.what, one.reason] for one in self.waits]
        return digest(
            [str(self.day), rows, sections, self.rest, self.counts, waits, sorted(ticks), told]
        )[:32]


def view(
    backlog: Backlog,
    repository: str,
    board: Board,
    now: datetime,
    story: Callable[[int], Story | None],
    waits: Sequence[Wait] = (),
    most: int = MOST,
) -> View:
    """`story`: of an issue. `most`: rows of the table and of each section."""
    if board.closed:
        return View(now.date(), (), {}, {}, {}, closed=True)
    counts = backlog.counts(repository)
    rows: dict[int, Row] = {}

    def row(one: Ranked) -> Row:
        if one.number not in rows:
            rows[one.number] = _row(backlog.item(repository, one.number), one, now, story)
        return rows[one.number]

    ranked = tuple(row(one) for one in backlog.next(repository, most, _OPEN))
    sections, rest = {}, {}
    for name, states in _SECTIONS.items():
        sections[name] = tuple(row(one) for one in backlog.next(repository, most, states))
        whole = sum(counts.get(str(state), 0) for state in states)
        rest[name] = max(0, whole - len(sections[name]))
    return View(
        now.date(),
        ranked,
        sections,
        rest,
        counts,
        tuple(waits),
        board.pending,
        board.answers,
    )


def _row(item: Item, ranked: Ranked, now: datetime, story: Callable[[int], Story | None]) -> Row:
    issue = issue_of(item)
    told = story(issue) if issue else None
    won = item.inputs
    given = item.given
    age = microseconds(now) - microseconds(item.since)
    return Row(
        number=item.number,
        title=item.title,
        family=str(item.family),
        state=str(item.state),
        score=float(ranked.score),
        inputs=tuple(
            (one.number, getattr(given, name) is not None)
            if (one := getattr(won, name)) is not None
            else None
            for name in INPUTS
        ),
        days=max(0, age // 86_400_000_000),
        reason=item.reason,
        since=item.moved_at.date(),
        issue=issue,
        story=told,
        boxes=boxes_of(item),
    )


def boxes_of(item: Item) -> tuple[Action, ...]:
    """What a person can tick at an item now."""
    match item.state:
        case ItemState.READY | ItemState.REFINED | ItemState.NEW:
            return ("start", "hold", "up", "down")
        case ItemState.BLOCKED if item.reason.startswith(HELD):
            return ("release",)
        case _:
            return ()


def issue_of(item: Item) -> int:
    """The issue that an item is, 0 where none stands for it."""
    names = (name for one in item.known for name in one.identities)
    numbers = [name.removeprefix("issue:") for name in names if name.startswith("issue:")]
    return next((int(one) for one in numbers if one.isdigit()), 0)


def _still(row: Row) -> list[object]:
    """A row without what moves by itself."""
    story = [row.story.issue, row.story.state, row.story.pull] if row.story else []
    told = [row.number, row.title, row.family, row.state, row.inputs, row.reason]
    return [*told, str(row.since), row.issue, story, row.boxes]
