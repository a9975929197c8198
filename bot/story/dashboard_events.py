"""What can have happened on the dashboard issue of a repository (B14).

Promises: facts in the past tense, in the stream `dashboard/<repository id>`; who ticked a box is
told apart from that it was found ticked. What was written is in the effects' own facts.
`bot.backlog.dashboard.ledger` folds them.
"""

from __future__ import annotations

from typing import Literal

from bot.story.vocabulary import Person, Value, digest

Action = Literal["start", "hold", "release", "up", "down"]


class Tick(Value):
    """A box of an item, as it was shown by the writing of this number."""

    shown: int
    item: int
    action: Action

    @property
    def name(self) -> str:
        return f"{self.shown}/{self.item}/{self.action}"

    @property
    def place(self) -> str:
        """The box, whichever writing it is of."""
        return f"{self.item}/{self.action}"


class BoxTicked(Value):
    """A box was found ticked. `person` None: nobody is known to have done it (yet)."""

    kind: Literal["box_ticked"] = "box_ticked"
    tick: Tick
    person: Person | None = None


class BoxCleared(Value):
    """A tick was taken back before it was obeyed."""

    kind: Literal["box_cleared"] = "box_cleared"
    tick: Tick


class BoxAnswered(Value):
    """What came of a tick. `outcome` names the sentence, `detail` what it is about."""

    kind: Literal["box_answered"] = "box_answered"
    tick: Tick
    person: Person
    ok: bool
    outcome: str
    detail: tuple[str, ...] = ()


class DashboardClosed(Value):
    """A person closed the issue: nothing is shown any more until it is reopened."""

    kind: Literal["dashboard_closed"] = "dashboard_closed"
    issue: int
    person: Person | None = None


class DashboardReopened(Value):
    """The issue that a person had closed is open again."""

    kind: Literal["dashboard_reopened"] = "dashboard_reopened"
    issue: int


class DashboardLost(Value):
    """The issue was deleted or moved away: there will be another."""

    kind: Literal["dashboard_lost"] = "dashboard_lost"
    issue: int


def seen(body: str) -> str:
    """A digest of an issue's text, the same whatever its line ends."""
    return digest(body.replace("\r\n", "\n").replace("\r", "\n").rstrip())[:32]


DashboardEvent = (
    BoxTicked | BoxCleared | BoxAnswered | DashboardClosed | DashboardReopened | DashboardLost
)
