"""Tests of the criteria before the code (S14): seen to fail for the right reason, then read-only.

Promises: only test files are written here; a test that cannot run is repaired once or left out; a
criterion that the repository meets already is seen by passing tests, never by a model's word.
Never: lets the code's author change these tests; a dispute about them brings their author back,
once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.agent import told
from bot.agent.loop import Ended, Limits, Worked
from bot.agent.tool_arguments import Finish
from bot.stages.package import package
from bot.stages.shown import sample_tests
from bot.stages.tasks import Assignment, Bench, carry_out, kept, parses, told_run
from bot.stages.workroom import Workroom, commit_changes, done
from bot.story.desk import Desk
from bot.story.events import Event, Tested
from bot.story.machine import Story
from bot.story.vocabulary import TESTS_TASK, Task, TaskOutcome, TestSummary
from bot.texts import reasons
from bot.workspace.text_files import Files
from policies.red import Red, Verdict, judge

TURNS = 25
_TEST_NAME = re.compile(
    r"test_.*\.py|.*_tests?\.py|tests?\.py|conftest\.py|.*\.(?:test|spec)\.[cm]?[jt]sx?|.*_test\.go"
    r"|.*Tests?\.java|.*_spec\.rb"
)
_TEST_FOLDERS = {"test", "tests", "__tests__", "spec", "specs", "testing"}


def is_test(path: str) -> bool:
    """Whether a path is a test's, or lies with the tests (fixtures, data)."""
    parts = PurePosixPath(path).parts
    return bool(_TEST_NAME.fullmatch(parts[-1])) or bool(_TEST_FOLDERS & set(parts[:-1]))


def criteria_tests(story: Story) -> tuple[str, ...]:
    """The files that the tests of the criteria were written to."""
    written = [c for c in story.commits if c.task.partition("-")[0] == TESTS_TASK]
    return tuple(dict.fromkeys(path for c in written for path in c.files))


def disputed(story: Story) -> bool:
    """Whether the tests were written a second time in this round."""
    return f"{TESTS_TASK}-2" in story.tasks_done


def write_tests(
    story: Story, desk: Desk, room: Workroom, seconds: float, dispute: str = ""
) -> None:
    """Write and commit the tests, or find that none is needed, or that none can be had."""
    task = Task(
        id=f"{TESTS_TASK}-2" if dispute else TESTS_TASK,
        action="modify_file",
        description=reasons.TESTS_DISPUTED if dispute else reasons.TESTS_FIRST,
    )
    given = package(story, room, task)
    before = Files(room.mirror_of(story.repository), story.base_sha)
    targets = [target for one in story.plan.tasks for target in one.targets]
    samples = sample_tests(before, story.spec.dependencies, targets)
    given["examples"] = {p: text for p, text in samples.items() if p not in given["files"]}
    if dispute:
        given |= {"feedback": dispute, "failure": ""}  # the failure is the dispute: said once
    own, accept = criteria_tests(story), _Accept(story, bool(dispute))
    assignment = Assignment(
        purpose="test",
        task=task,
        package=given,
        may=lambda path: _may_write(path, own),
        accept=accept,
        limits=Limits(turns=TURNS, seconds=max(1.0, seconds)),
    )
    worked, bench = carry_out(desk, room, assignment)
    _conclude(desk, room, worked, bench, accept)


def _may_write(path: str, own: tuple[str, ...]) -> str:
    if is_test(path) or path in own:
        return ""
    return told.ONLY_TESTS


def _conclude(desk: Desk, room: Workroom, worked: Worked, bench: Bench, accept: _Accept) -> None:
    """Commit what can run; a story whose tests cannot goes on without own tests, and says so."""
    story, task = desk.story, bench.task
    finished = worked.end is Ended.FINISHED
    files = _runnable(tuple(p for p in bench.overlay.changes if bench.overlay.has(p)))
    if not files or not (finished or kept(worked, bench)):
        said = worked.finish.evidence if worked.finish else worked.why
        desk.note(done(task, TaskOutcome.NO_CHANGE, reasons.no_tests(said), worked))
        return
    if not finished:
        accept.look(bench, files)
    if accept.red in (Red.WRONG, Red.NO_RUN) or accept.summary is None:
        desk.note(done(task, TaskOutcome.NO_CHANGE, reasons.TESTS_LEFT_OUT, worked))
        return
    outcome = TaskOutcome.CHANGED if finished else TaskOutcome.CUT_SHORT
    if worked.finish and worked.finish.outcome == "no_change" and accept.red is Red.PASSES:
        outcome = TaskOutcome.NO_CHANGE
    summary = accept.summary
    ended = done(task, outcome, reasons.red(summary), worked)
    subject = (worked.finish.subject if worked.finish else "") or f"test: {story.spec.title}"

    def also(sha: str) -> tuple[Event, ...]:
        """The draft that was tested has the very files of this commit."""
        at = summary.model_copy(update={"sha": sha})
        return Tested(subject="red", summary=at, regressions=at.failures), ended

    commit_changes(desk, room, task.id, subject, bench.overlay.changes, also=also)


def _runnable(files: tuple[str, ...]) -> tuple[str, ...]:
    """The test files among what was written: data and fixtures are no tests."""
    names = [p for p in files if _TEST_NAME.fullmatch(PurePosixPath(p).name)]
    return tuple(p for p in names if not p.endswith("conftest.py"))


@dataclass
class _Accept:
    """Whether the tester may end: the tests run, and what they show is told once."""

    story: Story
    disputed: bool
    red: Red | None = None
    summary: TestSummary | None = None

    def __call__(self, bench: Bench, finish: Finish) -> str:
        overlay = bench.overlay
        if not overlay.changes:
            no_word = finish.outcome == "changed"
            return bench.once("empty", told.NO_TESTS_WRITTEN) if no_word else ""
        if problem := parses(bench):
            return problem
        files = _runnable(tuple(p for p in overlay.changes if overlay.has(p)))
        if not files:
            return bench.once("files", told.NO_TEST_FILES)
        verdict = self.look(bench, files)
        if verdict.red is Red.RIGHT or (
            verdict.red is Red.PASSES and finish.outcome == "no_change"
        ):
            return ""
        shown = told_run(self.summary) if self.summary else ""
        return bench.once(verdict.red, f"{_problem(verdict.red, verdict.wrong)}\n\n{shown}")

    def look(self, bench: Bench, files: tuple[str, ...]) -> Verdict:
        """Run the tests; with the code there already, red is not asked for any more."""
        self.summary = bench.run_tests(files)
        verdict = judge(self.summary, files, own_modules(self.story, bench.overlay.files))
        if self.disputed and verdict.red is Red.PASSES:
            verdict = Verdict(Red.RIGHT)
        self.red = verdict.red
        return verdict


def _problem(red: Red, wrong: tuple[tuple[str, str], ...]) -> str:
    if red is Red.PASSES:
        return told.GREEN_ALREADY
    if red is Red.NO_RUN:
        return told.TESTS_DO_NOT_RUN
    return told.tests_broken(wrong[:10])


def own_modules(story: Story, files: Files) -> frozenset[str]:
    """Top-level modules of the project, with those that the plan makes."""
    planned = [t for task in story.plan.tasks for t in task.targets] if story.plan else []
    found = set()
    for path in [*files.paths, *planned]:
        parts = PurePosixPath(path).parts
        if parts[0] in ("src", "lib", "python") and len(parts) > 1:
            found.add(parts[1].removesuffix(".py"))
        if path.endswith(".py"):
            found.add(parts[0].removesuffix(".py"))
            if len(parts) > 1:
                found.add(parts[-2])
    return frozenset(found)


def met_already(story: Story) -> str:
    """The evidence that the base meets the criteria already; '' where it is not shown."""
    written, red = story.tasks_done.get(TESTS_TASK), story.tests.get("red")
    if not written or written.outcome is not TaskOutcome.NO_CHANGE:
        return ""
    return reasons.red(red.summary) if red and red.summary.ok and red.summary.passed else ""
