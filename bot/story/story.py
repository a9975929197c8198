"""What is known of a story at one moment.

Promises: plain data and what follows from it by itself. Never: writes itself; `bot.story.machine`
folds the journal into it, and nobody else changes it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from bot.story import events as e
from bot.story.accounts import Accounts
from bot.story.handoff import Handoff
from bot.story.held import Held, Withheld
from bot.story.reviewing import Reviewing
from bot.story.vocabulary import (
    TERMINAL,
    Approval,
    AutoApproval,
    ExecutionPlan,
    Gate,
    Person,
    Repository,
    Shown,
    State,
    StorySpec,
    Waiting,
    Withdrawal,
)


@dataclass
class Story(Accounts, Reviewing):
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
    adopted_sha: str = ""  # a commit of somebody else's that /resume made the story's own
    own_sha: str = ""  # what was ours alone before that
    pushers: dict[str, Person | None] = field(default_factory=dict)  # of foreign heads
    commits: list[e.Committed] = field(default_factory=list)
    tasks_done: dict[str, e.TaskDone] = field(default_factory=dict)
    conflicts: list[e.ConflictMet] = field(default_factory=list)  # with its base
    plans: int = 0  # made in this round
    split: e.SplitProposed | None = None  # instead of a plan
    instructions: tuple[str, ...] = ()  # files of the project that told how to write
    checks: tuple[str, ...] = ()  # how the project is installed, tested and checked
    planned_at: int = 0  # how many attempts had failed when the last one was made
    left_to_people: dict[str, str] = field(default_factory=dict)  # path → patch (B12)
    nothing_to_do: e.NothingToDo | None = None
    answers: list[e.Answered] = field(default_factory=list)
    answers_used: int = 0  # how many of them the analysis has read
    tests: dict[str, e.Tested] = field(default_factory=dict)  # by subject, the last one
    gated: e.Gated | None = None  # the last look of the quality gates
    checks_asked: list[e.ChecksAsked] = field(default_factory=list)
    reviews: list[e.Reviewed] = field(default_factory=list)
    failures: list[e.AttemptFailed] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    auto_approved: AutoApproval | None = None
    withdrawals: list[Withdrawal] = field(default_factory=list)  # of this round
    approvals_given: int = 0  # ever, with those withdrawn since
    shown: list[Shown] = field(default_factory=list)
    pull_number: int = 0
    pull_url: str = ""
    pull_open: bool = False
    status_comment_id: int | None = None
    status_digest: str = ""
    claim: Held | None = None  # under which it is worked on
    withheld: Withheld | None = None  # why it is not, by what the tracker showed last
    asked_at: datetime | None = None  # when a person last asked for it; None: nobody did
    labels_shown: str = ""  # label/disturbances
    label_disturbances: int = 0
    vouched: set[str] = field(default_factory=set)  # suspicious texts that a person let pass
    rehearsed: list[str] = field(default_factory=list)  # what a dry run held back, each once
    priority: str = "normal"
    wsjf: dict[str, float] = field(default_factory=dict)  # inputs that people gave
    editors: set[int] = field(default_factory=set)  # who rewrote the story
    changed_at: datetime | None = None  # it was edited or rejected: older words mean another story
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
    effects_failed: Counter[str] = field(default_factory=Counter)  # tries of them

    @property
    def name(self) -> str:
        """What people call it: STORY-12 is issue 12."""
        return f"STORY-{self.issue}"

    @property
    def iteration(self) -> int:
        """The attempt under way, from 1 (S8)."""
        return 1 + len(self.failures)

    @property
    def plan_digest(self) -> str:
        """Of what a yes to the plan means: the plan, or the proposal to make several stories."""
        if self.split:
            return self.split.digest
        return self.plan.digest if self.plan else ""

    @property
    def split_agreed(self) -> bool:
        """Whether somebody said yes to exactly this proposal."""
        now = self.plan_digest if self.split else ""
        given = [a for a in self.approvals if a.gate is Gate.PRE_CODE]
        return bool(now) and any(a.plan_digest == now for a in given)

    @property
    def approved(self) -> bool:
        """Whether anything was approved that a change of mind could take back."""
        return bool(self.approvals) or self.auto_approved is not None

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

    def held_back(self, sha: str) -> bool:
        """Whether a quality gate stopped this very commit."""
        return bool(self.gated and self.gated.sha == sha and self.gated.blocking)

    @property
    def begun_at(self) -> datetime | None:
        """When the text was last looked at from the beginning; None: nothing was received."""
        looked = [at for at, state in self.timeline if state is State.ANALYZING]
        return looked[-1] if looked else self.received_at

    def waits_at(self, gate: Gate) -> bool:
        return (
            self.state is State.WAITING and self.waiting is not None and self.waiting.gate is gate
        )
