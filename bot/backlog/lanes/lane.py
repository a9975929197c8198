"""What a lane is given, and what it answers with (B6).

A lane is a module with `NAME`, `EVERY` (how often it runs), `BUDGET` (how long a run may take) and
`run(shift) -> Outcome`. A run that was killed is begun again, so everything that it does must be
safe to do twice: facts by `once` or by comparison, effects by their keys.

Promises: pure values; nothing here reads a clock but what it was handed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from bot.backlog.item import Item
from bot.backlog.store import Backlog
from bot.configuration.in_force import EffectiveConfig
from bot.story.lane_events import LaneEnded
from bot.story.office import Office
from bot.story.services import Resting
from bot.story.vocabulary import Repository


class Decision(NamedTuple):
    """What was decided about an item (0: about no single one), in plain words without a time."""

    item: int
    what: str
    why: str = ""


class Wait(NamedTuple):
    """What cannot go on, and why; `since` None: since the first run in a row that says so."""

    what: str
    reason: str
    since: datetime | None = None


def why_away(error: Exception) -> str:
    """What people read of an error that is waited out; never what a server or a file said."""
    if isinstance(error, Resting):
        return str(error)
    return str(getattr(error, "kind", "") or type(error).__name__).replace("_", " ")


@dataclass(frozen=True)
class Outcome:
    """What a run comes to. `inputs`: name → digest of what it looked at.

    `finished` False: the budget was over, the next run goes on at `checkpoint`. A finished run may
    leave a checkpoint too: a mark of its own for the next one.
    """

    decisions: Sequence[Decision] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    finished: bool = True
    checkpoint: str = ""
    waits: Sequence[Wait] = ()


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """One answer of several; what they counted under one name is added up."""
    counts: dict[str, int] = {}
    for one in outcomes:
        for name, number in one.counts.items():
            counts[name] = counts.get(name, 0) + number
    return Outcome(
        [decision for one in outcomes for decision in one.decisions],
        {name: told for one in outcomes for name, told in one.inputs.items()},
        counts,
        all(one.finished for one in outcomes),
        next((one.checkpoint for one in outcomes if one.checkpoint), ""),
        [wait for one in outcomes for wait in one.waits],
    )


class Budget:
    """The time of one run, by a clock that never jumps. `still_ours` raises FenceLost."""

    def __init__(
        self,
        seconds: float,
        monotonic: Callable[[], float],
        still_ours: Callable[[], None] = lambda: None,
    ) -> None:
        self._monotonic, self._still_ours = monotonic, still_ours
        self._end = monotonic() + seconds

    def over(self) -> bool:
        """Whether to stop; ask between any two pieces of work. Raises FenceLost: stop at once."""
        self._still_ours()
        return self._monotonic() >= self._end


class Mirrors(Protocol):
    """The workshop, as far as lanes need it."""

    def mirror(self, repository: Repository) -> Any: ...
    def fetch(self, repository: Repository, branch: str) -> str: ...


@dataclass(frozen=True)
class Surfaces:
    """What people see of a backlog.

    `reports`: the folder of all repositories' reports. `dashboard`: brings the issue up to date;
    whether it is. `files`: the same for files of the repository, with those of the last report
    (name, content); what that waits for. `words`: a day's snapshot in Markdown.
    """

    reports: Path
    dashboard: Callable[[Office, Repository], bool]
    files: Callable[
        [Office, Repository, Backlog, Sequence[tuple[str, str]]],
        Sequence[tuple[str, str, datetime | None]],
    ]
    words: Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Hands:
    """What lanes use of the rooms above; the wiring hands it in. None: this house has no such.

    `look_at_marks`: bring the ledger of TODO comments up to date. `audit`: what our own gates find
    in the whole tree at a commit, by the names of the gates. `ends`: exceptions that end the whole
    process's job, so that nobody may hold them against a source. `criteria`: what title and body
    say has to be met, () where they do not say. `triage`: rule on the security tickets; decisions
    and inputs. `workable`: for a run, why an item cannot be worked on here, '' where it can.
    """

    mirrors: Mirrors | None = None
    surfaces: Surfaces | None = None
    look_at_marks: Callable[[Office, Repository], None] | None = None
    audit: Callable[[Repository, str, Sequence[str]], Sequence[Any]] | None = None
    ends: tuple[type[BaseException], ...] = ()
    criteria: Callable[[str, str], Sequence[str]] = lambda title, body: ()
    triage: Callable[[Shift], tuple[Sequence[Decision], Mapping[str, str]]] | None = None
    workable: Callable[[Shift], Callable[[Item], str]] | None = None


@dataclass(frozen=True)
class Shift:
    """One run of a lane for one repository.

    `checkpoint`: where to go on, '' from the start. `former`: the artefact of the run before, None
    for the first. `dry`: nothing leaves Towpath and nothing is started; our own items are kept.
    """

    office: Office
    repository: Repository
    backlog: Backlog
    config: EffectiveConfig
    now: datetime
    budget: Budget
    checkpoint: str = ""
    dry: bool = False
    former: LaneEnded | None = None
    hands: Hands = field(default_factory=Hands)
    reached: Callable[[str], None] = lambda checkpoint: None

    @property
    def key(self) -> str:
        """The repository's name in the backlog."""
        return str(self.repository.id)

    @property
    def place(self) -> dict[str, Any]:
        """What the checkpoint says as a JSON object; {} where it is another version's."""
        try:
            told = json.loads(self.checkpoint or "{}")
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


class Lane(Protocol):
    """A module of this package."""

    @property
    def NAME(self) -> str: ...
    @property
    def EVERY(self) -> timedelta: ...
    @property
    def BUDGET(self) -> timedelta: ...
    def run(self, shift: Shift) -> Outcome: ...
