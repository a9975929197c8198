"""The base moved: the branch is replayed on it; what conflicts is tried with both sides (S22).

Promises: commits of other people are never rewritten, the base is merged in beneath them; what
came out before comes out so again (`remembered`); a model resolves only the other files that
conflict, with what each side changed in view, once for each base; the tests decide, and the pull
request says where to look first. What cannot be resolved so is handed over with the names of the
files. Never: leaves a mark of a conflict in a commit.
"""

from __future__ import annotations

import re

from bot.agent import told
from bot.agent.loop import Ended, Limits, Worked
from bot.agent.tool_arguments import Finish
from bot.stages import remembered
from bot.stages.package import package
from bot.stages.tasks import Assignment, Bench, carry_out, parses
from bot.stages.tests_first import criteria_tests
from bot.stages.workroom import Workroom, done, hand_over, message_of
from bot.story.desk import Desk
from bot.story.events import Committed, ConflictMet, Rebased
from bot.story.machine import Story
from bot.story.vocabulary import Task, TaskOutcome, Tier
from bot.texts import reasons
from bot.workspace.mirror import Conflicted, Mirror, NothingChanged
from bot.workspace.paths import PathRefused

TURNS, SIDE = 25, 20_000  # SIDE: characters of what one side changed
_NO_WORK = Worked(Ended.FINISHED, turns=0, seconds=0.0)
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
        id=remembered.task_of(base),
        action="modify_file",
        description=reasons.RESOLVE,
        targets=both.conflicts,
    )
    if task.id in story.tasks_done:
        raise hand_over(reasons.conflict(both.conflicts))
    met = _met(story, desk, room, base, both)
    left = tuple(path for path in both.conflicts if path not in met.remembered)
    if not met.tree or (left and not room.has_model):
        raise hand_over(reasons.conflict(both.conflicts))
    evidence = [reasons.remembered(met.remembered)] if met.remembered else []
    evidence += [] if both.conflicts else [reasons.TOGETHER]
    tree, subject, worked = met.tree, reasons.RESOLVE_SUBJECT, None
    if left:
        worked, bench = _by_model(desk, room, task.model_copy(update={"targets": left}), base, tree)
        said = worked.finish
        if worked.end is not Ended.FINISHED or said is None or said.outcome != "changed":
            raise hand_over(reasons.conflict(left, said.evidence if said else worked.why))
        tree = mirror.tree_with(tree, bench.overlay.changes)
        subject = said.subject or subject
        evidence.append(reasons.resolved(left, said.evidence))
    message = message_of(story, task.id, subject)
    try:
        sha = mirror.commit_tree(base, tree, message, room.author, story.state_since)
    except NothingChanged:
        raise hand_over(reasons.conflict(both.conflicts, reasons.NOTHING_LEFT)) from None
    mirror.keep(f"{story.repository.id}/{story.issue}", sha)
    files = tuple(f.path for f in mirror.changed_files(base, sha))
    desk.note(
        Committed(task=task.id, sha=sha, parent=base, message=message, files=files),
        done(task, TaskOutcome.CHANGED, "; ".join(evidence), worked or _NO_WORK),
        Rebased(base_sha=base, head_sha=sha),
    )


def _met(story: Story, desk: Desk, room: Workroom, base: str, both: Conflicted) -> ConflictMet:
    """The conflict as the journal has it: what is remembered of it is looked up once."""
    head = story.head_sha
    for known in story.conflicts:
        if (known.base_sha, known.head_sha) == (base, head):
            return known
    met = ConflictMet(base_sha=base, head_sha=head)
    if _can_be_tried(story, room.mirror_of(story.repository), both):
        tree, again = remembered.recalled(story, room, both)
        met = met.model_copy(update={"files": both.conflicts, "remembered": again, "tree": tree})
    desk.note(met)
    return met


def _by_model(desk: Desk, room: Workroom, task: Task, base: str, tree: str) -> tuple[Worked, Bench]:
    """The files of `task` in `tree`, with what each side changed in view."""
    story, paths = desk.story, task.targets
    mirror = room.mirror_of(story.repository)
    draft = mirror.commit_tree(base, tree, "draft", room.author, story.state_since)
    given = package(story, room, task)
    for later in ("failing_tests", "attempts"):
        given.pop(later, None)
    given |= {
        "diff": mirror.diff(story.base_sha, story.head_sha, paths)[:SIDE],
        "theirs": mirror.diff(story.base_sha, base, paths)[:SIDE],
        "failure": reasons.conflict(paths),
        "kind": remembered.TASK,
    }
    assignment = Assignment(
        purpose="repair",
        task=task,
        package=given,
        may=lambda path: "" if path in paths else told.ONLY_CONFLICTS,
        accept=lambda bench, finish: _accept(bench, finish, paths),
        limits=Limits(turns=TURNS, seconds=room.settings.coding_seconds),
        at=draft,
    )
    return carry_out(desk, room, assignment)


def _can_be_tried(story: Story, mirror: Mirror, both: Conflicted) -> bool:
    """Only text that both sides changed, and no test of the story, which is read-only."""
    paths = both.conflicts
    if story.spec.tier is not Tier.MODEL or story.adopted_sha:
        return False
    if len(paths) > remembered.MOST_FILES or set(paths) & set(criteria_tests(story)):
        return False
    try:
        read = mirror.read_many(both.tree, paths)
    except PathRefused:
        return False
    texts = [read.get(path, b"").decode("utf-8", "replace") for path in paths]
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
