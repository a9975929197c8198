"""What a change holds that only people may change is set aside for them, with its patch (B12).

Promises: the rest of the change goes on without it, on a commit of its own that has those files as
the base has them; the patch is what the change would have been, to the byte. Never: pushes such a
file, or shows one that may hold a secret.
"""

from __future__ import annotations

from bot.stages.workroom import Workroom, commit_changes, hand_over
from bot.story.desk import Desk
from bot.story.events import LeftToPeople
from bot.story.machine import Story
from bot.texts import reasons
from policies.scope import Scope, decide, may_hold_secrets

TASK = "for-people"


def scope_of(story: Story, room: Workroom) -> Scope:
    """The paths that the story may change."""
    config = room.configuration(story.repository)
    return Scope(config.allowed_lists, config.paths.patterns_restricted)


def alone(story: Story, room: Workroom) -> bool:
    """Whether the plan names only what people may change: they get a patch, nothing is verified."""
    planned = tuple(path for task in story.plan.tasks for path in task.targets)
    return bool(planned) and not any(
        decide((path,), scope_of(story, room)).allowed for path in planned
    )


def set_aside(story: Story, desk: Desk, room: Workroom, changed: tuple[str, ...]) -> bool:
    """Take what only people may change out of the change; whether there was anything.

    Raises StageStops where nothing else is left: there is nothing to propose.
    """
    scope = scope_of(story, room)
    theirs = tuple(path for path in changed if not decide((path,), scope).allowed)
    if not theirs:
        return False
    mirror = room.mirror_of(story.repository)
    before = mirror.read_many(story.base_sha, theirs)
    shown = [path for path in theirs if not may_hold_secrets(path)]
    patches = {path: mirror.diff(story.base_sha, story.head_sha, [path]) for path in shown}
    left = LeftToPeople(patches=tuple((path, patches.get(path, "")) for path in theirs))
    if set(theirs) == set(changed):
        desk.note(left)
        raise hand_over(reasons.only_people(theirs))
    subject = "chore: leave to people what only they may change"
    commit_changes(
        desk, room, TASK, subject, {path: before.get(path) for path in theirs}, lambda sha: (left,)
    )
    return True
