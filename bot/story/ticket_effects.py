"""What Towpath may do to a ticket of a tracker (B7, B8): a part of `bot.story.effects`.

`ticket` is its key; each of them happens to that ticket only, while it is in its project.
"""

from __future__ import annotations

from typing import Any, Literal

from bot.story.vocabulary import Repository, Value


class _TicketEffect(Value):
    key: str  # idempotency key, as for any effect
    repository: Repository
    ticket: str


class TransitionTicket(_TicketEffect):
    """Move it to a status, while it is still in `expected`: a person's move wins.

    `status` names the status, or the transition that leads there. Result: ticket, status, asked
    (what `status` was), category, before.
    """

    kind: Literal["transition_ticket"] = "transition_ticket"
    status: str
    expected: str


class AssignTicket(_TicketEffect):
    """Assign it to our own account, or to nobody (`ours` False), while it is still `expected`'s.

    `expected`: an account's id, '' for nobody. Result: ticket, assignee.
    """

    kind: Literal["assign_ticket"] = "assign_ticket"
    ours: bool
    expected: str


class SetTicketProperty(_TicketEffect):
    """An entity property of ours; None takes it away. Result: ticket, name, value as read back."""

    kind: Literal["set_ticket_property"] = "set_ticket_property"
    name: str
    value: dict[str, Any] | None


class CommentTicket(_TicketEffect):
    """A comment of plain text, marked with the key and looked for. Result: ticket, comment."""

    kind: Literal["comment_ticket"] = "comment_ticket"
    body: str


class LinkTicket(_TicketEffect):
    """A remote link; its global id is the key, so there is one. Result: ticket, url."""

    kind: Literal["link_ticket"] = "link_ticket"
    url: str
    title: str


TicketEffect = TransitionTicket | AssignTicket | SetTicketProperty | CommentTicket | LinkTicket
KINDS = (
    "transition_ticket",
    "assign_ticket",
    "set_ticket_property",
    "comment_ticket",
    "link_ticket",
)
