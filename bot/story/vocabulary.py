"""The words of a story: frozen values that every room shares.

Promises: nothing here does I/O, reads a clock or a setting; two equal values mean the same thing.
Every value is JSON-shaped (pydantic), so that the journal can keep it and give it back unchanged.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen, strict value; unknown fields are errors (they would be lost in the journal)."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class State(StrEnum):
    """Where a story is (S1). The edges between states are in `bot.story.edges.EDGES` only."""

    RECEIVED = "RECEIVED"
    ANALYZING = "ANALYZING"
    PLANNING = "PLANNING"
    CODING = "CODING"
    REVIEWING = "REVIEWING"
    TESTING = "TESTING"
    DEPLOYING = "DEPLOYING"
    VERIFYING = "VERIFYING"
    WAITING = "WAITING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


TERMINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED})


class Gate(StrEnum):
    """What a waiting story waits for (§16.2), plus `paused`: a person said stop for now."""

    PRE_CODE = "pre_code"
    PRE_DEPLOY = "pre_deploy"
    PRE_PRODUCTION = "pre_production"
    BUDGET_EXCEEDED = "budget_exceeded"
    AMBIGUITY_DETECTED = "ambiguity_detected"
    PAUSED = "paused"


class Tier(StrEnum):
    """How much of the work a model does (S19): none for the known families."""

    DEPENDENCY_BUMP = "dependency_bump"
    AUTOFIX = "autofix"
    REMEDY = "remedy"
    MODEL = "model"


class Person(Value):
    """Somebody on GitHub. Identity is the numeric id; the login is for display."""

    id: int
    login: str
    is_bot: bool = False


class Repository(Value):
    """A repository Towpath is installed on. `git_url` is where git fetches and pushes."""

    id: int
    full_name: str
    default_branch: str
    git_url: str
    installation_id: int


class Criterion(Value):
    """One acceptance criterion as Given–When–Then; `text` is what the story said."""

    id: str
    text: str
    given: str = ""
    when: str = ""
    then: str = ""


class StorySpec(Value):
    """What the analysis made of the story (§4.2). `complexity` is 1–10."""

    title: str
    description: str
    story_type: str  # feature | bugfix | refactor | infra
    criteria: tuple[Criterion, ...] = ()
    complexity: int = 3
    dependencies: tuple[str, ...] = ()  # paths the story will likely touch
    ambiguities: tuple[str, ...] = ()  # questions for people
    tier: Tier = Tier.MODEL
    details: dict[str, Any] = {}  # what a known family found (package, versions, rules …)


class Task(Value):
    """One step of the plan (§4.3); `targets` are repository paths."""

    id: str
    action: str  # create_file | modify_file | delete_file | run_command
    description: str
    targets: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()  # ids of the criteria it serves


TESTS_TASK = "tests"  # the task that writes the tests of the criteria, before any other
REVIEW_TASK = "review"  # tasks that answer a review: people asked for what they change in tests


class TaskOutcome(StrEnum):
    """How the work on a task ended, by what the repository showed."""

    CHANGED = "changed"
    NO_CHANGE = "no_change"
    CUT_SHORT = "cut_short"  # a limit ended it; what was there by then was kept


class ExecutionPlan(Value):
    """Tasks in an order that respects `depends_on` (S12)."""

    tasks: tuple[Task, ...]
    testing_strategy: str = "unit"
    deploy_strategy: str = "merge"

    @property
    def digest(self) -> str:
        """What an approval of this plan is bound to (P3)."""
        return digest(self.model_dump(mode="json"))


class FileChange(Value):
    """A file's new content as text; None deletes it."""

    path: str
    content: str | None


class Finding(Value):
    """What a reviewer or a tool says about a place in the code (S15)."""

    severity: str  # blocking | suggestion | nit
    message: str
    path: str = ""
    line: int = 0
    rule: str = ""


class FailedTest(Value):
    """What a test said when it failed. `line`: from 1, or None."""

    id: str
    file: str = ""
    line: int | None = None
    message: str = ""
    tail: str = ""


class TestSummary(Value):
    """One run of the project's own tests at one commit. `ran` is False where none could run."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    sha: str
    ran: bool
    ok: bool
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    failures: tuple[str, ...] = ()  # test ids
    details: tuple[FailedTest, ...] = ()  # of the first of them
    refused: tuple[tuple[str, str], ...] = ()  # (host, command) that set-up kept from the network
    tail: str = ""
    command: str = ""


class GateFinding(Value):
    """One thing that a quality gate saw. `line`: from 1, or 0 for a whole file; so `column`.

    `severity`: error | warning | note.
    """

    file: str = ""
    line: int = 0
    end_line: int = 0
    column: int = 0
    rule: str
    message: str
    severity: str = "error"


class QualityGate(Value):
    """How one quality gate ended (§17). `status`: pass | fail | warn | error | skipped."""

    name: str
    status: str
    blocking: bool
    summary: str = ""
    findings: tuple[GateFinding, ...] = ()
    seconds: float = 0.0

    @property
    def blocks(self) -> bool:
        return self.blocking and self.status in ("fail", "error")


class Waiting(Value):
    """Why a story holds still, and for whom. It holds no worker (S4)."""

    gate: Gate
    resume_to: State
    since: datetime
    questions: tuple[str, ...] = ()
    reason: str = ""
    approvals_seen: int = 0  # a policy found these not to be enough: the gate waits for more
    until: datetime | None = None  # it goes on by itself then
    subject: str = ""  # digest of what a person is asked to look at (M12)
    rule: str = ""  # of the verdict that made it wait


class Demands(Value):
    """What a configuration asks of approvals; a later one that asks for more withdraws them."""

    quorum: int = 1
    second_person: bool = True
    teams: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()  # names, each with the teams that it asks for


class Approval(Value):
    """A person's yes, bound to what they saw and to what was asked of them (P3).

    `words`: digest of the text that approved. `by`: command | review (GitHub's own button).
    `config_digest` '' and `demands` None: given before these were kept.
    """

    gate: Gate
    person: Person
    head_sha: str
    base_sha: str
    plan_digest: str
    comment_id: int
    at: datetime
    thread: str = "issue_comment"  # | pull_request_review | pull_request_review_comment
    config_digest: str = ""
    demands: Demands | None = None
    words: str = ""
    by: str = "command"


class AutoApproval(Value):
    """The configuration's own yes, within its limits; `facts` is what was measured (P2, S4)."""

    gate: Gate
    head_sha: str
    base_sha: str
    plan_digest: str
    config_digest: str
    rule: str
    limits: dict[str, Any]
    facts: dict[str, Any]
    at: datetime


class Withdrawal(Value):
    """An approval that does not count any more, and why; the status comment says so."""

    gate: Gate
    login: str  # '' for an automatic one
    reason: str
    at: datetime


class Said(Value):
    """One comment in a thread of a review. `ours`: Towpath's own."""

    by: str
    text: str
    ours: bool = False


class Remark(Value):
    """What a person wants of a pull request of ours: a thread, or a review as a whole (W10).

    `id`: c<the comment that asks> or r<the review>, unique in the story; `root`: the first comment
    of the thread, 0 for a review. `line`: in the file at `commit`, 0 where it is of the whole file,
    of removed lines or outdated. The texts are untrusted.
    """

    id: str
    pull: int
    root: int
    person: Person
    text: str
    path: str = ""
    line: int = 0
    start_line: int = 0
    hunk: str = ""
    commit: str = ""
    outdated: bool = False
    blocking: bool = False  # its review requested changes
    before: tuple[Said, ...] = ()  # what was said in the thread until then


class Shown(Value):
    """What the status comment showed from `at` on: the head an approval can mean."""

    head_sha: str
    plan_digest: str
    at: datetime


class Usage(Value):
    """Tokens of one model call in disjoint buckets; `cost_usd` None means the price is unknown."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None

    @property
    def tokens(self) -> int:
        """All of them."""
        read = self.input_tokens + self.cache_read_tokens + self.cache_write_tokens
        return read + self.output_tokens


class Decision(StrEnum):
    """A policy's answer to a proposed effect."""

    ALLOW = "allow"
    DENY = "deny"
    WAIT = "wait"


class Verdict(Value):
    """What a policy decided and why: `rule` names the one that decided (P1, P6)."""

    decision: Decision
    rule: str
    reason: str = ""
    gate: Gate | None = None  # what to wait for
    until: datetime | None = None  # and until when, where time alone opens it
    subject: str = ""  # digest of what a person has to look at
    whom: str = ""  # who can bring what is waited for; '' where nobody has to

    @property
    def allowed(self) -> bool:
        """Whether the effect may be performed."""
        return self.decision is Decision.ALLOW


def allow(rule: str, reason: str = "") -> Verdict:
    """The effect may be performed."""
    return Verdict(decision=Decision.ALLOW, rule=rule, reason=reason)


def deny(rule: str, reason: str) -> Verdict:
    """The effect must not be performed, now or later, as proposed."""
    return Verdict(decision=Decision.DENY, rule=rule, reason=reason)


_OPENS = {
    Gate.PRE_CODE: "somebody with write access, with /approve",
    Gate.PRE_DEPLOY: "somebody with write access, with /approve",
    Gate.PRE_PRODUCTION: "somebody with write access, with /approve",
    Gate.BUDGET_EXCEEDED: "somebody with write access, with /budget",
    Gate.AMBIGUITY_DETECTED: "who asked for the story, or somebody with write access",
    Gate.PAUSED: "somebody with write access, with /resume",
}


def wait(rule: str, reason: str, gate: Gate, whom: str = "") -> Verdict:
    """The effect may be performed once `gate` is open, which `whom` can see to."""
    found = whom or _OPENS[gate]
    return Verdict(decision=Decision.WAIT, rule=rule, reason=reason, gate=gate, whom=found)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of a JSON-shaped value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
