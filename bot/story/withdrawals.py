"""How approvals are taken back: whose, why and when is kept for the status comment.

Promises: changes only the story it is given; called by the fold and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.story.story import Story
from bot.story.vocabulary import Approval, Gate, Withdrawal


def withdraw(story: Story, means: Callable[[Approval], bool], reason: str, at: datetime) -> None:
    """Take back the approvals that `means` says."""
    for gone in [one for one in story.approvals if means(one)]:
        story.approvals.remove(gone)
        told = Withdrawal(gate=gone.gate, login=gone.person.login, reason=reason, at=at)
        story.withdrawals.append(told)


def withdraw_automatic(story: Story, reason: str, at: datetime) -> None:
    """Take back what the configuration approved."""
    if (gone := story.auto_approved) is not None:
        story.auto_approved = None
        story.withdrawals.append(Withdrawal(gate=gone.gate, login="", reason=reason, at=at))


def withdraw_of_other_heads(story: Story, reason: str, at: datetime) -> None:
    """An approval of a head says nothing of the head that came after it."""

    def of_another(given: Approval) -> bool:
        return given.gate is not Gate.PRE_CODE and given.head_sha != story.head_sha

    withdraw(story, of_another, reason, at)
    if story.auto_approved is not None and story.auto_approved.head_sha != story.head_sha:
        withdraw_automatic(story, reason, at)
