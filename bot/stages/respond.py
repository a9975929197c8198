"""A round of review: a change for what reviewers ask, and one answer to each of them (W10).

Promises: every remark of the round gets exactly one answer, whatever ends the work; "fixed" stands
only beside a commit that is there, and says so where it is not at the remark's place; answers are
posted once the commit is on GitHub. Never: lets a remark reach a model but as data.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from bot.agent import told
from bot.agent.loop import Ended, Limits, Worked
from bot.agent.shown_markdown import shown
from bot.agent.tool_arguments import Finish
from bot.stages.package import package
from bot.stages.tasks import Assignment, Bench, carry_out, kept, parses
from bot.stages.tests_first import criteria_tests
from bot.stages.workroom import Workroom, attempt_failed, commit_changes, done
from bot.story.desk import Desk, StageStops
from bot.story.events import RemarksAnswered
from bot.story.machine import Story
from bot.story.performer import Refused
from bot.story.review_events import Reply
from bot.story.reviewing import review_reply
from bot.story.vocabulary import REVIEW_TASK, Remark, State, Task, TaskOutcome
from bot.texts import reasons, review
from bot.workspace.mirror import Mirror
from bot.workspace.reading import NotFound
from bot.workspace.text_files import Files
from policies.reviews import optional, touched

log = logging.getLogger(__name__)


def respond(story: Story, desk: Desk, room: Workroom) -> None:
    """Answer the remarks of the round under way; until it is done, or StageStops."""
    while remarks := story.remarks_now:
        _work_on(story, desk, room, remarks)


def _work_on(story: Story, desk: Desk, room: Workroom, remarks: tuple[Remark, ...]) -> None:
    there = Files(room.mirror_of(story.repository), story.head_sha).known
    task = Task(
        id=f"{REVIEW_TASK}-{story.review_rounds}",
        action="modify_file",
        description=reasons.RESPOND,
        targets=tuple(dict.fromkeys(r.path for r in remarks if r.path in there)),
    )
    given = package(story, room, task)
    for later in ("failure", "failing_tests", "attempts", "kind", "known_fix"):
        given.pop(later, None)
    given["remarks"] = [_told(number, one) for number, one in enumerate(remarks, 1)]
    asked_of = {remark.path for remark in remarks}
    tests = set(criteria_tests(story)) - asked_of
    assignment = Assignment(
        purpose="respond",
        task=task,
        package=given,
        may=lambda path: told.TEST_OF_STORY if path in tests else "",
        accept=_Accept(remarks),
        limits=Limits(turns=room.settings.task_turns, seconds=room.settings.coding_seconds),
    )
    worked, bench = carry_out(desk, room, assignment)
    if worked.end is Ended.FINISHED or kept(worked, bench):
        _keep(desk, room, worked, bench, remarks)
        return
    move = attempt_failed(desk, room, State.CODING, worked.end.value, worked.why)
    if move.to is not State.CODING:
        raise StageStops(move)
    desk.note(*move.events)


def _told(number: int, remark: Remark) -> dict[str, Any]:
    """A remark as the model gets it."""
    parts = {
        "id": f"R{number}",
        "by": remark.person.login,
        "text": shown(remark.text),  # what a person sees of it
        "path": remark.path,
        "line": remark.line,
        "start_line": remark.start_line,
        "hunk": remark.hunk[-3_000:],
        "outdated": remark.outdated,
        "optional": optional(remark.text),
        "changes_requested": remark.blocking,
        "before": [
            {"by": one.by, "ours": one.ours, "text": shown(one.text)} for one in remark.before
        ],
    }
    return {name: value for name, value in parts.items() if value}


class _Accept:
    """Whether the round may end: one answer to each remark, and what is called fixed is changed."""

    def __init__(self, remarks: Sequence[Remark]) -> None:
        self._ids = [f"R{number}" for number in range(1, len(remarks) + 1)]

    def __call__(self, bench: Bench, finish: Finish) -> str:
        if finish.outcome == "tests_wrong":
            return told.DECLINE_INSTEAD
        changed = tuple(bench.overlay.changes)
        if finish.outcome in ("no_change", "cannot") and changed:
            return told.changed_though(changed)
        if finish.outcome == "changed" and not changed:
            return bench.once("empty", told.NOTHING_CHANGED)
        named = [reply.remark for reply in finish.replies]
        missing = [name for name in self._ids if name not in named]
        odd = [name for name in named if name not in self._ids or named.count(name) > 1]
        empty = [reply.remark for reply in finish.replies if not reply.text.strip()]
        problem = told.replies_wrong(missing, odd, empty)
        if problem and (again := bench.once(problem, problem)):
            return again
        fixed = [reply.remark for reply in finish.replies if reply.outcome == "fixed"]
        if fixed and not changed:
            return told.nothing_fixed(fixed)
        return bench.once("parses", parses(bench)) if changed else ""


def _keep(
    desk: Desk, room: Workroom, worked: Worked, bench: Bench, remarks: Sequence[Remark]
) -> None:
    """Commit what there is, with what is said to each remark in the same breath."""
    changes, task = bench.overlay.changes, bench.task
    said = {reply.remark: reply for reply in (worked.finish.replies if worked.finish else ())}
    named = [(said.get(f"R{number}"), remark) for number, remark in enumerate(remarks, 1)]
    if not changes:
        ended = done(task, TaskOutcome.NO_CHANGE, review.answered_without_change(), worked)
        desk.note(ended, _answers(task, named, "", ()))
        return
    finished = worked.end is Ended.FINISHED
    outcome = TaskOutcome.CHANGED if finished else TaskOutcome.CUT_SHORT
    evidence = reasons.changed(tuple(changes)) if finished else reasons.cut_short(worked.why)
    subject = (worked.finish.subject if worked.finish else "") or reasons.RESPOND_SUBJECT
    ended = done(task, outcome, evidence, worked)
    mirror, before = room.mirror_of(desk.story.repository), desk.story.head_sha

    def also(sha: str) -> tuple[Any, ...]:
        return ended, _answers(task, named, mirror.diff(before, sha), tuple(changes))

    commit_changes(desk, room, task.id, subject, changes, also=also)


def _answers(
    task: Task, named: Sequence[Any], diff: str, files: tuple[str, ...]
) -> RemarksAnswered:
    """What the model said, held against what the repository shows."""
    replies = []
    for said, remark in named:
        here = bool(diff) and touched(remark, diff)
        outcome = said.outcome if said else ("fixed" if here else "left")
        replies.append(
            Reply(
                remark=remark.id,
                outcome="answered" if outcome == "fixed" and not diff else outcome,
                text=said.text[:4_000] if said else "",
                task=task.id,
                touched=here,
                files=files,
            )
        )
    return RemarksAnswered(replies=tuple(replies))


def say_answers(story: Story, desk: Desk, room: Workroom) -> None:
    """Post the answers that are due, each once; a thread that cannot be answered stops nothing."""
    mirror = room.mirror_of(story.repository)
    for remark in story.remarks_unsaid:
        reply = story.replies.get(remark.id)
        if reply is None:
            continue
        body = review.reply(remark, reply, _landed(story, mirror, remark, reply))
        try:
            desk.do(review_reply(story, remark, body))
        except Refused as refused:  # kept in the journal; the work is not held up by it
            log.warning("not answered", extra={"remark": remark.id, "why": str(refused)})


def _landed(story: Story, mirror: Mirror, remark: Remark, reply: Reply) -> str:
    """The commit of an answer on the branch as it is now; '' where nothing of it is left."""
    made = next((c for c in story.commits if c.task == reply.task), None)
    if made is None or not reply.files:
        return ""
    try:
        here = reply.touched and remark.path in reply.files
        paths = [remark.path] if here else list(reply.files)
        then, now = (mirror.read_many(at, paths) for at in (story.review_head, story.head_sha))
    except NotFound:  # tidied away since: it cannot be compared
        then, now = {}, {"": b""}
    if then == now:
        return ""
    if mirror.is_ancestor(made.sha, story.head_sha):
        return made.sha
    since = mirror.commits(story.base_sha, story.head_sha)  # replayed on a newer base
    same = [sha for sha in since if mirror.message(sha).strip() == made.message.strip()]
    joined = [c.sha for c in story.commits if c.task.startswith("conflict-")]  # all in one
    return (same or [sha for sha in joined if mirror.is_ancestor(sha, story.head_sha)] or [""])[-1]
