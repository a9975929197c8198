"""The story as a fold of its events (S2).

Promises: `fold` is the only writer of a `Story`, so two readers of one journal see the same story;
an edge that is not declared cannot be folded. Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import singledispatch
from typing import Any, get_args

from bot.story import events as e
from bot.story.edges import UndeclaredEdge, check_edge
from bot.story.performed import performed
from bot.story.repository_events import RepositoryEvent
from bot.story.story import Story
from bot.story.vocabulary import TERMINAL, TESTS_TASK, State
from bot.story.withdrawals import withdraw, withdraw_automatic, withdraw_of_other_heads
from policies.standing import DRY_RUN

__all__ = ["Story", "apply", "fold"]


def fold(stream: str, recorded: Iterable[Any]) -> Story:
    """The story that `recorded` (things with .seq, .at and .event, in order) tell of."""
    story = Story(stream)
    for record in recorded:
        apply(story, record.event, record.at)
        story.version = record.seq
    return story


def apply(story: Story, event: e.Event, at: datetime) -> None:
    """Let one more event happen to `story`."""
    _apply(event, story, at)


@singledispatch
def _apply(event: Any, story: Story, at: datetime) -> None:
    raise TypeError(f"no fold for {type(event).__name__}")


def _keeps_no_state(event: Any, story: Story, at: datetime) -> None:
    """Evidence only: the journal keeps it, the story does not change."""


for _kind in (
    e.ApprovalRefused,
    e.EffectSuperseded,  # nothing was shown
    *get_args(RepositoryEvent),  # bot.story.repositories folds them
    *get_args(e.ApiEvent),  # of streams that hold no story
    *get_args(e.ItemEvent),
    e.TodoEvent,  # bot.backlog.todo.ledger folds it
    *get_args(e.TicketEvent),  # bot.backlog.tracker.ledger folds them
    *get_args(e.DashboardEvent),
    *get_args(e.PublishedEvent),
):
    _apply.register(_kind, _keeps_no_state)


@_apply.register
def _(event: e.StoryReceived, story: Story, at: datetime) -> None:
    story.repository = event.repository
    story.issue = event.issue
    story.title, story.body = event.title, event.body
    story.author, story.requester = event.author, event.requester
    story.received_at = story.state_since = at
    story.asked_at = None if event.requester.is_bot else at
    story.timeline.append((at, State.RECEIVED))


@_apply.register
def _(event: e.RepositoryMoved, story: Story, at: datetime) -> None:
    story.repository = event.repository


@_apply.register
def _(event: e.StoryEdited, story: Story, at: datetime) -> None:
    story.title, story.body = event.title, event.body
    story.editors.add(event.editor.id)
    story.changed_at = at
    story.text_version += 1


@_apply.register
def _(event: e.Transitioned, story: Story, at: datetime) -> None:
    check_edge(event.source, event.target)
    if event.source is not story.state:
        raise UndeclaredEdge(story.state, event.target)
    story.state, story.state_since, story.waiting = event.target, at, event.waiting
    story.faults = 0
    story.claim = None if event.source in TERMINAL else story.claim  # it was given back
    story.timeline.append((at, event.target))
    if event.target is State.FAILED:
        story.failure_reason = event.reason
    if event.target is State.ANALYZING:
        _begin_again(story)


def _begin_again(story: Story) -> None:
    """A (new) analysis forgets what the one before it found, never what people said."""
    story.round += 1
    story.failures.clear()
    story.answers_used = len(story.answers)
    if story.rejected:
        story.dispute = story.rejected.reason
    story.retry = story.cancel = story.handoff_asked = story.pause = story.rejected = None
    story.handoff, story.failure_reason = None, ""
    story.spec = story.plan = story.split = None
    story.tests.clear()
    story.approvals.clear()
    story.withdrawals.clear()
    story.auto_approved = None
    story.commits.clear()
    story.left_to_people.clear()
    story.tasks_done.clear()
    story.plans, story.planned_at, story.nothing_to_do = 0, 0, None
    story.head_sha, story.merged_sha, story.foreign_head = "", "", False
    if story.adopted_sha:  # what begins anew is not on top of theirs: it may not replace it
        story.pushed_sha, story.adopted_sha, story.own_sha = story.own_sha, "", ""
    story.pushers.clear()
    story.answer_anew()


@_apply.register
def _(event: e.Analyzed, story: Story, at: datetime) -> None:
    story.spec, story.base_sha = event.spec, event.base_sha
    story.analyzed_text = story.text_version


@_apply.register
def _(event: e.Answered, story: Story, at: datetime) -> None:
    story.answers.append(event)


@_apply.register
def _(event: e.Planned, story: Story, at: datetime) -> None:
    story.plan, story.branch = event.plan, event.branch
    story.split = None
    story.instructions = event.instructions
    story.checks = event.checks
    story.plans += 1
    story.planned_at = len(story.failures)
    if story.plans > 1:
        _keep_tests_only(story)
        story.forget_replies()


def _keep_tests_only(story: Story) -> None:
    """A new plan begins where the work began; the tests of the criteria still say what is wanted.

    After a rebase they stand on a base that is gone, and are written anew.
    """
    parent, kept = story.base_sha, []
    for commit in story.commits:
        if commit.task.partition("-")[0] != TESTS_TASK or commit.parent != parent:
            break
        parent = commit.sha
        kept.append(commit)
    names = {commit.task for commit in kept}
    story.commits = kept
    story.tasks_done = {n: d for n, d in story.tasks_done.items() if n in names}
    story.head_sha = parent if kept else ""


@_apply.register
def _(event: e.SplitProposed, story: Story, at: datetime) -> None:
    story.split = event


@_apply.register
def _(event: e.TaskDone, story: Story, at: datetime) -> None:
    story.tasks_done[event.task] = event


@_apply.register
def _(event: e.NothingToDo, story: Story, at: datetime) -> None:
    story.nothing_to_do = event


@_apply.register
def _(event: e.Committed, story: Story, at: datetime) -> None:
    story.commits = [c for c in story.commits if c.task != event.task or c.sha == event.parent]
    story.commits.append(event)
    story.head_sha = event.sha


@_apply.register
def _(event: e.LeftToPeople, story: Story, at: datetime) -> None:
    story.left_to_people.update(event.patches)


@_apply.register
def _(event: e.ConflictMet, story: Story, at: datetime) -> None:
    story.conflicts.append(event)


@_apply.register
def _(event: e.Rebased, story: Story, at: datetime) -> None:
    story.base_sha, story.head_sha = event.base_sha, event.head_sha
    withdraw_of_other_heads(story, "it was replayed on a newer base", at)


@_apply.register
def _(event: e.Tested, story: Story, at: datetime) -> None:
    story.tests[event.subject] = event


@_apply.register
def _(event: e.Gated, story: Story, at: datetime) -> None:
    story.gated = event


@_apply.register
def _(event: e.ChecksAsked, story: Story, at: datetime) -> None:
    story.checks_asked.append(event)


@_apply.register
def _(event: e.Reviewed, story: Story, at: datetime) -> None:
    story.reviews.append(event)


@_apply.register
def _(event: e.AttemptFailed, story: Story, at: datetime) -> None:
    story.failures.append(event)


@_apply.register
def _(event: e.Approved, story: Story, at: datetime) -> None:
    given = event.approval
    who = (given.person.id, given.gate)
    story.approvals = [a for a in story.approvals if (a.person.id, a.gate) != who]
    story.approvals.append(given)
    story.approvals_given += 1


@_apply.register
def _(event: e.AutoApproved, story: Story, at: datetime) -> None:
    story.auto_approved = event.approval
    story.approvals_given += 1


@_apply.register
def _(event: e.ApprovalWithdrawn, story: Story, at: datetime) -> None:
    withdraw(story, event.means, event.reason, at)
    if event.comment_id is None:
        withdraw_automatic(story, event.reason, at)


@_apply.register
def _(event: e.Rejected, story: Story, at: datetime) -> None:
    story.rejected = event
    story.changed_at = at
    withdraw(story, lambda _: True, f"{event.person.login} rejected it", at)
    withdraw_automatic(story, f"{event.person.login} rejected it", at)


@_apply.register
def _(event: e.PauseRequested, story: Story, at: datetime) -> None:
    story.pause = event


@_apply.register
def _(event: e.ResumeRequested, story: Story, at: datetime) -> None:
    story.pause = None
    if story.foreign_head and story.pull_open:  # the work goes on from there, on top of theirs
        story.own_sha = story.own_sha or story.pushed_sha
        story.adopted_sha = story.pushed_sha = story.head_sha
        story.foreign_head = False
    if story.waiting and story.waiting.subject:
        story.vouched.add(story.waiting.subject)


@_apply.register
def _(event: e.EffectFailed, story: Story, at: datetime) -> None:
    if event.usage is not None:
        story.lost_usage.append(event.usage)
    story.model_requests += event.requests
    story.effects_failed[event.effect] += 1


@_apply.register
def _(event: e.RetryRequested, story: Story, at: datetime) -> None:
    story.retry = event
    story.asked_at = story.asked_at if event.person.is_bot else at


@_apply.register
def _(event: e.CancelRequested, story: Story, at: datetime) -> None:
    story.cancel = event


@_apply.register
def _(event: e.HandoffRequested, story: Story, at: datetime) -> None:
    story.handoff_asked = event


@_apply.register
def _(event: e.HandedOff, story: Story, at: datetime) -> None:
    story.handoff = event.handoff


@_apply.register
def _(event: e.BudgetRaised, story: Story, at: datetime) -> None:
    story.budget_raised_usd += event.usd


@_apply.register
def _(event: e.PriorityChanged, story: Story, at: datetime) -> None:
    story.priority = event.priority


@_apply.register
def _(event: e.WsjfGiven, story: Story, at: datetime) -> None:
    story.wsjf |= event.inputs


@_apply.register
def _(event: e.HeadMoved, story: Story, at: datetime) -> None:
    known = event.sha in story.pushers and event.sha in (story.head_sha, story.adopted_sha)
    if known:  # who it was, at last
        story.pushers[event.sha] = event.by or story.pushers[event.sha]
        return
    before, story.head_sha = story.head_sha, event.sha
    story.foreign_head = True
    story.pushers[event.sha] = event.by
    if event.same_tree:  # the very same files: what was approved is still what stands there
        story.approvals = [
            a.model_copy(update={"head_sha": event.sha}) if a.head_sha == before else a
            for a in story.approvals
        ]
    withdraw_of_other_heads(story, f"the branch was pushed to ({event.sha[:10]})", at)


@_apply.register
def _(event: e.PullClosed, story: Story, at: datetime) -> None:
    story.pull_open = False
    if event.merged:
        story.merged_sha = event.sha


@_apply.register
def _(event: e.ViewDisturbed, story: Story, at: datetime) -> None:
    if event.view == "status":
        story.status_digest = ""  # edited in place again; made anew where it is gone
    else:
        story.label_disturbances += 1


@_apply.register
def _(event: e.ReviewRequested, story: Story, at: datetime) -> None:
    for remark in event.remarks:
        if remark.id not in story.remarks_begun:  # an edit counts until the work begins
            story.remarks[remark.id] = remark


@_apply.register
def _(event: e.RemarksSetAside, story: Story, at: datetime) -> None:
    story.remarks_aside.update({remark.id: remark for remark in event.remarks})


@_apply.register
def _(event: e.RemarksWithdrawn, story: Story, at: datetime) -> None:
    story.remarks_withdrawn.update(event.remarks)


@_apply.register
def _(event: e.ReviewRound, story: Story, at: datetime) -> None:
    story.remarks_begun.update(event.remarks)
    story.review_rounds, story.review_head = event.number, event.head_sha


@_apply.register
def _(event: e.RemarksAnswered, story: Story, at: datetime) -> None:
    story.replies.update({reply.remark: reply for reply in event.replies})


@_apply.register
def _(event: e.CommandHandled, story: Story, at: datetime) -> None:
    story.commands[event.comment_id, event.index] = event


@_apply.register
def _(event: e.StageFaulted, story: Story, at: datetime) -> None:
    story.faults += 1


@_apply.register
def _(event: e.EffectPerformed, story: Story, at: datetime) -> None:
    performed(story, event)


@_apply.register
def _(event: e.EffectProposed, story: Story, at: datetime) -> None:
    verdict = event.verdict
    if verdict.rule == DRY_RUN and verdict.reason not in story.rehearsed:
        story.rehearsed.append(verdict.reason)
