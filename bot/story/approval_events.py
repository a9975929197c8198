"""The facts about approvals (P3): a part of the closed list in `bot.story.events`."""

from __future__ import annotations

from typing import Literal

from bot.story.vocabulary import Approval, AutoApproval, Gate, Person, Value


class Approved(Value):
    kind: Literal["approved"] = "approved"
    approval: Approval


class AutoApproved(Value):
    """The configuration said yes by itself, within the limits that it sets (P2)."""

    kind: Literal["auto_approved"] = "auto_approved"
    approval: AutoApproval


class ApprovalRefused(Value):
    kind: Literal["approval_refused"] = "approval_refused"
    gate: Gate | None
    person: Person
    comment_id: int
    rule: str
    reason: str


class ApprovalWithdrawn(Value):
    """An approval does not count any more: a push, an edit, a dismissal, access that was lost.

    `comment_id`, of a `thread` where one is named: which; None: all of them.
    """

    kind: Literal["approval_withdrawn"] = "approval_withdrawn"
    reason: str
    comment_id: int | None = None
    thread: str = ""

    def means(self, approval: Approval) -> bool:
        """Whether `approval` is one of them."""
        if self.comment_id is not None and self.comment_id != approval.comment_id:
            return False
        return not self.thread or self.thread == approval.thread


class Rejected(Value):
    kind: Literal["rejected"] = "rejected"
    person: Person
    reason: str
