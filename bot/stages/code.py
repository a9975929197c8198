"""CODING: tests first, then the tasks, a commit each; or the repair of what failed (S13, S14).

Promises: before anything is changed the project's tests run as they are; a known family never asks
a model; what a model writes goes through checked edits, and a failed attempt changes nothing that
was there before it.
"""

from __future__ import annotations

from typing import Any

from bot.agent.context import select
from bot.agent.edits import EditError, apply_edits
from bot.families import autofix, bump, known
from bot.families.outcomes import Already
from bot.stages.analyze import full_text, said, told_story
from bot.stages.workroom import (
    Workroom,
    ask,
    attempt_failed,
    commit,
    commit_tree,
    hand_over,
    run_tests,
)
from bot.story.desk import Desk, StageStops
from bot.story.effects import RunCommand
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.vocabulary import FileChange, State, Task, Tier
from bot.texts import reasons
from bot.workspace.mirror import NothingChanged
from bot.workspace.text_files import Files

TESTS_TASK = "tests"


def code(story: Story, desk: Desk, room: Workroom) -> Move:
    """Write the change, or repair it."""
    baseline = run_tests(desk, "baseline", story.base_sha)
    if not baseline.summary.ran:
        raise hand_over(reasons.no_baseline(baseline.summary.tail))
    if story.spec.tier is not Tier.MODEL:
        _by_family(story, desk, room)
    elif story.failures:
        _repair(story, desk, room)
    else:
        _write(story, desk, room)
    return Move(State.REVIEWING, "written")


def _by_family(story: Story, desk: Desk, room: Workroom) -> None:
    if story.failures:
        raise hand_over(reasons.family_failed(story.failures[-1].message))
    made, task = known.of(story.spec), story.plan.tasks[0]
    if isinstance(made, bump.Bump):
        if not story.commits:
            commit(desk, room, task.id, made.subject, made.changes)
        return
    _autofix(story, desk, room, made)


def _autofix(story: Story, desk: Desk, room: Workroom, made: autofix.Autofix) -> None:
    """Count, fix, count again: the counts are the criterion's proof."""
    before = _tool(desk, story.base_sha, made.count, "count before")
    head = story.base_sha
    for number, step in enumerate(made.fix, 1):
        result = _tool(desk, head, step, f"fix {number}")
        if not result["changed"]:
            continue
        task = f"task-1.{number}" if len(made.fix) > 1 else "task-1"
        done = next((c for c in story.commits if c.task == task), None)
        head = done.sha if done else commit_tree(desk, room, task, made.subject, result["tree"])
    after = _tool(desk, head, made.count, "count after")
    judged = _judged(made, before, after)
    if isinstance(judged, Already):
        raise hand_over(reasons.already(judged.message, judged.evidence))
    if not judged.complete:
        left = [f"{f.path}:{f.line} {f.rule} {f.message}" for f in judged.left]
        raise hand_over(reasons.not_all_fixed(judged.before, judged.after, left))


def _judged(
    made: autofix.Autofix, before: dict[str, Any], after: dict[str, Any]
) -> autofix.Judged | Already:
    if made.by_exit_code:
        return autofix.judge_format(before["exit_code"], after["exit_code"])
    try:
        return autofix.judge(before["output"], after["output"])
    except ValueError as error:
        raise hand_over(reasons.unreadable_report(str(error))) from error


def _tool(desk: Desk, sha: str, step: autofix.Step, purpose: str) -> dict[str, Any]:
    return desk.do(
        RunCommand(
            key=desk.key("run_command", purpose.replace(" ", "-")),
            repository=desk.story.repository,
            sha=sha,
            argv=(step.tool, *step.arguments),
            purpose=purpose,
        )
    )


def _write(story: Story, desk: Desk, room: Workroom) -> None:
    """First attempt: the criteria's tests, seen to fail, then each task of the plan."""
    done = {c.task for c in story.commits}
    if TESTS_TASK not in done:
        tests = Task(id=TESTS_TASK, action="modify_file", description=reasons.TESTS_FIRST)
        _task(story, desk, room, "test", tests)
    if story.commits:
        run_tests(desk, "red", story.commits[0].sha)
    for task in story.plan.tasks:
        if task.id not in {c.task for c in story.commits}:
            _task(story, desk, room, "code", task)


def _repair(story: Story, desk: Desk, room: Workroom) -> None:
    task = Task(
        id=f"repair-{story.iteration - 1}",
        action="modify_file",
        description=reasons.REPAIR,
        targets=tuple(dict.fromkeys(f for c in story.commits for f in c.files)),
    )
    if task.id not in {c.task for c in story.commits}:
        _task(story, desk, room, "repair", task)


def _task(story: Story, desk: Desk, room: Workroom, purpose: str, task: Task) -> None:
    """Ask for one task's edits, twice at most, and commit them."""
    head = story.head_sha or story.base_sha
    files = Files(room.mirror_of(story.repository), head)
    package = _package(story, room, files, task)
    for attempt in (1, 2, 3):
        answer = ask(desk, purpose, package, task.id, attempt=attempt)
        if answer.need_files and not answer.edits:
            wanted = {p: files.text(p) for p in answer.need_files if p in files.known}
            package = {**package, "files": {**package["files"], **wanted}}
            continue
        try:
            changes = apply_edits(files.text, answer.edits)
            _commit_edits(desk, room, purpose, task, answer.subject, changes)
        except (EditError, NothingChanged) as error:
            package = {**package, "feedback": str(error)}
            continue
        return
    raise StageStops(
        attempt_failed(desk, room, State.CODING, "edit", str(package.get("feedback", "")))
    )


def _commit_edits(
    desk: Desk,
    room: Workroom,
    purpose: str,
    task: Task,
    subject: str,
    changes: tuple[FileChange, ...],
) -> None:
    if not changes and purpose == "test":
        return  # the story may need no new test: the plan says so by writing none
    kind = {"test": "test", "repair": "fix"}.get(purpose)
    fallback = "fix" if desk.story.spec.story_type == "bugfix" else "feat"
    commit(desk, room, task.id, subject or f"{kind or fallback}: {task.description}", changes)


def _package(story: Story, room: Workroom, files: Files, task: Task) -> dict:
    query = "\n".join([story.title, full_text(story), task.description, *task.targets])
    chosen = select(files.paths, files.text, query, room.settings.context_chars)
    for path in task.targets:
        if path in files.known:
            chosen[path] = files.text(path)
    return {
        "story": told_story(story),
        "answers": said(story),
        "spec": story.spec.model_dump(mode="json"),
        "plan": story.plan.model_dump(mode="json"),
        "task": task.model_dump(mode="json"),
        "files": chosen,
        "failure": "\n\n".join(f.message for f in story.failures[-3:]),
        "tree": files.listing(),
    }
