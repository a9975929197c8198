"""The story as a fold of its events (S2).

Promises: `fold` is the only writer of a `Story`, so two readers of one journal see the same story;
an edge that is not declared cannot be folded. Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import singledispatch
from typing import Any

from bot.story import events as e
from bot.story.edges import UndeclaredEdge, check_edge
from bot.story.vocabulary import (
    TERMINAL,
    Approval,
    ExecutionPlan,
    Gate,
    Handoff,
    ModelCall,
    Person,
    Repository,
    Shown,
    State,
    StorySpec,
    Waiting,
)


@dataclass
class Story:
    """A story as its journal tells it. Read it; only `fold` and `apply` write it."""

    stream: str
    version: int = 0
    repository: Repository | None = None
    issue: int = 0
    title: str = ""
    body: str = ""
    author: Person | None = None
    requester: Person | None = None
    received_at: datetime | None = None
    state: State = State.RECEIVED
    state_since: datetime | None = None
    waiting: Waiting | None = None
    text_version: int = 0  # grows with each edit of the story
    round: int = 0  # grows with each analysis: answers, edits and /retry begin a new one
    analyzed_text: int = 0  # the text_version that the analysis read
    dispute: str = ""  # what a person rejected; the next round is told
    faults: int = 0  # stage faults in a row (S3)
    spec: StorySpec | None = None
    plan: ExecutionPlan | None = None
    branch: str = ""
    base_sha: str = ""
    head_sha: str = ""
    pushed_sha: str = ""  # by us; what people pushed is never ours to overwrite
    merged_sha: str = ""
    foreign_head: bool = False
    pushers: dict[str, Person | None] = field(default_factory=dict)  # of foreign heads
    commits: list[e.Committed] = field(default_factory=list)
    answers: list[e.Answered] = field(default_factory=list)
    answers_used: int = 0  # how many of them the analysis has read
    tests: dict[str, e.Tested] = field(default_factory=dict)  # by subject, the last one
    reviews: list[e.Reviewed] = field(default_factory=list)
    failures: list[e.AttemptFailed] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    approvals_given: int = 0  # ever, with those withdrawn since
    shown: list[Shown] = field(default_factory=list)
    pull_number: int = 0
    pull_url: str = ""
    pull_open: bool = False
    status_comment_id: int | None = None
    status_digest: str = ""
    labels_shown: str = ""  # label/disturbances
    label_disturbances: int = 0
    model_calls: list[ModelCall] = field(default_factory=list)
    budget_raised_usd: float = 0.0
    priority: str = "normal"
    cancel: e.CancelRequested | None = None
    rejected: e.Rejected | None = None
    pause: e.PauseRequested | None = None
    handoff_asked: e.HandoffRequested | None = None
    handoff: Handoff | None = None
    retry: e.RetryRequested | None = None
    failure_reason: str = ""
    commands: dict[tuple[int, int], e.CommandHandled] = field(default_factory=dict)
    timeline: list[tuple[datetime, State]] = field(default_factory=list)
    effects_performed: Counter[str] = field(default_factory=Counter)  # by kind

    @property
    def name(self) -> str:
        """What people call it: STORY-12 is issue 12."""
        return f"STORY-{self.issue}"

    @property
    def iteration(self) -> int:
        """The attempt under way, from 1 (S8)."""
        return 1 + len(self.failures)

    @property
    def cost_usd(self) -> float:
        """What the model calls cost, as far as their prices are known."""
        return sum(call.usage.cost_usd or 0.0 for call in self.model_calls)

    @property
    def cost_unknown(self) -> bool:
        """Whether a call was made whose price nobody knows."""
        return any(call.usage.cost_usd is None for call in self.model_calls)

    @property
    def plan_digest(self) -> str:
        return self.plan.digest if self.plan else ""

    @property
    def terminal(self) -> bool:
        return self.state in TERMINAL

    def passed(self, subject: str, sha: str) -> bool:
        """Whether the last test run of `subject` was at `sha`, really ran and broke nothing."""
        tested = self.tests.get(subject)
        return bool(
            tested
            and tested.summary.sha == sha
            and tested.summary.ran
            and (tested.summary.ok or (subject != "red" and not tested.regressions))
        )

    def waits_at(self, gate: Gate) -> bool:
        return (
            self.state is State.WAITING and self.waiting is not None and self.waiting.gate is gate
        )


def fold(stream: str, recorded: Iterable[Any]) -> Story:
    """The story that `recorded` (things with .seq, .at and .event, in order) tell of."""
    story = Story(stream)
    for record in recorded:
        apply(story, record.event, record.at)
        story.version = record.seq
    return story


def apply(story: Story, event: e.Event, at: datetime) -> None:
    """Let one more event happen to `story`."""
    _apply(event, story, at)


@singledispatch
def _apply(event: Any, story: Story, at: datetime) -> None:
    raise TypeError(f"no fold for {type(event).__name__}")


def _keeps_no_state(event: Any, story: Story, at: datetime) -> None:
    """Evidence only: the journal keeps it, the story does not change."""


for _kind in (
    e.EffectProposed,
    e.EffectFailed,
    e.ApprovalRefused,
):
    _apply.register(_kind, _keeps_no_state)


@_apply.register
def _(event: e.StoryReceived, story: Story, at: datetime) -> None:
    story.repository = event.repository
    story.issue = event.issue
    story.title, story.body = event.title, event.body
    story.author, story.requester = event.author, event.requester
    story.received_at = story.state_since = at
    story.timeline.append((at, State.RECEIVED))


@_apply.register
def _(event: e.RepositoryMoved, story: Story, at: datetime) -> None:
    story.repository = event.repository


@_apply.register
def _(event: e.StoryEdited, story: Story, at: datetime) -> None:
    story.title, story.body = event.title, event.body
    story.text_version += 1


@_apply.register
def _(event: e.Transitioned, story: Story, at: datetime) -> None:
    check_edge(event.source, event.target)
    if event.source is not story.state:
        raise UndeclaredEdge(story.state, event.target)
    story.state, story.state_since, story.waiting = event.target, at, event.waiting
    story.faults = 0
    story.timeline.append((at, event.target))
    if event.target is State.FAILED:
        story.failure_reason = event.reason
    if event.target is State.ANALYZING:
        _begin_again(story)


def _begin_again(story: Story) -> None:
    """A (new) analysis forgets what the one before it found, never what people said."""
    story.round += 1
    story.failures.clear()
    story.answers_used = len(story.answers)
    if story.rejected:
        story.dispute = story.rejected.reason
    story.retry = story.cancel = story.handoff_asked = story.pause = None
    story.rejected = None
    story.handoff, story.failure_reason = None, ""
    story.spec = story.plan = None
    story.tests.clear()
    story.approvals.clear()
    story.commits.clear()
    story.head_sha, story.merged_sha, story.foreign_head = "", "", False
    story.pushers.clear()


@_apply.register
def _(event: e.Analyzed, story: Story, at: datetime) -> None:
    story.spec, story.base_sha = event.spec, event.base_sha
    story.analyzed_text = story.text_version


@_apply.register
def _(event: e.Answered, story: Story, at: datetime) -> None:
    story.answers.append(event)


@_apply.register
def _(event: e.Planned, story: Story, at: datetime) -> None:
    story.plan, story.branch = event.plan, event.branch


@_apply.register
def _(event: e.Committed, story: Story, at: datetime) -> None:
    story.commits = [c for c in story.commits if c.task != event.task or c.sha == event.parent]
    story.commits.append(event)
    story.head_sha = event.sha


@_apply.register
def _(event: e.Rebased, story: Story, at: datetime) -> None:
    story.base_sha, story.head_sha = event.base_sha, event.head_sha


@_apply.register
def _(event: e.Tested, story: Story, at: datetime) -> None:
    story.tests[event.subject] = event


@_apply.register
def _(event: e.Reviewed, story: Story, at: datetime) -> None:
    story.reviews.append(event)


@_apply.register
def _(event: e.AttemptFailed, story: Story, at: datetime) -> None:
    story.failures.append(event)


@_apply.register
def _(event: e.Approved, story: Story, at: datetime) -> None:
    story.approvals = [a for a in story.approvals if a.person.id != event.approval.person.id]
    story.approvals.append(event.approval)
    story.approvals_given += 1


@_apply.register
def _(event: e.ApprovalWithdrawn, story: Story, at: datetime) -> None:
    story.approvals = [
        a
        for a in story.approvals
        if event.comment_id is not None and a.comment_id != event.comment_id
    ]


@_apply.register
def _(event: e.Rejected, story: Story, at: datetime) -> None:
    story.rejected = event
    story.approvals.clear()


@_apply.register
def _(event: e.PauseRequested, story: Story, at: datetime) -> None:
    story.pause = event


@_apply.register
def _(event: e.ResumeRequested, story: Story, at: datetime) -> None:
    story.pause = None


@_apply.register
def _(event: e.RetryRequested, story: Story, at: datetime) -> None:
    story.retry = event


@_apply.register
def _(event: e.CancelRequested, story: Story, at: datetime) -> None:
    story.cancel = event


@_apply.register
def _(event: e.HandoffRequested, story: Story, at: datetime) -> None:
    story.handoff_asked = event


@_apply.register
def _(event: e.HandedOff, story: Story, at: datetime) -> None:
    story.handoff = event.handoff


@_apply.register
def _(event: e.BudgetRaised, story: Story, at: datetime) -> None:
    story.budget_raised_usd += event.usd


@_apply.register
def _(event: e.PriorityChanged, story: Story, at: datetime) -> None:
    story.priority = event.priority


@_apply.register
def _(event: e.HeadMoved, story: Story, at: datetime) -> None:
    before, story.head_sha = story.head_sha, event.sha
    story.foreign_head = True
    story.pushers[event.sha] = event.by
    if event.same_tree:  # the very same files: what was approved is still what stands there
        story.approvals = [
            a.model_copy(update={"head_sha": event.sha}) if a.head_sha == before else a
            for a in story.approvals
        ]


@_apply.register
def _(event: e.PullClosed, story: Story, at: datetime) -> None:
    story.pull_open = False
    if event.merged:
        story.merged_sha = event.sha


@_apply.register
def _(event: e.ViewDisturbed, story: Story, at: datetime) -> None:
    if event.view == "status":
        story.status_digest = ""  # edited in place again; made anew where it is gone
    else:
        story.label_disturbances += 1


@_apply.register
def _(event: e.CommandHandled, story: Story, at: datetime) -> None:
    story.commands[event.comment_id, event.index] = event


@_apply.register
def _(event: e.StageFaulted, story: Story, at: datetime) -> None:
    story.faults += 1


@_apply.register
def _(event: e.EffectPerformed, story: Story, at: datetime) -> None:
    story.effects_performed[event.effect] += 1
    result = event.result
    match event.effect:
        case "show_status":
            story.status_comment_id = result["comment_id"]
            story.status_digest = result["digest"]
            story.shown.append(
                Shown(
                    head_sha=result["head_sha"],
                    plan_digest=result["plan_digest"],
                    at=result["shown_at"],
                )
            )
        case "set_labels":
            story.labels_shown = "/".join(event.key.split("/")[-2:])
        case "call_model":
            names = ModelCall.model_fields
            story.model_calls.append(ModelCall(**{n: result[n] for n in names}))
        case "push_branch":
            story.pushed_sha = result["sha"]
        case "open_pull_request":
            story.pull_number, story.pull_url = result["number"], result.get("url", "")
            story.pull_open = True
        case "close_pull_request":
            story.pull_open = False
        case "merge_pull_request":
            story.merged_sha, story.pull_open = result["sha"], False
