"""What a lost webhook would have told is found out by looking (W2, level before edge).

Promises: an issue that carries the story label gets its story, and a story whose repository, issue,
label, pull request or status comment changed unseen hears of it, at the next look. Looking twice
tells nothing twice. Never: starts a story for somebody who may not start one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from rq.timeouts import BaseTimeoutException

from bot.story.effects import PostComment
from bot.story.events import (
    ApprovalWithdrawn,
    CancelRequested,
    PullClosed,
    StoryEdited,
    ViewDisturbed,
)
from bot.story.involved import person
from bot.story.machine import Story
from bot.story.office import Office
from bot.story.vocabulary import Gate, Repository, State
from bot.texts import answers, unmet
from handlers import (
    COMMANDS,
    configuration,
    install,
    onboarding,
    review,
    review_approves,
    todo,
    undelivered,
    unheard,
)
from handlers.merge import note_head
from handlers.story import start
from policies.labels import label_of, ours
from policies.standing import GRANTED

log = logging.getLogger(__name__)

_LATE = timedelta(minutes=15)  # that a label may have been told of later than it was put on
_UNTOUCHABLE = (State.DEPLOYING, State.VERIFYING)


@dataclass
class Round:
    """One look at everything, in as many parts as it takes: webhooks must not wait for its end.

    `over`: whether the time of this part is up; asked between two looks.
    """

    over: Callable[[], bool] = lambda: False
    looked_at: set[str] = field(default_factory=set)
    finished: bool = True

    def part(self, looks: Iterable[tuple[str, Callable[[], None]]]) -> int:
        """Look at what was not looked at yet, as far as time goes; how much could not be seen."""
        missed = 0
        self.finished = True
        for name, look in looks:
            if name in self.looked_at:
                continue
            if self.over():
                self.finished = False
                return missed + 1
            missed += not _looked(look)
            self.looked_at.add(name)
        self.looked_at.clear()
        return missed


def catch_up(office: Office, since: datetime, round_: Round | None = None) -> int:
    """Look at every installed repository and every living story once (W3).

    Deliveries from `since` on that GitHub could not deliver are asked for again: what a comment
    said is seen nowhere else. What cannot be looked at now is logged and looked at the next time;
    returns how much that was. `round_`: goes on with it, and stops when its time is up.
    """
    return (round_ or Round()).part(_looks(office, since))


def _looks(office: Office, since: datetime) -> Iterator[tuple[str, Callable[[], None]]]:
    yield "installations", partial(install.look, office)
    for number, facts in sorted(office.repositories.known().items()):
        if facts.repository and facts.access == GRANTED:
            yield f"branch {number}", partial(_branch, office, facts.repository)
            yield f"labels {number}", partial(_labelled_issues, office, facts.repository)
    yield "onboarding", partial(onboarding.look, office)
    living = [story for story in office.living() if not office.stopped(story.repository)]
    ended = [story for story in office.ended(since) if not office.stopped(story.repository)]
    for story in living:
        yield story.stream, partial(_look_at, office, story)
    for story in (*living, *ended):
        yield f"{story.stream} said", partial(_listen, office, story, since)
    yield "deliveries", partial(undelivered.look, office, since)


def _looked(look: Callable[[], None]) -> bool:
    try:
        look()
    except BaseTimeoutException:
        raise  # the time of the whole job
    except Exception as error:
        if not getattr(error, "away", False):  # else the outage is in the log already
            log.exception("could not look at GitHub for what was missed")
        return False
    return True


def _listen(office: Office, story: Story, since: datetime) -> None:
    """Read the story's threads since the full hour before `since`.

    The hour, because an address that stays the same is answered with "nothing new" for nothing.
    What was said long before there was a story was not said to it.
    """
    hour = since.replace(minute=0, second=0, microsecond=0)
    begun = (story.received_at or since) - _LATE
    unheard.look(office, story, max(hour, begun), COMMANDS)


def _branch(office: Office, repository: Repository) -> None:
    """What the default branch says: the configuration, and the marks as that wants them."""
    heads: list[str | None] = []
    _looked(lambda: heads.append(configuration.look(office, repository)))
    _looked(partial(todo.look, office, repository, heads[0] if heads else None))


def _labelled_issues(office: Office, repository: Repository) -> None:
    label = office.configuration(repository).story_label
    for issue in office.github.open_issues_with_label(repository, label):
        known = office.story(repository, issue["number"])
        if known is not None and known.state is not State.CANCELLED:
            continue
        put_on = office.github.label_put_on(repository, issue["number"], label)
        if put_on is None:
            continue  # nobody can be shown to have started it
        told = put_on.get("created_at") or ""
        if known is not None and (known.state_since is None or told <= _text(known)):
            continue  # the label was there before the story was cancelled
        start(office, repository, issue["number"], person(put_on.get("actor")), told)


def _text(story: Story) -> str:
    return story.state_since.strftime("%Y-%m-%dT%H:%M:%SZ")


def _look_at(office: Office, story: Story) -> None:
    rule = story.waiting.rule if story.waiting else ""
    if rule and rule not in office.repositories.standing(story.repository).holds:
        office.tell(story.stream)  # what held it is gone, and nobody woke it
    github, repository = office.github, story.repository
    issue = github.issue(repository, story.issue)
    labels = {label["name"] for label in issue.get("labels", [])}
    if story.state not in _UNTOUCHABLE and not story.merged_sha:
        if issue.get("state") == "closed":
            _cancel(office, story, "the issue is closed")
            return
        label = office.configuration(repository).story_label
        if label not in labels:
            _cancel(office, story, f"the label {label} is gone")
            return
        _edited(office, story, issue.get("title") or "", issue.get("body") or "")
    if story.state is State.WAITING and story.pull_open:
        _pull(office, story)
    review_approves.take_back(office, story)
    review_approves.count(office, story)
    _labels(office, story, labels)
    review.look(office, story, COMMANDS)
    _remind(office, story)
    if story.status_comment_id and github.comment(repository, story.status_comment_id) is None:
        office.tell(story.stream, ViewDisturbed(view="status"))


def _labels(office: Office, story: Story, there: set[str]) -> None:
    """A label of ours that is gone, or one too many, is put right; who it was nobody knows."""
    wanted = label_of(story.state, story.waiting.gate if story.waiting else None)
    if not story.labels_shown.startswith(f"{wanted}/"):
        return  # it is about to be shown
    if {label for label in there if ours(label)} != ({wanted} - {None}):
        once = f"{story.stream}/labels/{story.version}"
        office.tell(story.stream, ViewDisturbed(view="labels"), once=once)


def _remind(office: Office, story: Story) -> None:
    """At half of the time that a story may wait, say once for whom it does."""
    waiting = story.waiting
    if story.state is not State.WAITING or waiting is None or waiting.until:
        return
    config = office.configuration(story.repository)
    whole = timedelta(days=config.limits.wait_days)
    key = f"{story.stream}/post_comment/reminder/{waiting.since.isoformat()}"
    if office.clock() >= waiting.since + whole:
        office.tell(story.stream)  # nobody woke it, or the time was made shorter since
        return
    if office.clock() < waiting.since + whole / 2 or office.said(key):
        return
    body = answers.reminder(
        waiting.since,
        waiting.since + whole,
        config.unanswered == "cancel",
        unmet.missing(office.missing(story)),
    )
    where = story.pull_number if waiting.gate is Gate.PRE_DEPLOY else story.issue
    said = PostComment(key=key, repository=story.repository, issue=where, body=body)
    office.say(story.stream, [said])


def _cancel(office: Office, story: Story, reason: str) -> None:
    if story.cancel is None:
        office.tell(story.stream, CancelRequested(person=None, reason=reason))


def _edited(office: Office, story: Story, title: str, body: str) -> None:
    if (title, body) == (story.title, story.body):
        return
    told = StoryEdited(title=title, body=body, editor=story.author)
    withdrawn = ApprovalWithdrawn(reason="the story was edited")
    office.tell(story.stream, *((told, withdrawn) if story.approved else (told,)))


def _pull(office: Office, story: Story) -> None:
    pull = office.github.pull(story.repository, story.pull_number)
    if pull.get("state") == "closed":
        sha = pull.get("merge_commit_sha") or ""
        told = PullClosed(merged=bool(pull.get("merged")), sha=sha)
        office.tell(story.stream, told, once=f"{story.stream}/closed/{pull.get('closed_at')}")
        return
    note_head(office, story, pull["head"]["sha"], None)
