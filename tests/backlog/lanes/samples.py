"""A repository's lanes on a real journal, and lanes that do what a test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.backlog.lanes.lane import Budget, Decision, Hands, Lane, Outcome, Shift
from bot.backlog.lanes.runner import Runner, Times
from bot.backlog.store import Backlog
from bot.configuration.in_force import Operator, in_force
from bot.configuration.schema import RepositoryConfig
from bot.story.installation_events import AccessChanged
from bot.story.journal import Journal
from bot.story.lane_events import LaneEnded
from bot.story.office import HandlerSettings, Office
from tests.journal.samples import REPOSITORY


@dataclass
class Said:
    """A lane that answers with what it is told; `shifts` are those it was given."""

    NAME: str = "intake"
    answer: Callable[[Shift], Outcome] = lambda shift: Outcome([Decision(1, "new", "a reason")])
    EVERY: timedelta = timedelta(minutes=5)
    BUDGET: timedelta = timedelta(seconds=60)
    shifts: list[Shift] = field(default_factory=list)

    def run(self, shift: Shift) -> Outcome:
        self.shifts.append(shift)
        return self.answer(shift)


def office_on(journal: Journal, github: Any = None) -> Office:
    """An office without GitHub, installed on REPOSITORY."""
    office = Office(github, journal, None, journal.clock, HandlerSettings(), lambda stream: None)  # type: ignore[arg-type]
    office.record(REPOSITORY, AccessChanged(repository=REPOSITORY, access="granted"))
    return office


def runner_on(
    journal: Journal, *lanes: Lane, owner: str = "one", times: Times | None = None, **hands: Any
) -> Runner:
    """A process that runs lanes."""
    return Runner(lanes, office_on(journal), Hands(**hands), owner, times or Times())


def shift_on(
    journal: Journal, lane: Lane, former: Outcome | None = None, seconds: float = 60, **config: Any
) -> Shift:
    """A run of a lane after `former`; `config`: keys of the configuration's backlog."""
    effective = in_force(RepositoryConfig.model_validate({"backlog": config}), Operator())
    ended = former and LaneEnded(
        lane=lane.NAME, run=1, outcome="done", inputs=tuple(former.inputs.items())
    )
    return Shift(
        office=office_on(journal),
        repository=REPOSITORY,
        backlog=Backlog(journal),
        config=effective,
        now=journal.clock(),
        budget=Budget(seconds, lambda: 0.0),
        checkpoint=former.checkpoint if former else "",
        former=ended,
        hands=Hands(criteria=lambda title, body: tuple(body.splitlines())),
    )
