"""One task of a story, carried out by a model with tools, turn by turn (S13, T2).

Promises: every turn and everything that is run is an effect with its recorded result, so a worker
that dies in the middle costs nothing that was paid; what the model may touch is asked before each
edit; at most one commit comes of it. Never: believes what a model says about its work.
"""

from __future__ import annotations

import ast
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from bot.agent.conversation import Conversation
from bot.agent.loop import Ended, Hands, Limits, Ran, Turned, Worked, work
from bot.agent.messages import Said
from bot.agent.overlay import Overlay
from bot.agent.tool_arguments import Finish, Run
from bot.agent.tools import FileTools
from bot.stages.for_people import scope_of
from bot.stages.server_tools import toolbox
from bot.stages.workroom import Workroom, broken_by
from bot.story.desk import Desk
from bot.story.effects import CallModel, RunCommand, RunTests
from bot.story.performer import NotAllowed
from bot.story.vocabulary import Task, TestSummary
from bot.workspace.mirror import NothingChanged
from bot.workspace.text_files import Files
from policies.scope import Scope, may_be_written

OUTPUT = 6_000  # characters of what a run said that the model sees
DETAILS = 6  # failing tests that are told in full
_ODD = ("-", "\0", "\n")

Judge = Callable[["Bench", Finish], str]


@dataclass
class Bench:
    """One task at work: the files as they are now, and what can be run on them."""

    desk: Desk
    room: Workroom
    task: Task
    overlay: Overlay
    number: int = 0  # of the run under way
    refusals: dict[str, int] = field(default_factory=dict)

    def draft(self) -> str:
        """A commit of the files as they are now; it is kept nowhere."""
        story, mirror = self.desk.story, self.overlay.files.mirror
        try:
            return mirror.commit_files(
                self.overlay.files.sha,
                self.overlay.changes,
                "draft",
                self.room.author,
                story.state_since,
            )
        except NothingChanged:
            return self.overlay.files.sha

    def run_tests(self, paths: tuple[str, ...] = (), sha: str = "") -> TestSummary:
        """The tests at the draft, or at `sha`."""
        sha = sha or self.draft()
        result = self.desk.do(
            RunTests(
                key=self.desk.key("run_tests", self.task.id, self.number, sha[:12]),
                repository=self.desk.story.repository,
                sha=sha,
                paths=paths,
            )
        )
        return TestSummary.model_validate(result)

    def run_command(self, argv: tuple[str, ...]) -> dict[str, Any]:
        return self.desk.do(
            RunCommand(
                key=self.desk.key("run_command", self.task.id, self.number),
                repository=self.desk.story.repository,
                sha=self.draft(),
                argv=argv,
                purpose="asked by the model",
                in_project=True,
            )
        )

    def once(self, kind: str, problem: str) -> str:
        """`problem` the first time, '' after that: what is told once is not insisted on."""
        self.refusals[kind] = self.refusals.get(kind, 0) + 1
        return problem if self.refusals[kind] == 1 else ""


@dataclass(frozen=True)
class Assignment:
    """`may`: why a path may not be changed, '' where it may; `keeps`: why its text must not become
    what it would; `accept`: why it cannot end so.
    """

    purpose: str
    task: Task
    package: dict[str, Any]
    may: Callable[[str], str]
    accept: Judge
    limits: Limits
    attempt: int = 1
    at: str = ""  # the commit whose files are worked on; the story's head where it says none
    keeps: Callable[[str, str | None], str] = lambda path, text: ""


def carry_out(desk: Desk, room: Workroom, given: Assignment) -> tuple[Worked, Bench]:
    """Lead the conversation about a task to its end; nothing is committed."""
    story = desk.story
    files = Files(room.mirror_of(story.repository), given.at or story.head_sha or story.base_sha)
    may = _within(given.may, scope_of(story, room))
    bench = Bench(desk, room, given.task, Overlay(files, may, given.keeps))
    name = desk.key("conversation", given.purpose, given.task.id)
    box = toolbox(desk, room, given.purpose, given.task)
    told = {"tools": box.specs, "notice": box.notice}
    talk = Conversation(name, given.purpose, given.package, given.attempt, **told)
    hands = Hands(
        ask=lambda talk: _turn(desk, talk, given.task),
        run=lambda asked, number: _run(bench, asked, number, given.purpose != "test"),
        accept=lambda finish, number: _accepted(bench, given.accept, finish, number),
        foreign=lambda call, number: box.call(call, number, bench.draft),
    )
    with room.conversations.opened(talk):
        return work(talk, FileTools(bench.overlay), hands, given.limits), bench


def _within(may: Callable[[str], str], scope: Scope) -> Callable[[str], str]:
    def asked(path: str) -> str:
        verdict = may_be_written([path], scope)
        return may(path) if verdict.allowed else verdict.reason

    return asked


def _turn(desk: Desk, talk: Conversation, task: Task) -> Turned:
    last = talk.exchanges[-1].model_dump(mode="json", exclude={"said"}) if talk.exchanges else {}
    result = desk.do(
        CallModel(
            key=desk.key("call_model", talk.purpose, task.id, "turn", talk.turn),
            repository=desk.story.repository,
            purpose=talk.purpose,
            package=talk.package if talk.turn == 1 else {},
            attempt=talk.attempt,
            conversation=talk.id,
            turn=talk.turn,
            history=talk.digest,
            told=last,
        )
    )
    said = Said.model_validate(result["said"])
    return Turned(said, result["seconds"], result.get("spent", 0.0))


def _accepted(bench: Bench, accept: Judge, finish: Finish, number: int) -> str:
    bench.number = number
    try:
        return accept(bench, finish)
    except NotAllowed as no:
        if no.waiting is not None:
            raise
        return ""  # what would prove it may not be run any more: the stages after this one decide


def _run(bench: Bench, asked: Run, number: int, green: bool) -> Ran:
    """`green`: what is run should end well; tests that come before the code should not."""
    bench.number = number
    if asked.tests and asked.command:
        return Ran("Error: tests or a command, not both", ok=False)
    try:
        ran = _command(bench, asked.command) if asked.command else _tests(bench, asked)
        return ran if green else replace(ran, red=False)
    except NotAllowed as no:
        if no.waiting is not None:
            raise
        return Ran(f"Error: not allowed: {no.verdict.reason}", ok=False)


def _tests(bench: Bench, asked: Run) -> Ran:
    if odd := [name for name in asked.tests if name.startswith("-") or set(name) & set(_ODD[1:])]:
        return Ran(f"Error: {odd[0][:80]!r} names no test", ok=False)
    summary = bench.run_tests(tuple(asked.tests))
    red = bool(broken_by(bench.desk.story, summary))
    return Ran(told_run(summary), ok=True, seconds=summary.seconds, red=red, tests=True)


def _command(bench: Bench, command: str) -> Ran:
    try:
        argv = tuple(shlex.split(command))
    except ValueError as error:
        return Ran(f"Error: the command cannot be read: {error}", ok=False)
    if not argv:
        return Ran("Error: the command is empty", ok=False)
    result = bench.run_command(argv)
    ended = f"exit code {result['exit_code']}"
    if result["killed_by"]:
        ended = f"ended by its limit ({result['killed_by']})"
    said = _ends_of(result["output"].rstrip())
    lost = result["changed"]
    note = f"\n[not kept: it changed {', '.join(lost[:10])}]" if lost else ""
    red = result["exit_code"] != 0
    return Ran(f"{ended}\n{said}{note}", ok=True, seconds=result["seconds"], red=red)


def _ends_of(text: str) -> str:
    if len(text) <= OUTPUT:
        return text
    return f"{text[: OUTPUT // 4]}\n[...]\n{text[-OUTPUT * 3 // 4 :]}"


def told_run(summary: TestSummary, details: int = DETAILS) -> str:
    """A run of tests as a model is told of it."""
    if not summary.ran:
        return f"No tests ran: {_ends_of(summary.tail)}"
    head = f"{summary.passed} passed, {summary.failed} failed, {summary.skipped} skipped"
    parts = [head]
    for one in summary.details[:details]:
        parts.append(f"FAILED {one.id}\n{one.message}\n{_ends_of(one.tail)[-2_500:]}".rstrip())
    if more := summary.failures[details:]:
        parts.append(f"{'Also failed' if details else 'Failed'}: {', '.join(more[:40])}")
    if not summary.ok and not summary.details:
        parts.append(_ends_of(summary.tail))
    return "\n\n".join(parts)


def parses(bench: Bench) -> str:
    """Why a changed Python file does not parse, though it did before; '' where all do."""
    overlay = bench.overlay
    for path in overlay.changes:
        text = overlay.text(path)
        if not path.endswith(".py") or text is None:
            continue
        before = overlay.files.text(path)
        if (problem := _syntax(text)) and not (before and _syntax(before)):
            return f"{path} does not parse: {problem}"
    return ""


def _syntax(text: str) -> str:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return type(error).__name__
    return ""


def within(limits: Limits, seconds_left: float) -> Limits:
    """The limits of a task in what is left of its stage's time (S7)."""
    return replace(limits, seconds=max(1.0, min(limits.seconds, seconds_left)))


def kept(worked: Worked, bench: Bench) -> bool:
    """Whether there is something to keep of work that a limit ended."""
    return worked.end in (Ended.TURNS, Ended.TIME, Ended.SIZE) and bool(bench.overlay.changes)
