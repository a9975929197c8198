"""The base moved: the branch is replayed on it; what conflicts is tried with both sides (S22).

Promises: commits of other people are never rewritten, the base is merged in beneath them; a model
resolves only the files that conflict, with what each side changed in view, once for each base; the
tests decide, and the pull request says where to look first. What cannot be resolved so is handed
over with the names of the files. Never: leaves a mark of a conflict in a commit.
"""

from __future__ import annotations

import re

from bot.agent import told
from bot.agent.loop import Ended, Limits
from bot.agent.tool_arguments import Finish
from bot.stages.package import package
from bot.stages.tasks import Assignment, Bench, carry_out, parses
from bot.stages.tests_first import criteria_tests
from bot.stages.workroom import Workroom, done, hand_over, message_of
from bot.story.desk import Desk
from bot.story.events import Committed, Rebased
from bot.story.machine import Story
from bot.story.vocabulary import Task, TaskOutcome, Tier
from bot.texts import reasons
from bot.workspace.mirror import Mirror

TASK = "conflict"
MOST_FILES, TURNS, SIDE = 10, 25, 20_000  # SIDE: characters of what one side changed
_MARK = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)


def rebased(story: Story, desk: Desk, room: Workroom) -> bool:
    """Replay the branch on the default branch if that moved; True where the head changed."""
    base = room.fetch(story.repository, story.repository.default_branch)
    mirror = room.mirror_of(story.repository)
    if base == story.base_sha or mirror.is_ancestor(base, story.head_sha):
        return False
    if story.adopted_sha:
        message = f"Merge branch '{story.repository.default_branch}' into {story.branch}"
        moved = mirror.merge(story.head_sha, base, message, room.author, story.state_since)
    else:
        commits = mirror.commits(story.base_sha, story.head_sha)
        moved = mirror.rebase(commits, base, room.author, story.state_since)
    if moved.head is None:
        _resolve(story, desk, room, base)
        return True
    mirror.keep(f"{story.repository.id}/{story.issue}", moved.head)
    desk.note(Rebased(base_sha=base, head_sha=moved.head))
    return True


def _resolve(story: Story, desk: Desk, room: Workroom, base: str) -> None:
    """One try at the files that conflict; StageStops where it does not end well."""
    mirror, head = room.mirror_of(story.repository), story.head_sha
    both = mirror.conflicted(base, head)
    task = Task(
        id=f"{TASK}-{base[:10]}",
        action="modify_file",
        description=reasons.RESOLVE,
        targets=both.conflicts,
    )
    if task.id in story.tasks_done or not _can_be_tried(story, room, mirror, both.tree, task):
        raise hand_over(reasons.conflict(both.conflicts))
    draft = mirror.commit_tree(base, both.tree, "draft", room.author, story.state_since)
    given = package(story, room, task)
    for later in ("failing_tests", "attempts"):
        given.pop(later, None)
    given |= {
        "diff": mirror.diff(story.base_sha, head, both.conflicts)[:SIDE],
        "theirs": mirror.diff(story.base_sha, base, both.conflicts)[:SIDE],
        "failure": reasons.conflict(both.conflicts),
        "kind": TASK,
    }
    assignment = Assignment(
        purpose="repair",
        task=task,
        package=given,
        may=lambda path: "" if path in both.conflicts else told.ONLY_CONFLICTS,
        accept=lambda bench, finish: _accept(bench, finish, both.conflicts),
        limits=Limits(turns=TURNS, seconds=room.settings.coding_seconds),
        at=draft,
    )
    worked, bench = carry_out(desk, room, assignment)
    said = worked.finish
    if worked.end is not Ended.FINISHED or said is None or said.outcome != "changed":
        raise hand_over(reasons.conflict(both.conflicts, said.evidence if said else worked.why))
    tree = mirror.tree_with(draft, bench.overlay.changes)
    subject = said.subject or reasons.RESOLVE_SUBJECT
    message = message_of(story, task.id, subject)
    sha = mirror.commit_tree(base, tree, message, room.author, story.state_since)
    mirror.keep(f"{story.repository.id}/{story.issue}", sha)
    files = tuple(f.path for f in mirror.changed_files(base, sha))
    evidence = reasons.resolved(both.conflicts, said.evidence)
    desk.note(
        Committed(task=task.id, sha=sha, parent=base, message=message, files=files),
        done(task, TaskOutcome.CHANGED, evidence, worked),
        Rebased(base_sha=base, head_sha=sha),
    )


def _can_be_tried(story: Story, room: Workroom, mirror: Mirror, tree: str, task: Task) -> bool:
    """Only text that both sides changed, and no test of the story, which is read-only."""
    if not room.has_model or story.spec.tier is not Tier.MODEL or story.adopted_sha:
        return False
    if len(task.targets) > MOST_FILES or set(task.targets) & set(criteria_tests(story)):
        return False
    read = mirror.read_many(tree, task.targets)
    texts = [read.get(path, b"").decode("utf-8", "replace") for path in task.targets]
    return all(_MARK.search(text) for text in texts)


def _accept(bench: Bench, finish: Finish, conflicts: tuple[str, ...]) -> str:
    if finish.outcome == "cannot":
        return "" if finish.evidence else bench.once("evidence", told.SAY_WHY)
    if finish.outcome != "changed":
        return told.RESOLVE_OR_CANNOT
    left = [path for path in conflicts if _MARK.search(bench.overlay.text(path) or "")]
    if left:
        return told.marks_left(left)
    return bench.once("parses", parses(bench))
