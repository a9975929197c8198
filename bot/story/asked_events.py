"""What people asked of a story as a whole (W7): a part of the closed list in `bot.story.events`."""

from __future__ import annotations

from typing import Literal

from bot.story.handoff import Handoff
from bot.story.vocabulary import Person, Value


class PauseRequested(Value):
    kind: Literal["pause_requested"] = "pause_requested"
    person: Person


class ResumeRequested(Value):
    kind: Literal["resume_requested"] = "resume_requested"
    person: Person


class RetryRequested(Value):
    kind: Literal["retry_requested"] = "retry_requested"
    person: Person


class CancelRequested(Value):
    kind: Literal["cancel_requested"] = "cancel_requested"
    person: Person | None
    reason: str


class HandoffRequested(Value):
    kind: Literal["handoff_requested"] = "handoff_requested"
    person: Person


class HandedOff(Value):
    kind: Literal["handed_off"] = "handed_off"
    handoff: Handoff


class BudgetRaised(Value):
    kind: Literal["budget_raised"] = "budget_raised"
    person: Person
    usd: float


class PriorityChanged(Value):
    kind: Literal["priority_changed"] = "priority_changed"
    person: Person
    priority: str


class WsjfGiven(Value):
    """Somebody said what an item is worth (B1). `inputs`: only those that were given."""

    kind: Literal["wsjf_given"] = "wsjf_given"
    person: Person
    inputs: dict[str, float]
