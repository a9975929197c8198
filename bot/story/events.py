"""The closed list of what can have happened to a story: one frozen type an event (S2).

Promises: events are facts in the past tense, appended and never changed; everything else that is
known about a story is a view of them. `EVENT` turns them into JSON and back.
What happens to a repository is in `bot.story.repository_events`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from bot.story.api_events import ApiEvent
from bot.story.approval_events import (
    ApprovalRefused,
    ApprovalWithdrawn,
    Approved,
    AutoApproved,
    Rejected,
)
from bot.story.asked_events import (
    BudgetRaised,
    CancelRequested,
    HandedOff,
    HandoffRequested,
    PauseRequested,
    PriorityChanged,
    ResumeRequested,
    RetryRequested,
    WsjfGiven,
)
from bot.story.dashboard_events import DashboardEvent
from bot.story.effect_events import (
    EffectFailed,
    EffectPerformed,
    EffectProposed,
    EffectSuperseded,
    StageFaulted,
)
from bot.story.item_events import ItemEvent
from bot.story.lane_events import LaneEvent
from bot.story.published_events import PublishedEvent
from bot.story.repository_events import RepositoryEvent
from bot.story.review_events import (
    RemarksAnswered,
    RemarksSetAside,
    RemarksWithdrawn,
    ReviewRequested,
    ReviewRound,
)
from bot.story.service_events import ServiceEvent
from bot.story.split import SplitProposed
from bot.story.ticket_events import TicketEvent
from bot.story.todo_events import TodoEvent
from bot.story.vocabulary import (
    ExecutionPlan,
    Finding,
    Person,
    QualityGate,
    Repository,
    State,
    StorySpec,
    TaskOutcome,
    TestSummary,
    Value,
    Waiting,
)


class StoryReceived(Value):
    kind: Literal["story_received"] = "story_received"
    repository: Repository
    issue: int
    title: str
    body: str
    author: Person  # wrote the issue
    requester: Person  # put the label on it


class RepositoryMoved(Value):
    """The same repository under another name, owner, default branch or installation (W5)."""

    kind: Literal["repository_moved"] = "repository_moved"
    repository: Repository


class StoryEdited(Value):
    kind: Literal["story_edited"] = "story_edited"
    title: str
    body: str
    editor: Person


class Transitioned(Value):
    """The machine moved. Written by the engine only, checked against EDGES."""

    kind: Literal["transitioned"] = "transitioned"
    source: State
    target: State
    reason: str = ""
    waiting: Waiting | None = None


class Analyzed(Value):
    kind: Literal["analyzed"] = "analyzed"
    spec: StorySpec
    base_sha: str


class Answered(Value):
    kind: Literal["answered"] = "answered"
    person: Person
    text: str
    comment_id: int


class Planned(Value):
    """`instructions`: the project's own files (AGENTS.md and its like) that hold for the work.

    `checks`: how the project is installed, tested and checked, each with its reason.
    """

    kind: Literal["planned"] = "planned"
    plan: ExecutionPlan
    branch: str
    instructions: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


class Committed(Value):
    """A commit of ours in the mirror, on `parent`."""

    kind: Literal["committed"] = "committed"
    task: str
    sha: str
    parent: str
    message: str
    files: tuple[str, ...]


class TaskDone(Value):
    """The work on a task ended, with or without a commit; `evidence` is a line for people."""

    kind: Literal["task_done"] = "task_done"
    task: str
    outcome: TaskOutcome
    evidence: str = ""
    turns: int = 0
    seconds: float = 0.0  # of model and sandbox


class NothingToDo(Value):
    """The repository shows at `sha` that the story needs no change; `evidence` says how."""

    kind: Literal["nothing_to_do"] = "nothing_to_do"
    sha: str
    evidence: str


class LeftToPeople(Value):
    """What only people may change was taken out of the change (B12). `patches`: (path, diff).

    The diff is '' where the file may hold a secret.
    """

    kind: Literal["left_to_people"] = "left_to_people"
    patches: tuple[tuple[str, str], ...]


class ConflictMet(Value):
    """`head_sha` of ours conflicts with the base `base_sha` in `files`, () where it is for people.

    `remembered`: those of them that came out as they did before; with these, `tree` is the merge.
    """

    kind: Literal["conflict_met"] = "conflict_met"
    base_sha: str
    head_sha: str
    files: tuple[str, ...] = ()
    remembered: tuple[str, ...] = ()
    tree: str = ""


class Rebased(Value):
    """The branch was replayed on a newer base (S20)."""

    kind: Literal["rebased"] = "rebased"
    base_sha: str
    head_sha: str


class Tested(Value):
    """`subject`: baseline | red | head | merged. `flaky`: failed, and passed when run again."""

    kind: Literal["tested"] = "tested"
    subject: str
    summary: TestSummary
    regressions: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()


class Gated(Value):
    """The quality gates looked at `sha` against `base_sha` (§17).

    `asked`: how many requests to look again had been made by then.
    """

    kind: Literal["gated"] = "gated"
    sha: str
    base_sha: str
    gates: tuple[QualityGate, ...]
    score: float | None = None
    asked: int = 0
    coverage: float | None = None  # of new lines by tests, from 0 to 1; None: not measured

    @property
    def blocking(self) -> tuple[QualityGate, ...]:
        """Those that stop the change."""
        return tuple(gate for gate in self.gates if gate.blocks)


class ChecksAsked(Value):
    """Somebody asked for checks of `sha` to be run again (W11). `names`: of gates, () for all."""

    kind: Literal["checks_asked"] = "checks_asked"
    sha: str
    names: tuple[str, ...]
    by: Person


class Reviewed(Value):
    kind: Literal["reviewed"] = "reviewed"
    findings: tuple[Finding, ...]
    reviewer: str


class AttemptFailed(Value):
    """An iteration ended without success (S8); `fingerprint` is stable under changing numbers."""

    kind: Literal["attempt_failed"] = "attempt_failed"
    iteration: int
    stage: State
    error_class: str
    fingerprint: str
    message: str


class HeadMoved(Value):
    """The pull request's head is not ours any more: somebody pushed to the branch."""

    kind: Literal["head_moved"] = "head_moved"
    sha: str
    by: Person | None
    same_tree: bool = False


class PullClosed(Value):
    """A person closed or merged the pull request themselves."""

    kind: Literal["pull_closed"] = "pull_closed"
    merged: bool
    sha: str = ""
    person: Person | None = None


class ViewDisturbed(Value):
    """Somebody deleted the status comment or moved a label of ours by hand; shown anew (W8, W9)."""

    kind: Literal["view_disturbed"] = "view_disturbed"
    view: str  # status | labels
    by: Person | None = None


class CommandHandled(Value):
    """A command of a person and its one visible outcome (W7). `ok` False: why is in `answer`.

    `detail`: what is shown below the answer, in our own Markdown.
    """

    kind: Literal["command_handled"] = "command_handled"
    comment_id: int
    index: int  # of the command in its comment
    person: Person
    command: str
    ok: bool
    answer: str = ""
    detail: str = ""


Event = Annotated[
    StoryReceived
    | RepositoryMoved
    | StoryEdited
    | Transitioned
    | Analyzed
    | Answered
    | Planned
    | SplitProposed
    | Committed
    | TaskDone
    | NothingToDo
    | LeftToPeople
    | ConflictMet
    | Rebased
    | Tested
    | Gated
    | ChecksAsked
    | Reviewed
    | AttemptFailed
    | Approved
    | AutoApproved
    | ApprovalRefused
    | ApprovalWithdrawn
    | Rejected
    | PauseRequested
    | ResumeRequested
    | RetryRequested
    | CancelRequested
    | HandoffRequested
    | HandedOff
    | BudgetRaised
    | PriorityChanged
    | WsjfGiven
    | HeadMoved
    | PullClosed
    | ViewDisturbed
    | ReviewRequested
    | RemarksSetAside
    | RemarksWithdrawn
    | ReviewRound
    | RemarksAnswered
    | CommandHandled
    | EffectProposed
    | EffectPerformed
    | EffectFailed
    | EffectSuperseded
    | StageFaulted
    | ApiEvent
    | RepositoryEvent
    | ServiceEvent
    | ItemEvent
    | LaneEvent
    | TodoEvent
    | DashboardEvent
    | PublishedEvent
    | TicketEvent,
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
