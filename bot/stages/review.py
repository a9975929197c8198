"""REVIEWING: a second look at the whole change before the tests decide (S15).

Promises: a known family's change touches exactly what its plan names; the tests of the criteria are
what they were when they were seen to fail; a model reads only a change whose tests pass, with all
of the functions that changed; its review can block, never pass what the tests or the policies
refuse; its suggestions are applied once, and kept only with green tests.
"""

from __future__ import annotations

from bot.agent.loop import Ended, Limits
from bot.agent.schemas import findings
from bot.stages.analyze import told_story
from bot.stages.flaky import again
from bot.stages.for_people import set_aside
from bot.stages.package import characters, package, told_spec
from bot.stages.protected_tests import protected, text_of
from bot.stages.shown import beside, told_diff
from bot.stages.tasks import Assignment, Bench, carry_out, parses, told_run
from bot.stages.test import tests_failed
from bot.stages.workroom import (
    Workroom,
    ask,
    attempt_failed,
    broken,
    broken_by,
    commit_changes,
    done,
    run_tests,
)
from bot.story.desk import Desk
from bot.story.events import Reviewed
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.vocabulary import Finding, State, Task, TaskOutcome, Tier
from bot.texts import reasons
from bot.workspace.text_files import Files

POLISH = "polish"
POLISH_TURNS = 15


def review(story: Story, desk: Desk, room: Workroom) -> Move:
    """Look at the difference between base and head."""
    if story.review_rounds and story.head_sha == story.pushed_sha:
        return Move(State.TESTING, "answered without a change")
    mirror = room.mirror_of(story.repository)
    changed = tuple(f.path for f in mirror.changed_files(story.base_sha, story.head_sha))
    if set_aside(story, desk, room, changed):
        changed = tuple(f.path for f in mirror.changed_files(story.base_sha, story.head_sha))
    found = _by_rules(story, room, changed)
    reviewer = "rules"
    if story.spec.tier is Tier.MODEL and not found:
        limit = room.settings.context_chars
        tested = again(desk, run_tests(desk, "head", story.head_sha))
        if problem := broken(story, tested):  # nobody has to read what does not work
            return tests_failed(story, desk, room, problem, tested)
        diff = mirror.diff(story.base_sha, story.head_sha)
        package = {
            "story": told_story(story),
            "spec": told_spec(story.spec),
            "tests": _tests(story),
            "diff": told_diff(diff, limit),
            **beside(Files(mirror, story.head_sha), changed, diff, _around(story, limit)),
        }
        found = findings(ask(desk, "review", package))
        reviewer = "model"
    if not _noted_already(story, found):
        desk.note(Reviewed(findings=found, reviewer=reviewer))
    blocking = [f for f in found if f.severity == "blocking"]
    if blocking:
        said = "\n".join(map(_line, blocking))
        return attempt_failed(desk, room, State.REVIEWING, "review", said)
    wanted = tuple(f for f in found if f.severity == "suggestion")
    if wanted and POLISH not in story.tasks_done:
        _polish(story, desk, room, wanted)
    return Move(State.TESTING, "reviewed")


def _around(story: Story, limit: int) -> int:
    """Characters for what tests and uses the changed files."""
    return max(6_000, characters(story.spec, limit) // 8)


def _tests(story: Story) -> str:
    """What the tests showed, for who judges the change."""
    red, lines = story.tests.get("red"), [told_run(story.tests["head"].summary)]
    if red:
        lines.append(f"Tests of the story, before the change: {told_run(red.summary, details=0)}")
    return "\n\n".join(lines)


def _noted_already(story: Story, found: tuple[Finding, ...]) -> bool:
    """Whether this stage noted it before it was interrupted."""
    last = story.reviews[-1] if story.reviews else None
    return last is not None and last.findings == found and POLISH in story.tasks_done


def _line(finding: Finding) -> str:
    return f"{finding.path}:{finding.line} {finding.message}"


def _by_rules(story: Story, room: Workroom, changed: tuple[str, ...]) -> tuple[Finding, ...]:
    """What needs no model to be seen."""
    said = []
    if not changed:
        said.append(Finding(severity="blocking", message=reasons.NO_CHANGE, rule="empty"))
    if story.spec.tier is not Tier.MODEL:
        planned = {t for task in story.plan.tasks for t in task.targets}
        said += [
            Finding(severity="blocking", message=reasons.UNPLANNED, path=path, rule="plan")
            for path in changed
            if planned and path not in planned
        ]
    said += [
        Finding(severity="blocking", message=reasons.TEST_CHANGED, path=path, rule="criteria-tests")
        for path in _changed_tests(story, room)
    ]
    return tuple(said)


def _changed_tests(story: Story, room: Workroom) -> tuple[str, ...]:
    """Files whose tests of the criteria are not any more what their author wrote."""
    mirror = room.mirror_of(story.repository)
    tests = protected(story, mirror)
    now = mirror.read_many(story.head_sha, tuple(tests.files))
    return tuple(path for path in tests.files if tests.harmed(path, text_of(now, path)))


def _polish(story: Story, desk: Desk, room: Workroom, wanted: tuple[Finding, ...]) -> None:
    """Apply suggestions to a draft; it is committed where its tests are green (S15)."""
    task = Task(
        id=POLISH,
        action="modify_file",
        description=reasons.POLISH,
        targets=tuple(dict.fromkeys(f.path for f in wanted if f.path)),
    )
    given = package(story, room, task)
    for later in ("failure", "failing_tests", "attempts", "known_fix"):
        given.pop(later, None)
    given["suggestions"] = [f.model_dump(mode="json") for f in wanted]
    tests = protected(story, room.mirror_of(story.repository))
    assignment = Assignment(
        purpose="repair",
        task=task,
        package=given,
        may=lambda path: reasons.TEST_CHANGED if tests.whole(path) else "",
        keeps=lambda path, text: reasons.TEST_CHANGED if tests.harmed(path, text) else "",
        accept=lambda bench, finish: bench.once("parses", parses(bench)),
        limits=Limits(turns=POLISH_TURNS, seconds=room.settings.coding_seconds / 4),
    )
    worked, bench = carry_out(desk, room, assignment)
    changes = bench.overlay.changes
    if worked.end is not Ended.FINISHED or not changes:
        desk.note(done(task, TaskOutcome.NO_CHANGE, reasons.NOT_POLISHED, worked))
    elif problem := _red(story, bench):
        evidence = reasons.polish_broke(problem)
        desk.note(done(task, TaskOutcome.NO_CHANGE, evidence, worked))
    else:
        subject = worked.finish.subject if worked.finish else ""
        ended = done(task, TaskOutcome.CHANGED, reasons.changed(tuple(changes)), worked)
        commit_changes(
            desk,
            room,
            task.id,
            subject or reasons.POLISH_SUBJECT,
            changes,
            also=lambda sha: (ended,),
        )


def _red(story: Story, bench: Bench) -> str:
    """What the tests have against the draft."""
    bench.number += 1
    return broken_by(story, bench.run_tests())
