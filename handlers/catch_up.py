"""What a lost webhook would have told is found out by looking (W2, level before edge).

Promises: an issue that carries the story label gets its story, and a story whose repository, issue,
label, pull request or status comment changed unseen hears of it, when its turn has come
(`policies.looks`). Looking twice tells nothing twice. Never: starts a story for somebody who may
not start one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

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
from bot.story.vocabulary import TERMINAL, Gate, Repository, State
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
from handlers.looks import LATE, Looks, Memory, looked
from handlers.merge import note_head
from handlers.story import start
from policies.labels import label_of, ours
from policies.standing import GRANTED

INSTALLED, LOST, ENDED = ALWAYS = ("installations", "deliveries", "ended stories")
_LATELY = timedelta(hours=1)
_UNTOUCHABLE = (State.DEPLOYING, State.VERIFYING)


def looks(office: Office, memory: Memory) -> Looks:
    """One round: what is known of all, then the stories, then the repositories whose turn it is.

    A story that something happened to within the last hour is looked at in every round, the others
    and the repositories in turn, but at once where GitHub's list says that something was pushed or
    an issue was opened or closed. What a comment said is seen nowhere but in its thread and in the
    deliveries that GitHub could not deliver: these are asked for again.
    """
    memory.begin()
    yield INSTALLED, partial(_installations, office, memory)
    yield LOST, partial(undelivered.look, office)
    places = _places(office)
    living = office.journal.streams(
        states=[state for state in State if state not in TERMINAL], kind="story", limit=2**31
    )
    memory.keep((*ALWAYS, *(row.stream for row in living), *places))
    lately = office.clock() - _LATELY
    busy = {row.stream for row in living if row.updated_at >= lately}
    quiet = [row.stream for row in living if row.stream not in busy]
    for stream in (*sorted(busy), *memory.turn(quiet)):
        yield stream, partial(_story, office, stream)
    yield from _ended(office, memory)
    changed = [
        name
        for name, number in places.items()
        if memory.shown.get(number, "") != memory.listed.get(number, "")
    ]
    for name in memory.turn(places, changed):
        yield name, partial(_repository, office, memory, places[name])


def _places(office: Office) -> dict[str, int]:
    """The repositories to look at: name of the look → id."""
    known = office.repositories.known().items()
    return {
        f"repository {number:d}": number
        for number, facts in known
        if facts.repository and facts.access == GRANTED
    }


def _installations(office: Office, memory: Memory, since: datetime) -> None:
    memory.listed = install.look(office)


def _repository(office: Office, memory: Memory, number: int, since: datetime) -> bool:
    """What the default branch says, which issues carry the label, what became of the onboarding."""
    listed = memory.listed.get(number, "")
    facts = office.repositories.facts(number).installation
    repository = facts.repository
    if repository is None or facts.access != GRANTED:
        return True
    heads: list[str | None] = []
    parts: list[Callable[[], object]] = [
        lambda: heads.append(configuration.look(office, repository)),
        lambda: heads == [None] or todo.look(office, repository, heads[0] if heads else None),
        partial(_labelled_issues, office, repository),
        partial(onboarding.look, office, repository),
    ]
    if not all([looked(part) for part in parts]):  # each of them, whatever the others come to
        return False
    memory.shown[number] = listed
    return True


def _story(office: Office, stream: str, since: datetime) -> bool:
    story = office.load(stream)
    if story is None or story.terminal or office.stopped(story.repository):
        return True
    seen = looked(partial(_look_at, office, story))
    story = office.load(stream) or story
    return looked(partial(_listen, office, story, since)) and seen


def _ended(office: Office, memory: Memory) -> Looks:
    """The threads of what ended lately: a command there may come too late, and is answered."""
    since = memory.since(ENDED, office.clock())
    failed = False

    def listen(stream: str) -> bool:
        nonlocal failed
        story = office.load(stream)
        if story is not None and not office.stopped(story.repository):
            failed = not looked(partial(_listen, office, story, since)) or failed
        return not failed

    rows = office.journal.streams(
        states=list(TERMINAL), kind="story", updated_after=since, limit=2**31
    )
    for row in rows:
        yield f"{row.stream} ended", lambda _, stream=row.stream: listen(stream)
    yield ENDED, lambda _: not failed


def _listen(office: Office, story: Story, since: datetime) -> None:
    """Read the story's threads since the full hour before `since`.

    The hour, because an address that stays the same is answered with "nothing new" for nothing.
    What was said long before there was a story was not said to it.
    """
    hour = since.replace(minute=0, second=0, microsecond=0)
    begun = (story.received_at or since) - LATE
    unheard.look(office, story, max(hour, begun), COMMANDS)


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
