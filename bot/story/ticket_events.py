"""What can have happened between a repository and its tracker (B7, B8).

Promises: facts in the past tense, in the stream `tracker/<repository id>`; what was written to a
ticket is in the effects of the same stream. `bot.backlog.tracker.ledger` folds them.
"""

from __future__ import annotations

from typing import Literal

from bot.story.vocabulary import Value


class TicketsRead(Value):
    """The tracker was asked for what changed; `whole`: for everything, so what was gone is known.

    `fingerprint` is of the question: another one means that everything has to be read again.
    """

    kind: Literal["tickets_read"] = "tickets_read"
    whole: bool
    fingerprint: str


class TicketClaimed(Value):
    """Item `item` is ours to do: the claim was written and read back. `before`: status it had."""

    kind: Literal["ticket_claimed"] = "ticket_claimed"
    ticket: str
    item: int
    fence: int
    before: str
    status: str  # that it shows with the claim
    assignee: str = ""


class TicketReleased(Value):
    """We hold it no longer; `reason` in words for people."""

    kind: Literal["ticket_released"] = "ticket_released"
    ticket: str
    item: int
    reason: str


class TicketYielded(Value):
    """A person changed a ticket that we hold: theirs is the side that counts.

    `stops`: the work on it ends; otherwise its status is left to people from now on.
    """

    kind: Literal["ticket_yielded"] = "ticket_yielded"
    ticket: str
    item: int
    status: str
    assignee: str = ""
    reason: str
    stops: bool


class TicketsInStep(Value):
    """The tracker was away, and since it was back everything that changed was read and every ticket
    of ours looked after."""

    kind: Literal["tickets_in_step"] = "tickets_in_step"


TicketEvent = TicketsRead | TicketClaimed | TicketReleased | TicketYielded | TicketsInStep
