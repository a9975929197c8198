"""GitHub's own reviews approve, where the configuration says `approvals.reviews_count` (P3).

Who: as for `/approve`. A review counts for the commit that it was written on, and only while it is
the last word of its writer: "request changes" and a dismissal take it back.
Never: counts a review of another commit than the one that the status comment showed; a review that
only comments means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bot.story.effects import PostComment
from bot.story.events import Approved
from bot.story.involved import demands_of, person
from bot.story.machine import Story
from bot.story.office import Delivery, Office
from bot.story.standing import REVIEW, withdrawals, words_of
from bot.story.vocabulary import Gate
from bot.texts import approvals as texts
from handlers.approve import approval_of, gathered, refusal
from policies.who_approves import Comment, at_least, decide

_WORDS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")  # a comment takes nothing back


def reviewed(delivery: Delivery, office: Office) -> None:
    """A review was submitted or dismissed: what the reviews say now counts."""
    payload = delivery.payload
    if person((payload.get("review") or {}).get("user")).is_bot:
        return
    repository = office.repository(payload)
    story = office.story_of_pull(repository, payload["pull_request"]["number"])
    if story is not None and not story.terminal:
        take_back(office, story)
        count(office, story)


def take_back(office: Office, story: Story) -> None:
    """Withdraw the approvals that do not stand any more."""
    config = office.configuration(story.repository)
    for told in withdrawals(office.github, story, partial(demands_of, config)):
        office.tell(story.stream, told)


def count(office: Office, story: Story) -> None:
    """Let the standing reviews approve that have not yet."""
    counts = office.configuration(story.repository).approvals.reviews_count
    if not counts or not story.waits_at(Gate.PRE_DEPLOY) or not story.pull_number:
        return
    for review in last_words(office.github.pull_reviews(story.repository, story.pull_number)):
        if review.get("state") == "APPROVED":
            now = office.load(story.stream) or story
            _approve(office, now, review)


def last_words(reviews: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last review of each person that says yes or no."""
    last: dict[int, dict[str, Any]] = {}
    for review in reviews:
        who = (review.get("user") or {}).get("id")
        if who and review.get("state") in _WORDS:
            last[who] = review
    return list(last.values())


def _approve(office: Office, story: Story, review: Mapping[str, Any]) -> None:
    by, number = person(review.get("user")), review["id"]
    known = any((a.comment_id, a.thread) == (number, REVIEW) for a in story.approvals)
    if by.is_bot or known or not story.waits_at(Gate.PRE_DEPLOY):
        return
    permission = office.github.permission(story.repository, by.login, by.id)
    at = datetime.fromisoformat(review["submitted_at"])
    comment = Comment(number, at, thread=REVIEW, words=words_of(review))
    sha = review.get("commit_id") or ""
    facts = gathered(office, story, by, permission, comment, sha=sha, by_review=True)
    verdict = decide(facts)
    once = f"{story.stream}/review/{number}/{facts.head_sha}/{len(story.withdrawals)}"
    if verdict.allowed:
        office.tell(story.stream, Approved(approval=approval_of(facts)), once=once)
        return
    office.tell(story.stream, refusal(facts, verdict), once=f"{once}/{verdict.rule}")
    if at_least(permission, "write"):  # once, by its key
        _say(office, story, number, verdict.rule, verdict.reason)


def _say(office: Office, story: Story, number: int, rule: str, reason: str) -> None:
    effect = PostComment(
        key=f"{story.stream}/post_comment/review/{number}/{rule}",
        repository=story.repository,
        issue=story.pull_number,
        body=texts.review_refused(reason),
    )
    office.say(story.stream, [effect])


EVENTS = {
    "pull_request_review.submitted": reviewed,
    "pull_request_review.dismissed": reviewed,
}
COMMANDS = ()
