"""The closed list of what can have happened to a story: one frozen type an event (S2).

Promises: events are facts in the past tense, appended and never changed; everything else that is
known about a story is a view of them. `EVENT` turns them into JSON and back.
What happens to a repository is in `bot.story.repository_events`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

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
from bot.story.effect_events import EffectFailed, EffectPerformed, EffectProposed
from bot.story.item_events import ItemEvent
from bot.story.repository_events import RepositoryEvent
from bot.story.review_events import (
    RemarksAnswered,
    RemarksSetAside,
    RemarksWithdrawn,
    ReviewRequested,
    ReviewRound,
)
from bot.story.split import SplitProposed
from bot.story.vocabulary import (
    ExecutionPlan,
    Finding,
    Person,
    QualityGate,
    Repository,
    RequestedStory,
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


class StageFaulted(Value):
    """A stage raised: kept with an id to find it by; retried with backoff (S3)."""

    kind: Literal["stage_faulted"] = "stage_faulted"
    stage: State
    error: str
    error_id: str
    attempt: int
    retry_at: datetime | None


class ApiKeyMade(Value):
    """A key for the REST API (W13). Its secret is known to its owner only; `expires_at` in UTC.

    `repositories`: (id, full name when it was made). `subject`: of the client certificate that
    stands for it at the proxy, or ''. Told on the stream of `bot.story.api_keys`.
    """

    kind: Literal["api_key_made"] = "api_key_made"
    key_id: str
    salt: str
    hash: str
    person: Person
    repositories: tuple[tuple[int, str], ...]
    scopes: tuple[str, ...]
    expires_at: datetime
    subject: str = ""


class ApiKeyRevoked(Value):
    kind: Literal["api_key_revoked"] = "api_key_revoked"
    key_id: str


class StoriesRequested(Value):
    """Somebody asked for stories over the API (S25). Told on a stream of `bot.story.batches`."""

    kind: Literal["stories_requested"] = "stories_requested"
    repository: Repository
    person: Person
    in_order: bool  # each only after the one before it
    at_once: int
    items: tuple[RequestedStory, ...]


class RequestedStoryBegun(Value):
    """A requested story has its issue, and is under way there."""

    kind: Literal["requested_story_begun"] = "requested_story_begun"
    name: str
    issue: int


class RequestedStoryLeft(Value):
    """A requested story will not be begun; `reason` is for the person who asked."""

    kind: Literal["requested_story_left"] = "requested_story_left"
    name: str
    reason: str


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
    | StageFaulted
    | ApiKeyMade
    | ApiKeyRevoked
    | StoriesRequested
    | RequestedStoryBegun
    | RequestedStoryLeft
    | RepositoryEvent
    | ItemEvent,
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
