"""CODING: tests first, then the tasks, a commit each; or the repair of what failed (S13, S14).

Promises: before anything is changed the project's tests run as they are; a known family never asks
a model; the tests of the criteria are read-only for whoever writes the code; work that a limit ends
is kept; a failed attempt changes nothing that was there before it.
"""

from __future__ import annotations

from bot.agent import told
from bot.agent.loop import Ended, Limits, Worked
from bot.agent.tool_arguments import Finish
from bot.stages.by_family import by_family
from bot.stages.for_people import alone
from bot.stages.package import level, package
from bot.stages.protected_tests import protected
from bot.stages.respond import respond
from bot.stages.tasks import Assignment, Bench, carry_out, kept, parses
from bot.stages.tests_first import criteria_tests, disputed, met_already, write_tests
from bot.stages.workroom import (
    Workroom,
    attempt_failed,
    commit_changes,
    done,
    failed,
    hand_over,
    run_tests,
)
from bot.story.desk import Desk, StageStops
from bot.story.events import NothingToDo
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.vocabulary import TESTS_TASK, State, Task, TaskOutcome, Tier
from bot.texts import reasons
from policies.failure_kind import FailureKind


def code(story: Story, desk: Desk, room: Workroom) -> Move:
    """Write the change, or repair it."""
    if story.spec.tier is not Tier.MODEL and alone(story, room):
        by_family(story, desk, room)
        return Move(State.REVIEWING, "written")
    baseline = run_tests(desk, "baseline", story.base_sha)
    if not (baseline.summary.ok or baseline.summary.passed):  # nothing to be verified by
        raise hand_over(reasons.no_baseline(baseline.summary.tail))
    if story.spec.tier is not Tier.MODEL:
        by_family(story, desk, room)
        return Move(State.REVIEWING, "written")
    _test_first(story, desk, room)
    while (task := _next(story)) is not None:
        _work_on(story, desk, room, task)
    respond(story, desk, room)
    if not story.commits:
        said = [d.evidence for d in story.tasks_done.values()]
        raise hand_over(reasons.no_change_unshown(said))
    return Move(State.REVIEWING, "written")


def _test_first(story: Story, desk: Desk, room: Workroom) -> None:
    if not _is_done(story, TESTS_TASK):
        write_tests(story, desk, room, _seconds_left(story, room))
    if evidence := met_already(story):
        desk.note(NothingToDo(sha=story.base_sha, evidence=evidence))
        raise hand_over(reasons.nothing_to_do(evidence))


def _is_done(story: Story, task: str) -> bool:
    return task in story.tasks_done or any(c.task == task for c in story.commits)


def _next(story: Story) -> Task | None:
    """The next task of the plan; else the repair of the last failure, unless that was done."""
    for task in story.plan.tasks:
        if not _is_done(story, task.id):
            return task
    if not _failed_after_plan(story):
        return None
    repair = Task(
        id=f"repair-{story.iteration - 1}",
        action="modify_file",
        description=reasons.REPAIR,
        targets=tuple(dict.fromkeys(f for c in story.commits for f in c.files)),
    )
    return None if _is_done(story, repair.id) else repair


def _failed_after_plan(story: Story) -> bool:
    """Whether the last failure was seen by a later stage: what failed here is tried again here."""
    failures = story.failures[story.planned_at :]
    return bool(failures) and failures[-1].stage is not State.CODING


def _seconds_left(story: Story, room: Workroom) -> float:
    """Of the stage's time, by what the journal says was used (S7)."""
    used = sum(d.seconds for name, d in story.tasks_done.items() if not name.startswith("repair-"))
    return room.settings.coding_seconds - used


def _work_on(story: Story, desk: Desk, room: Workroom, task: Task) -> None:
    """One task, to its commit, or to a failed attempt; StageStops where that was the last."""
    repair = task.id.startswith("repair-")
    seconds = room.settings.coding_seconds if repair else _seconds_left(story, room)
    if seconds <= 0:
        raise hand_over(reasons.out_of_time(room.settings.coding_seconds, len(story.commits)))
    tests = protected(story, room.mirror_of(story.repository))
    assignment = Assignment(
        purpose="repair" if repair else "code",
        task=task,
        package=package(story, room, task),
        may=lambda path: told.READ_ONLY_TEST if tests.whole(path) else "",
        keeps=lambda path, text: told.READ_ONLY_PARTS if tests.harmed(path, text) else "",
        accept=lambda bench, finish: _accept(story, bench, finish),
        limits=Limits(turns=room.settings.task_turns, seconds=seconds),
        attempt=max(1, level(story)),
    )
    worked, bench = carry_out(desk, room, assignment)
    said = worked.finish
    if said is not None and said.outcome == "tests_wrong":
        if bench.overlay.changes:  # the dispute is about the tests: the code is not written twice
            _keep(desk, room, worked, bench)
        _dispute(story, desk, room, said.evidence)
    elif said is not None and said.outcome == "cannot":
        _cannot(desk, room, said.evidence)
    elif worked.end is Ended.FINISHED or kept(worked, bench):
        _keep(desk, room, worked, bench)
    else:
        _failed(desk, room, worked.end.value, worked.why)


def _accept(story: Story, bench: Bench, finish: Finish) -> str:
    """Why the task cannot end so, by what the files show; '' where it can."""
    changed = tuple(bench.overlay.changes)
    match finish.outcome:
        case "tests_wrong" if disputed(story) or not criteria_tests(story):
            return told.TESTS_STAY
        case "tests_wrong" | "cannot" if not finish.evidence:
            return bench.once("evidence", told.SAY_WHY)
        case "cannot":
            return ""
        case "no_change" if changed:
            return told.changed_though(changed)
        case "changed" if not changed:
            return bench.once("empty", told.NOTHING_CHANGED)
    return bench.once("parses", parses(bench)) if changed else ""


def _keep(desk: Desk, room: Workroom, worked: Worked, bench: Bench) -> None:
    """Commit what there is, and say by what it ended."""
    task, changes = bench.task, bench.overlay.changes
    if not changes:
        said = worked.finish.evidence if worked.finish else ""
        desk.note(done(task, TaskOutcome.NO_CHANGE, reasons.said_no_change(said), worked))
        return
    finished = worked.end is Ended.FINISHED
    outcome = TaskOutcome.CHANGED if finished else TaskOutcome.CUT_SHORT
    evidence = reasons.changed(tuple(changes)) if finished else reasons.cut_short(worked.why)
    kind = "fix" if desk.story.spec.story_type == "bugfix" else "feat"
    kind = "fix" if task.id.startswith("repair-") else kind
    subject = (worked.finish.subject if worked.finish else "") or f"{kind}: {task.description}"
    ended = done(task, outcome, evidence, worked)
    commit_changes(desk, room, task.id, subject, changes, also=lambda sha: (ended,))


def _failed(desk: Desk, room: Workroom, kind: str, why: str) -> None:
    """Note a failed attempt at a task; the next one begins here, in a new conversation."""
    move = attempt_failed(desk, room, State.CODING, kind, why)
    if move.to is not State.CODING:
        raise StageStops(move)
    desk.note(*move.events)


def _dispute(story: Story, desk: Desk, room: Workroom, evidence: str) -> None:
    """The tests' author looks at them once more; then the code goes on."""
    desk.note(failed(story, State.CODING, "tests_wrong", evidence))
    write_tests(story, desk, room, room.settings.coding_seconds, dispute=evidence)


def _cannot(desk: Desk, room: Workroom, evidence: str) -> None:
    """What cannot be done as planned is planned anew, once; then it is people's (§9.1)."""
    story = desk.story
    failure = failed(story, State.CODING, FailureKind.ARCHITECTURAL, evidence)
    if story.plans > 1:
        raise StageStops(Move(State.FAILED, reasons.cannot(evidence), events=(failure,)))
    raise StageStops(Move(State.PLANNING, "replan", events=(failure,)))
