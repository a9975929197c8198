"""What the dashboard shows, as plain values (B14). `bot.backlog.dashboard.view` gathers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from bot.story.dashboard_events import Action, BoxAnswered, Tick
from bot.story.vocabulary import Person, digest

CLOSED = "closed"  # what a dashboard says that is off


@dataclass(frozen=True)
class Pending:
    """A tick that nobody answered yet. `person` None: who did it is not known."""

    tick: Tick
    person: Person | None
    since: datetime


@dataclass(frozen=True)
class Answer:
    """What came of a tick, and when."""

    event: BoxAnswered
    at: datetime


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
    hides: bool = False  # items that not everybody may see

    @property
    def says(self) -> str:
        """A digest of it: that scores grow with age all day long is no news, a new order is."""
        if self.closed:
            return CLOSED
        rows = [_still(one) for one in self.ranked]
        sections = {name: [_still(one) for one in told] for name, told in self.sections.items()}
        ticks = [one.tick.name for one in self.pending.values()]
        told = [one.event.model_dump(mode="json") for one in self.answers]
        waits = [[one.what, one.reason] for one in self.waits]
        whole = [str(self.day), self.hides, self.rest, self.counts, sorted(ticks)]
        return digest([whole, rows, sections, waits, told])[:32]


def _still(row: Row) -> list[object]:
    """A row without what moves by itself."""
    story = [row.story.issue, row.story.state, row.story.pull] if row.story else []
    told = [row.number, row.title, row.family, row.state, row.inputs, row.reason]
    return [*told, str(row.since), row.issue, story, row.boxes]
