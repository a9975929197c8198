"""CODING without a model: the families that are known (S19).

Promises: what was planned is carried out by programs of ours, and counted before and after.
Never: asks a model, or goes on where the count does not become what it should.
"""

from __future__ import annotations

from typing import Any

from bot.families import autofix, known
from bot.families.outcomes import Already
from bot.stages.workroom import Workroom, commit, commit_tree, hand_over
from bot.story.desk import Desk
from bot.story.effects import RunCommand
from bot.story.machine import Story
from bot.texts import reasons


def by_family(story: Story, desk: Desk, room: Workroom) -> None:
    """Carry out the plan of a known family; hands over what does not work."""
    if story.failures:
        raise hand_over(reasons.family_failed(story.failures[-1].message))
    made, task = known.of(story.spec), story.plan.tasks[0]
    if not isinstance(made, autofix.Autofix):
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
