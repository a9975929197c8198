"""REVIEWING: a second look at the whole change before the tests decide (S15).

Promises: a known family's change touches exactly what its plan names; a model's review can block,
never pass what the tests or the policies refuse.
"""

from __future__ import annotations

from bot.agent.schemas import findings
from bot.stages.analyze import told_story
from bot.stages.shown import beside, told_diff
from bot.stages.workroom import Workroom, ask, attempt_failed
from bot.story.desk import Desk
from bot.story.events import Reviewed
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.vocabulary import Finding, State, Tier
from bot.texts import reasons
from bot.workspace.text_files import Files
from policies.scope import restricted


def review(story: Story, desk: Desk, room: Workroom) -> Move:
    """Look at the difference between base and head."""
    mirror = room.mirror_of(story.repository)
    changed = tuple(f.path for f in mirror.changed_files(story.base_sha, story.head_sha))
    found = _by_rules(story, changed)
    reviewer = "rules"
    if story.spec.tier is Tier.MODEL and not found:
        limit = room.settings.context_chars
        package = {
            "story": told_story(story),
            "spec": story.spec.model_dump(mode="json"),
            "diff": told_diff(mirror.diff(story.base_sha, story.head_sha), limit),
            **beside(Files(mirror, story.head_sha), changed, limit // 8),
        }
        found = findings(ask(desk, "review", package))
        reviewer = "model"
    desk.note(Reviewed(findings=found, reviewer=reviewer))
    blocking = [f for f in found if f.severity == "blocking"]
    if blocking:
        said = "\n".join(f"{f.path}:{f.line} {f.message}" for f in blocking)
        return attempt_failed(desk, room, State.REVIEWING, "review", said)
    return Move(State.TESTING, "reviewed")


def _by_rules(story: Story, changed: tuple[str, ...]) -> tuple[Finding, ...]:
    """What needs no model to be seen."""
    said = [
        Finding(severity="blocking", message=reasons.RESTRICTED_PATH, path=path, rule="scope")
        for path in restricted(changed)
    ]
    if not changed:
        said.append(Finding(severity="blocking", message=reasons.NO_CHANGE, rule="empty"))
    if story.spec.tier is not Tier.MODEL:
        planned = {t for task in story.plan.tasks for t in task.targets}
        said += [
            Finding(severity="blocking", message=reasons.UNPLANNED, path=path, rule="plan")
            for path in changed
            if planned and path not in planned
        ]
    return tuple(said)
