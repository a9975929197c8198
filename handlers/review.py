"""Reviews of a pull request of ours become work: one round answers every thread (W10).

Who: whoever has write access may ask for changes, on lines or by "request changes"; others and
comments that came with an approval are told why nothing follows; bots are not answered.
Never: believes a webhook: reviews and threads are read again, so that a lost one is made up for by
the next look; takes in the same words twice; moves the story.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.story.commands import Parsed, parse
from bot.story.effects import Effect, PostComment, React
from bot.story.events import (
    ApprovalWithdrawn,
    Event,
    RemarksSetAside,
    RemarksWithdrawn,
    ReviewRequested,
)
from bot.story.involved import person
from bot.story.machine import Story
from bot.story.office import Delivery, Office
from bot.story.reviewing import review_reply
from bot.story.vocabulary import Remark, Said, Tier, digest
from bot.texts import review as texts
from handlers.command import Command
from policies.reviews import RemarkFacts, content, decide

MOST_TEXT, MOST_HUNK, MOST_BEFORE = 8_000, 4_000, 12

Commands = Mapping[str, Command]
Shape = Mapping[str, Any]


def events(commands: Commands) -> dict[str, Callable[[Delivery, Office], None]]:
    """Everything that changes what reviewers want of a pull request."""

    def reviewed(delivery: Delivery, office: Office) -> None:
        told = delivery.payload.get("comment") or delivery.payload.get("review") or {}
        if person(told.get("user")).is_bot:
            return
        repository = office.repository(delivery.payload)
        story = office.story_of_pull(repository, delivery.payload["pull_request"]["number"])
        if story is not None:
            look(office, story, commands)

    return {
        "pull_request_review.submitted": reviewed,
        "pull_request_review.edited": reviewed,
        "pull_request_review.dismissed": reviewed,
        "pull_request_review_comment.created": reviewed,
        "pull_request_review_comment.edited": reviewed,
        "pull_request_review_comment.deleted": reviewed,
        "pull_request_review_thread.resolved": resolved,
    }


def resolved(delivery: Delivery, office: Office) -> None:
    """A thread that a person resolves needs no answer any more."""
    payload = delivery.payload
    if person(payload.get("sender")).is_bot:
        return
    repository = office.repository(payload)
    story = office.story_of_pull(repository, payload["pull_request"]["number"])
    if story is None:
        return
    inside = {f"c{one.get('id')}" for one in (payload.get("thread") or {}).get("comments") or ()}
    ids = tuple(r.id for r in story.remarks_unsaid if r.id in inside)
    if ids:
        _withdraw(office, story, ids, "the thread was resolved")


def look(office: Office, story: Story, commands: Commands) -> None:
    """Take in what is new in the reviews of a story's pull request, and what is gone from it."""
    if story.terminal or not story.pull_open or story.merged_sha:
        return
    github, repository, number = office.github, story.repository, story.pull_number
    found = _Found(office, story, commands)
    found.read(github.pull_reviews(repository, number), github.pull_comments(repository, number))
    if found.gone:
        _withdraw(office, story, tuple(sorted(found.gone)), "it was deleted or dismissed")
    if found.aside:
        _set_aside(office, story, found.aside)
    if found.wanted:
        _take_in(office, story, tuple(found.wanted))


class _Found:
    """What a look at a pull request came to: remarks that start work, those that do not, and the
    ids of those that are there no more."""

    def __init__(self, office: Office, story: Story, commands: Commands) -> None:
        self.office, self.story = office, story
        self._specs = [command.spec for command in commands.values()]
        self._permissions: dict[int, str] = {}
        self.wanted: list[Remark] = []
        self.aside: list[tuple[Remark, str]] = []
        self.gone: set[str] = set()

    def read(self, reviews: Iterable[Shape], comments: Iterable[Shape]) -> None:
        by_id = {review["id"]: review for review in reviews}
        threads = _threads(comments)
        there = {f"c{one['id']}" for thread in threads.values() for one in thread}
        there |= {f"r{number}" for number, one in by_id.items() if one.get("state") != "DISMISSED"}
        unsaid = {r.id: r for r in self.story.remarks_unsaid if r.pull == self.story.pull_number}
        self.gone = set(unsaid) - there - set(self.story.replies)
        for root, thread in threads.items():
            self._thread(root, thread, by_id)
        for review in by_id.values():
            self._review(review)

    def _thread(self, root: int, thread: list[Shape], reviews: Mapping[int, Shape]) -> None:
        heard = self.story.heard(root)
        open_now = {r.id: r for r in self.story.remarks_open if r.root == root}
        new = [one for one in thread if one["id"] > heard and self._asks(one)]
        refused: list[Shape] = []
        for one in reversed(new):  # the last who may ask; what others said is before it
            review = reviews.get(one.get("pull_request_review_id") or 0) or {}
            known = open_now.get(f"c{one['id']}")
            remark = _remark(self.story, root, thread, one, review)
            rule = "" if known else self._rule(one, review)
            if rule:
                refused.append(one)
                continue
            if known != remark:
                self.wanted.append(remark)
            self.gone |= set(open_now) - {remark.id}  # said anew, further down the thread
            return
        if refused:
            last = refused[0]
            review = reviews.get(last.get("pull_request_review_id") or 0) or {}
            rule = self._rule(last, review)
            self.aside.append((_remark(self.story, root, thread, last, review), rule))

    def _asks(self, comment: Shape) -> bool:
        text = comment.get("body") or ""
        if person(comment.get("user")).is_bot or content(text):
            return False
        return not parse(text, self._specs)  # commands are obeyed elsewhere

    def _review(self, review: Shape) -> None:
        text, name = (review.get("body") or "").strip(), f"r{review['id']}"
        if review.get("state") != "CHANGES_REQUESTED" or not text or parse(text, self._specs):
            return
        known = self.story.remarks.get(name) or self.story.remarks_aside.get(name)
        if known and (known.text == text[:MOST_TEXT] or name not in _ids(self.story.remarks_open)):
            return
        who = person(review.get("user"))
        if who.is_bot or content(text):
            return
        remark = Remark(
            id=name,
            pull=self.story.pull_number,
            root=0,
            person=who,
            text=text[:MOST_TEXT],
            commit=review.get("commit_id") or "",
            blocking=True,
        )
        if rule := self._rule(review, review):
            self.aside.append((remark, rule))
        else:
            self.wanted.append(remark)

    def _rule(self, said: Shape, review: Shape) -> str:
        """The rule by which something said starts no work; '' where it does."""
        who = person(said.get("user"))
        if who.id not in self._permissions:
            self._permissions[who.id] = self.office.github.permission(
                self.story.repository, who.login, who.id
            )
        told = parse(review.get("body") or "", self._specs)
        approves = any(isinstance(one, Parsed) and one.name == "approve" for one in told)
        spec = self.story.spec
        verdict = decide(
            RemarkFacts(
                person=who,
                permission=self._permissions[who.id],
                approving=review.get("state") == "APPROVED" or approves,
                has_author=self.office.settings.has_model
                and (spec is None or spec.tier is Tier.MODEL),
            )
        )
        return "" if verdict.allowed else verdict.rule


def _ids(remarks: Iterable[Remark]) -> set[str]:
    return {remark.id for remark in remarks}


def _threads(comments: Iterable[Shape]) -> dict[int, list[Shape]]:
    """Comments by the first of their thread, oldest first."""
    threads: dict[int, list[Shape]] = {}
    for one in sorted(comments, key=lambda each: each["id"]):
        threads.setdefault(one.get("in_reply_to_id") or one["id"], []).append(one)
    return threads


def _remark(story: Story, root: int, thread: list[Shape], asks: Shape, review: Shape) -> Remark:
    """A thread as a remark of whoever `asks`; a place is that of the thread's first comment."""
    first = thread[0]
    right = (first.get("side") or "RIGHT") == "RIGHT"
    line = first.get("line") if right else None
    outdated = first.get("line") is None and first.get("subject_type", "line") == "line"
    before = [
        Said(
            by=person(one.get("user")).login,
            text=(one.get("body") or "")[:MOST_TEXT],
            ours=person(one.get("user")).is_bot,
        )
        for one in thread
        if one["id"] < asks["id"]
    ]
    return Remark(
        id=f"c{asks['id']}",
        pull=story.pull_number,
        root=root,
        person=person(asks.get("user")),
        text=(asks.get("body") or "")[:MOST_TEXT],
        path=first.get("path") or "",
        line=line or 0,
        start_line=(first.get("start_line") or 0) if line else 0,
        hunk=(first.get("diff_hunk") or "")[-MOST_HUNK:],
        commit=first.get("original_commit_id") or first.get("commit_id") or "",
        outdated=outdated,
        blocking=review.get("state") == "CHANGES_REQUESTED",
        before=tuple(before[-MOST_BEFORE:]),
    )


def _withdraw(office: Office, story: Story, ids: tuple[str, ...], reason: str) -> None:
    once = f"{story.stream}/remarks-withdrawn/{digest([sorted(ids), reason])[:16]}"
    office.tell(story.stream, RemarksWithdrawn(remarks=ids, reason=reason), once=once)


def _set_aside(office: Office, story: Story, found: list[tuple[Remark, str]]) -> None:
    said: list[Effect] = []
    for remark, rule in found:
        once = f"{story.stream}/remark-aside/{remark.id}"
        office.tell(story.stream, RemarksSetAside(remarks=(remark,), rule=rule), once=once)
        if body := texts.aside(remark, rule):
            # To somebody who may not ask it is said once a thread, however much they write.
            last = f"{rule}-{remark.root}" if rule == "permission" and remark.root else remark.id
            reply = review_reply(story, remark, body)
            key = f"{story.stream}/reply_to_review/{last}"
            said.append(reply.model_copy(update={"key": key}))
    office.say(story.stream, said)


def _take_in(office: Office, story: Story, remarks: tuple[Remark, ...]) -> None:
    """Tell all of them at once, so that one round answers them; 👀 says that they are seen."""
    events: list[Event] = [ReviewRequested(remarks=remarks)]
    blocking = [remark for remark in remarks if remark.blocking]
    if blocking and story.approvals:
        who = blocking[0].person.login
        events.append(ApprovalWithdrawn(reason=f"{who} requested changes"))
    mark = digest([remark.model_dump(mode="json") for remark in remarks])[:16]
    office.tell(story.stream, *events, once=f"{story.stream}/review/{mark}")
    said: list[Effect] = [
        React(
            key=f"{story.stream}/react/{remark.id}/eyes",
            repository=story.repository,
            issue=story.pull_number,
            content="eyes",
            comment_id=int(remark.id[1:]),
            review_comment=True,
        )
        for remark in remarks
        if remark.root
    ]
    if story.foreign_head:
        said.append(
            PostComment(
                key=f"{story.stream}/post_comment/review-waits/{story.head_sha}",
                repository=story.repository,
                issue=story.pull_number,
                body=texts.waits_for_resume(),
            )
        )
    office.say(story.stream, said)
