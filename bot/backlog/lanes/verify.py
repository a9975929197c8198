"""Items follow the stories that are told at their issues (B7, S1).

Promises: an item is where its story is: under way, in a pull request, done, or waiting for people
with the reason; what somebody else's Towpath works on is READY here and waits. What people merged,
closed or cancelled on GitHub is taken over; a branch that is too old is told. Never: moves a story.
"""

from __future__ import annotations

from datetime import timedelta

from bot.backlog.edges import EDGES, OPEN, UNDERWAY
from bot.backlog.item import Item
from bot.backlog.lanes.lane import Decision, Outcome, Shift, Wait
from bot.backlog.open_issues import OpenIssues
from bot.story.item_events import ItemState
from bot.story.machine import Story
from bot.story.streams import StreamRow
from bot.story.vocabulary import TERMINAL, Gate, State, digest

NAME = "verify"
EVERY = timedelta(minutes=2)
BUDGET = timedelta(seconds=60)

_WORDS = {
    Gate.PRE_CODE: "waits for a yes to the plan",
    Gate.AMBIGUITY_DETECTED: "waits for an answer",
    Gate.BUDGET_EXCEEDED: "waits for a budget",
    Gate.PAUSED: "paused",
}
_LATE = timedelta(days=2)
_STORY = (*UNDERWAY, ItemState.BLOCKED)
Where = tuple[ItemState, str]


def run(shift: Shift) -> Outcome:
    """First what is under way here, then stories that people began at an item's issue."""
    decisions: list[Decision] = []
    told: dict[str, str] = {}
    waits: list[Wait] = []
    done: set[int] = set()
    started = _started(shift)
    issues = OpenIssues(shift.office.github, shift.repository, len(started))
    for item in started:
        done.add(item.number)
        story = shift.office.story(shift.repository, item.issue)
        told[f"story {item.issue}"] = _digest(story)
        decisions += _follow(shift, item, _of_story(issues, story))
        if shift.budget.over():
            return Outcome(decisions, told, finished=False, waits=waits)
    for row in [*_stories(shift), *_ended(shift)]:
        story = shift.office.load(row.stream)
        waits += _too_old(shift, story)
        begun = shift.backlog.of_issue(shift.key, row.issue) if row.issue else None
        if begun is None or begun.number in done or begun.state is ItemState.DONE:
            continue
        if row.state in TERMINAL and begun.state not in OPEN:
            continue  # what keeps it from being begun says more than a story that is over
        told[f"story {row.issue}"] = _digest(story)
        decisions += _follow(shift, begun, _of_story(issues, story))
        if shift.budget.over():
            return Outcome(decisions, told, finished=False, waits=waits)
    return Outcome(decisions, told, shift.backlog.counts(shift.key), waits=waits)


def _stories(shift: Shift) -> list[StreamRow]:
    living = [state for state in State if state not in TERMINAL]
    name = shift.repository.full_name
    return shift.office.journal.streams(living, name, kind="story", limit=10_000)


def _ended(shift: Shift) -> list[StreamRow]:
    """Stories that may have been over before anybody looked; in the first run, all of them."""
    since = shift.now - _LATE if shift.former else None
    name, ends = shift.repository.full_name, sorted(TERMINAL)
    return shift.office.journal.streams(ends, name, updated_after=since, kind="story", limit=10_000)


def _too_old(shift: Shift, story: Story | None) -> list[Wait]:
    """That a branch of ours waits for people for longer than the repository wants branches to."""
    if story is None or not story.pull_open or story.begun_at is None:
        return []
    hours = shift.config.limits.branch_age_hours
    old = story.begun_at + timedelta(hours=hours)
    reason = f"its branch is older than {hours:g} hours (limits.branch_age_hours)"
    return [Wait(f"pull request {story.pull_number}", reason, old)] if shift.now >= old else []


def _started(shift: Shift) -> list[Item]:
    rows = shift.backlog.next(shift.key, 2**31, _STORY)
    numbers = sorted(row.number for row in rows)
    items = [shift.backlog.item(shift.key, number) for number in numbers]
    return [item for item in items if item.started is not None or item.state in UNDERWAY]


def _digest(story: Story | None) -> str:
    if story is None:
        return ""
    return digest([story.state, story.pull_number, story.withheld is None])[:16]


def _of_story(issues: OpenIssues, story: Story | None) -> Where | None:
    """Where the item belongs; None: it stays where it is."""
    if story is None:
        return None
    pull = ItemState.PR if story.pull_open else ItemState.DOING
    match story.state:
        case State.DONE:
            return ItemState.DONE, "its story is done"
        case State.CANCELLED:
            return _cancelled(issues, story)
        case State.FAILED if story.nothing_to_do:
            return ItemState.BLOCKED, "nothing has to change; close the issue, or say more"
        case State.FAILED:
            return (
                ItemState.BLOCKED,
                f"handed over to people: {story.failure_reason or 'no reason'}",
            )
        case _ if story.withheld is not None:
            return ItemState.READY, f"waits: {story.withheld.reason}"
        case State.WAITING if story.waiting is not None and not story.waiting.until:
            if story.waiting.gate in _WORDS:
                return ItemState.BLOCKED, _WORDS[story.waiting.gate]
            return pull, ""
        case _:
            return pull, ""


def _cancelled(issues: OpenIssues, story: Story) -> Where:
    if not issues.is_open(story.issue):
        return ItemState.DONE, "its issue was closed"
    reason = story.cancel.reason if story.cancel else ""
    return ItemState.BLOCKED, f"cancelled: {reason or 'no reason was given'}"


def _follow(shift: Shift, item: Item, where: Where | None) -> list[Decision]:
    if where is None:
        return []
    target, reason = where[0], where[1][:300]
    if item.held and target in (ItemState.READY, ItemState.BLOCKED):
        return []  # by a person, until a person lets it go
    if item.state is target and (item.reason == reason or target in UNDERWAY):
        return []
    if item.state is target is ItemState.READY:
        return []
    steps = [target]
    if target is item.state or target not in EDGES[item.state]:
        between = ItemState.DOING if target is not ItemState.DOING else ItemState.READY
        steps = [between, target]
    for step in steps:
        why = reason if step is target else ""
        item = shift.backlog.move(shift.key, item.number, step, why, expect=item.version)
    return [Decision(item.number, str(target), reason)]
