"""What the stages share: the repository's objects, the model, and the settings they obey.

Promises: reads and local git objects only; whatever leaves this machine or runs foreign code is an
effect that a stage hands to its desk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.agent.conversation import Conversations
from bot.agent.loop import Worked
from bot.agent.schemas import SCHEMA_OF, Answer
from bot.configuration.in_force import EffectiveConfig
from bot.story.desk import Desk, StageStops
from bot.story.effects import CallModel, PrepareEnvironment, RunTests
from bot.story.events import AttemptFailed, Committed, Event, TaskDone, Tested
from bot.story.fixes import Fix
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.vocabulary import FileChange, Repository, State, Task, TaskOutcome, TestSummary
from bot.workspace.mirror import Mirror, Person
from policies.branches import commit_message
from policies.convergence import fingerprint, go_on
from policies.servers import ServerFacts

_TYPED = re.compile(r"([a-z]+)(?:\([^)]*\))?!?: +(.+)", re.DOTALL)


class GitHubReads(Protocol):
    """The reads that stages need of GitHub."""

    def issue(self, repository: Repository, number: int) -> dict[str, Any]: ...
    def pull(self, repository: Repository, number: int) -> dict[str, Any]: ...
    def file(self, repository: Repository, path: str, ref: str) -> str | None: ...
    def branch_head(self, repository: Repository, branch: str) -> str | None: ...


@dataclass(frozen=True)
class StageSettings:
    """The operator's settings that stages obey; a repository's are in its configuration."""

    quality_gates: bool = True
    context_chars: int = 120_000
    task_turns: int = 40
    coding_seconds: float = 3600.0  # of model and sandbox, in one iteration (S7)


@dataclass(frozen=True)
class Workroom:
    """Handed to every stage by the wiring."""

    github: GitHubReads
    mirror_of: Callable[[Repository], Mirror]
    fetch: Callable[[Repository, str], str]  # branch -> its head, now in the mirror
    settings: StageSettings
    author: Person
    has_model: bool
    configuration: Callable[[Repository], EffectiveConfig]
    conversations: Conversations = field(default_factory=Conversations)
    # stream, fingerprint of its failure, instant -> what mended such a failure before
    servers: Callable[[Repository], Mapping[str, ServerFacts]] = lambda repository: {}
    known_fix: Callable[[str, str, datetime], Fix | None] = lambda stream, failure, at: None


def ask(
    desk: Desk, purpose: str, package: Mapping[str, Any], *key: object, attempt: int = 1
) -> Answer:
    """One bounded model call (idea 4); its answer is checked again here."""
    result = desk.do(
        CallModel(
            key=desk.key("call_model", purpose, *key, attempt),
            repository=desk.story.repository,
            purpose=purpose,
            package=dict(package),
            schema_name=SCHEMA_OF[purpose].__name__,
            attempt=attempt,
        )
    )
    return SCHEMA_OF[purpose].model_validate(result["output"])


def commit(
    desk: Desk, room: Workroom, task: str, subject: str, changes: tuple[FileChange, ...]
) -> str:
    """Like `commit_changes`, of whole files."""
    content = {c.path: None if c.content is None else c.content.encode() for c in changes}
    return commit_changes(desk, room, task, subject, content)


def commit_changes(
    desk: Desk,
    room: Workroom,
    task: str,
    subject: str,
    changes: Mapping[str, bytes | None],
    also: Callable[[str], tuple[Event, ...]] = lambda sha: (),
) -> str:
    """An atomic commit of one task on the story's head (S13, S20), noted; returns its sha.

    The date is the one at which the stage began, so a stage that runs again makes the same sha.
    `also`: what is noted in the same breath, given the sha.
    """
    story = desk.story
    mirror = room.mirror_of(story.repository)
    parent = story.head_sha or story.base_sha
    message = message_of(story, task, subject)
    sha = mirror.commit_files(parent, changes, message, room.author, _date(story))
    _noted(desk, mirror, task, sha, parent, message, also(sha))
    return sha


def done(task: Task, outcome: TaskOutcome, evidence: str, worked: Worked) -> TaskDone:
    """How the work on a task ended."""
    return TaskDone(
        task=task.id,
        outcome=outcome,
        evidence=evidence[:1000],
        turns=worked.turns,
        seconds=round(worked.seconds, 3),
    )


def commit_tree(desk: Desk, room: Workroom, task: str, subject: str, tree: str) -> str:
    """Like `commit`, of a whole tree that a command in the sandbox left behind."""
    story = desk.story
    mirror = room.mirror_of(story.repository)
    parent = story.head_sha or story.base_sha
    message = message_of(story, task, subject)
    sha = mirror.commit_tree(parent, tree, message, room.author, _date(story))
    _noted(desk, mirror, task, sha, parent, message)
    return sha


def message_of(story: Story, task: str, subject: str) -> str:
    """A subject that begins with a type of Conventional Commits keeps it."""
    typed = _TYPED.match(subject)
    kind, summary = (typed.group(1), typed.group(2)) if typed else ("", subject)
    return commit_message(summary, story.issue, task, story.spec.story_type, kind)


def _date(story: Story) -> datetime:
    return story.state_since


def _noted(
    desk: Desk,
    mirror: Mirror,
    task: str,
    sha: str,
    parent: str,
    message: str,
    also: tuple[Event, ...] = (),
) -> None:
    story = desk.story
    if any(c.sha == sha for c in story.commits):
        return
    mirror.keep(f"{story.repository.id}/{story.issue}", sha)
    files = tuple(f.path for f in mirror.changed_files(parent, sha))
    made = Committed(task=task, sha=sha, parent=parent, message=message, files=files)
    desk.note(made, *also)


def run_tests(
    desk: Desk,
    subject: str,
    sha: str,
    paths: tuple[str, ...] = (),
    asked: tuple[tuple[str, str], ...] = (),
) -> Tested:
    """Prepare the environment for `sha` and run the project's tests there; noted as `subject`.

    `asked`: what the environment must be able to hold (see PrepareEnvironment).
    """
    story = desk.story
    known = story.tests.get(subject)
    if known and known.summary.sha == sha:
        return known
    repository = story.repository
    environment = desk.do(
        PrepareEnvironment(
            key=desk.key("prepare_environment", sha), repository=repository, sha=sha, asked=asked
        )
    )
    if environment.get("failed"):
        summary = TestSummary(
            sha=sha, ran=False, ok=False, tail=environment["failed"], command="set-up"
        )
    else:
        result = desk.do(
            RunTests(
                key=desk.key("run_tests", subject, sha),
                repository=repository,
                sha=sha,
                paths=paths,
            )
        )
        summary = TestSummary.model_validate(result)
    refused = tuple((one["host"], one["command"]) for one in environment.get("refused", ()))
    summary = summary.model_copy(update={"refused": refused})
    tested = Tested(subject=subject, summary=summary, regressions=_regressions(story, summary))
    desk.note(tested)
    return tested


def _regressions(story: Story, summary: TestSummary) -> tuple[str, ...]:
    """What fails now and did not fail before the change."""
    before = _failed_before(story)
    return tuple(t for t in summary.failures if t not in before)


def _failed_before(story: Story) -> set[str]:
    baseline = story.tests.get("baseline")
    return set(baseline.summary.failures) if baseline else set()


def broken_by(story: Story, summary: TestSummary) -> str:
    """Like `broken`, of a run that was noted nowhere."""
    regressions = _regressions(story, summary)
    return broken(story, Tested(subject="head", summary=summary, regressions=regressions))


def broken(story: Story, tested: Tested) -> str:
    """Why this run does not count as success; '' where it does (Q1: regressions block).

    Failures that were there before the change do not block, but a run that ended in an error
    without naming a failing test always does.
    """
    summary = tested.summary
    if not summary.ran:
        return f"the tests could not run: {summary.tail[-600:]}"
    if summary.ok:
        return ""
    if tested.regressions:
        names = ", ".join(f"`{test}`" for test in tested.regressions[:3])
        more = f" and {len(tested.regressions) - 3} more" if len(tested.regressions) > 3 else ""
        every = "\n".join(tested.regressions[:40])
        return f"these tests fail now: {names}{more}\n{every}\n{summary.tail[-2500:]}"
    baseline = story.tests.get("baseline")
    if tested.flaky and set(summary.failures) - set(tested.flaky) <= _failed_before(story):
        return ""
    same = baseline and baseline.summary.ran and not baseline.summary.ok and summary.failures
    if same and tested.subject in ("head", "merged"):
        return ""
    return f"the test command failed: {summary.tail[-2500:]}"


def attempt_failed(
    desk: Desk, room: Workroom, stage: State, error_class: str, message: str
) -> Move:
    """What follows a failed attempt: another one, a new plan, or people (S8, S9).

    A plan whose repairs go in circles is made anew, once; what failed before does not count then.
    """
    story = desk.story
    failure = failed(story, stage, error_class, message)
    past = [f.fingerprint for f in story.failures[story.planned_at :]] + [failure.fingerprint]
    most = room.configuration(story.repository).limits.max_iterations
    verdict = go_on(past, most - story.planned_at)
    if verdict.allowed:
        return Move(State.CODING, error_class, events=(failure,))
    if verdict.rule in _REPLANS and story.plans == 1 and stage is not State.CODING:
        return Move(State.PLANNING, "replan", events=(failure,))
    return Move(State.FAILED, verdict.reason, events=(failure,))


_REPLANS = frozenset({"oscillation", "no_progress"})


def failed(story: Story, stage: State, error_class: str, message: str) -> AttemptFailed:
    """The event of a failed attempt."""
    return AttemptFailed(
        iteration=story.iteration,
        stage=stage,
        error_class=error_class,
        fingerprint=fingerprint(error_class, message),
        message=message[:4000],
    )


def hand_over(reason: str) -> StageStops:
    """Stop here and give the story to people, with `reason` for them."""
    return StageStops(Move(State.FAILED, reason))
