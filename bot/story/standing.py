"""Whether approvals still stand: the words, the review, and the access of who gave them (P3).

Promises: read from GitHub at that moment, so that a lost webhook withdraws as surely as one that
came; each reason says what happened. Never: appends or decides; `policies.approvals` does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from bot.story.approval_events import ApprovalWithdrawn
from bot.story.story import Story
from bot.story.vocabulary import Approval, Demands, Gate, Repository
from policies.approvals import asks_more
from policies.who_approves import API, at_least

REVIEW = "pull_request_review"


class GitHub(Protocol):
    """The reads that this needs."""

    def comment(self, repository: Repository, comment_id: int) -> dict[str, Any] | None: ...
    def review_comment(self, repository: Repository, comment_id: int) -> dict[str, Any] | None: ...
    def review(
        self, repository: Repository, pull: int, review_id: int
    ) -> dict[str, Any] | None: ...
    def pull_reviews(self, repository: Repository, number: int) -> list[dict[str, Any]]: ...
    def permission(self, repository: Repository, login: str, person_id: int = 0) -> str: ...


def as_it_is(
    github: GitHub, repository: Repository, thread: str, pull: int, comment_id: int
) -> Mapping[str, Any] | None:
    """A comment or review read again; None where it is deleted or dismissed."""
    match thread:
        case "issue_comment":
            return github.comment(repository, comment_id)
        case "pull_request_review_comment":
            return github.review_comment(repository, comment_id)
        case _:
            review = github.review(repository, pull, comment_id)
            dismissed = review is not None and review.get("state") == "DISMISSED"
            return None if dismissed else review


def words_of(told: Mapping[str, Any]) -> str:
    """Digest of the text of a comment or review: GitHub tells no time of a review's edit."""
    return hashlib.sha256((told.get("body") or "").encode("utf-8", "replace")).hexdigest()


def lapsed(github: GitHub, story: Story, asked: Callable[[Gate], Demands]) -> dict[Approval, str]:
    """The approvals of a story that do not stand any more, and why.

    `asked`: what the configuration in force asks of the approvals of a gate.
    """
    found: dict[Approval, str] = {}
    objections = _objections(github, story)
    for given in story.approvals:
        reason = _words(github, story, given) or _access(github, story, given)
        reason = reason or _asked(given, asked(given.gate))
        objected = objections.get(given.person.id)
        # Within one second nobody can tell which came first: the no counts.
        if not reason and objected is not None and objected >= given.at:
            reason = f"{given.person.login} took it back in a review"
        if reason:
            found[given] = reason
    return found


def withdrawals(
    github: GitHub, story: Story, asked: Callable[[Gate], Demands]
) -> list[ApprovalWithdrawn]:
    """The same as facts, for the journal."""
    return [
        ApprovalWithdrawn(reason=reason, comment_id=given.comment_id, thread=given.thread)
        for given, reason in lapsed(github, story, asked).items()
    ]


def _words(github: GitHub, story: Story, given: Approval) -> str:
    """What became of the comment or review that approved; '' where it stands as it was."""
    if given.thread == API:
        return ""
    where = (given.thread, story.pull_number, given.comment_id)
    now = as_it_is(github, story.repository, *where)
    what = "review" if given.thread == REVIEW else "comment"
    if now is None:
        return f"the approving {what} was deleted or dismissed"
    if given.by == "review" and now.get("state") != "APPROVED":
        return "the review approves no more"
    if now.get("updated_at") != now.get("created_at"):
        return "the approving comment was edited"
    if given.by != "review" and given.words and given.words != words_of(now):
        return f"the approving {what} was edited"
    return ""


def _access(github: GitHub, story: Story, given: Approval) -> str:
    person = given.person
    level = github.permission(story.repository, person.login, person.id)
    if at_least(level, "write"):
        return ""
    return f"{person.login} has no write access any more ({level})"


def _asked(given: Approval, now: Demands) -> str:
    more = asks_more(given.demands, now) if given.demands else ""
    return f"the configuration asks for more since ({more})" if more else ""


def _objections(github: GitHub, story: Story) -> dict[int, datetime]:
    """When each person last requested changes, or wrote a review that was dismissed since.

    A yes after it counts; one before it is not revived by anything.
    """
    if not story.pull_number or not story.approvals:
        return {}
    last: dict[int, datetime] = {}
    for review in github.pull_reviews(story.repository, story.pull_number):
        person, at = (review.get("user") or {}).get("id"), review.get("submitted_at")
        if person and at and review.get("state") in ("CHANGES_REQUESTED", "DISMISSED"):
            when = datetime.fromisoformat(at)
            last[person] = max(when, last.get(person, when))
    return last
