"""An issue that gets the story label is worked on; take the label away and it is left alone.

Who: whoever has write access may start one. Anybody who can move labels can take it away again.
Never: starts a story for a bot, or for somebody who only has triage; a label of Towpath's own that
a person puts on means nothing and is put right again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.story.begin import begin
from bot.story.effects import PostComment
from bot.story.events import (
    ApprovalWithdrawn,
    CancelRequested,
    StoryEdited,
    ViewDisturbed,
)
from bot.story.involved import person
from bot.story.machine import Story
from bot.story.office import Delivery, Office, stream_of
from bot.story.vocabulary import Gate, Person, Repository, State
from bot.texts import answers
from handlers import configuration, dashboard
from policies.labels import Move, meaning
from policies.who_commands import START, CommandFacts, decide


def labeled(delivery: Delivery, office: Office) -> None:
    """The story label starts a story; one of ours put on by hand is taken off again."""
    payload = delivery.payload
    sender, label = person(payload.get("sender")), (payload.get("label") or {}).get("name", "")
    repository, number = office.repository(payload), payload["issue"]["number"]
    if label == configuration.of(office, repository).story_label:
        start(office, repository, number, sender, told=payload["issue"].get("updated_at", ""))
        return
    known = office.story(repository, number)
    if known and _means(delivery, office, known, sender, label) is Move.PUT_RIGHT:
        office.tell(known.stream, ViewDisturbed(view="labels", by=sender))


def opened(delivery: Delivery, office: Office) -> None:
    """An issue that is opened with the label on it is labelled by whoever opened it."""
    payload = delivery.payload
    names = {label.get("name") for label in payload["issue"].get("labels", [])}
    repository = office.repository(payload)
    if configuration.of(office, repository).story_label in names:
        number, told = payload["issue"]["number"], payload["issue"].get("updated_at", "")
        start(office, repository, number, person(payload.get("sender")), told)


def _means(delivery: Delivery, office: Office, known: Story, by: Person, label: str) -> Move:
    gate = known.waiting.gate if known.waiting else None
    story_label = configuration.of(office, known.repository).story_label
    return meaning(delivery.action or "", label, by, known.state, gate, story_label)


def start(
    office: Office, repository: Repository, number: int, requester: Person, told: str
) -> None:
    """Begin (or begin again) the story of an issue as it is on GitHub now."""
    if office.stopped(repository):
        return  # found again by the label when Towpath is back
    issue = office.github.issue(repository, number)
    labels = {label["name"] for label in issue.get("labels", [])}
    wanted = configuration.of(office, repository).story_label
    if wanted not in labels or issue.get("state") != "open":
        return  # the label is gone again, or the issue closed: nothing to start
    if "pull_request" in issue or dashboard.known(office, repository).issue == number:
        return  # neither is a story
    stream = stream_of(repository.id, number)
    permission = ""
    if not requester.is_bot:
        permission = office.github.permission(repository, requester.login, requester.id)
    verdict = decide(CommandFacts(command=START, person=requester, permission=permission))
    if not verdict.allowed:
        _refuse(office, stream, repository, number, requester, permission, told)
        return
    begin(office, repository, issue, requester, told)


def _refuse(
    office: Office,
    stream: str,
    repository: Repository,
    number: int,
    requester: Person,
    permission: str,
    told: str,
) -> None:
    if requester.is_bot:
        return
    label = configuration.of(office, repository).story_label
    office.say(
        stream,
        [
            PostComment(
                key=f"{stream}/post_comment/may-not-start/{requester.id}/{told}",
                repository=repository,
                issue=number,
                body=answers.may_not_start(requester.login, label, permission or "none"),
            )
        ],
    )


def unlabeled(delivery: Delivery, office: Office) -> None:
    """A person who takes the story's label (or its state's) away takes the work away (W8)."""
    payload = delivery.payload
    sender, label = person(payload.get("sender")), (payload.get("label") or {}).get("name", "")
    known = office.story(office.repository(payload), payload["issue"]["number"])
    if known is None:
        return
    match _means(delivery, office, known, sender, label):
        case Move.GIVE_BACK if back := _back(office, known, label):
            told = back["created_at"]
            if known.begun_at is None or datetime.fromisoformat(told) > known.begun_at:
                reason = f"{sender.login} took the label {label} away"
                office.tell(known.stream, CancelRequested(person=sender, reason=reason))
                start(office, known.repository, known.issue, person(back.get("actor")), told)
        case Move.GIVE_BACK:
            reason = f"{sender.login} took the label {label} away"
            office.tell(known.stream, CancelRequested(person=sender, reason=reason))
        case Move.PUT_RIGHT:
            office.tell(known.stream, ViewDisturbed(view="labels", by=sender))


def _back(office: Office, known: Story, label: str) -> Mapping[str, Any] | None:
    """Who put the story's label on again since, and when: deliveries come in any order."""
    if label != configuration.of(office, known.repository).story_label:
        return None
    issue = office.github.issue(known.repository, known.issue)
    if label not in {each["name"] for each in issue.get("labels", [])}:
        return None
    return office.github.label_put_on(known.repository, known.issue, label)


def edited(delivery: Delivery, office: Office) -> None:
    """An edited story is read again; approvals of the old text no longer count."""
    payload = delivery.payload
    sender = person(payload.get("sender"))
    repository, number = office.repository(payload), payload["issue"]["number"]
    known = office.story(repository, number)
    if known is None or known.state in (State.DONE, State.DEPLOYING, State.VERIFYING):
        return
    issue = office.github.issue(repository, number)
    title, body = issue.get("title") or "", issue.get("body") or ""
    if (title, body) == (known.title, known.body):
        return
    changed = StoryEdited(title=title, body=body, editor=sender)
    once = f"{known.stream}/edited/{issue.get('updated_at')}"
    withdrawn = ApprovalWithdrawn(reason="the story was edited")
    events = (changed, withdrawn) if known.approved else (changed,)
    if known.waits_at(Gate.PRE_DEPLOY):  # first: once it is told, nobody comes back to say it
        _say_story_changed(office, known, str(issue.get("updated_at")))
    office.tell(known.stream, *events, once=once)


def _say_story_changed(office: Office, known: Story, told: str) -> None:
    office.say(
        known.stream,
        [
            PostComment(
                key=f"{known.stream}/post_comment/story-changed/{told}",
                repository=known.repository,
                issue=known.issue,
                body=answers.story_changed(),
            )
        ],
    )


def closed(delivery: Delivery, office: Office) -> None:
    """A person who closes the issue cancels its story."""
    payload = delivery.payload
    sender = person(payload.get("sender"))
    known = office.story(office.repository(payload), payload["issue"]["number"])
    if known is None or known.terminal or sender.is_bot or known.merged_sha:
        return
    office.tell(
        known.stream, CancelRequested(person=sender, reason=f"{sender.login} closed the issue")
    )


def gone(delivery: Delivery, office: Office) -> None:
    """A deleted or transferred issue has no story any more."""
    known = office.story(office.repository(delivery.payload), delivery.payload["issue"]["number"])
    if known and not known.terminal:
        reason = f"the issue was {delivery.action}"
        office.tell(known.stream, CancelRequested(person=None, reason=reason))


EVENTS = {
    "issues.opened": opened,
    "issues.reopened": opened,
    "issues.labeled": labeled,
    "issues.unlabeled": unlabeled,
    "issues.edited": edited,
    "issues.closed": closed,
    "issues.deleted": gone,
    "issues.transferred": gone,
}
COMMANDS = ()
