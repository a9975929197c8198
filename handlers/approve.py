"""`/approve` and `/reject` open or shut the gate a story waits at (S4, P3).

Who: write access; a code owner where CODEOWNERS names one; never a bot, and never somebody with a
hand in the change alone where a second person is required.
Never: approves another commit than the one that the status comment showed.
"""

from __future__ import annotations

from bot.story.commands import Argument, CommandSpec, Kind
from bot.story.events import ApprovalRefused, Approved, Rejected
from bot.story.involved import approval_rule, involved
from bot.story.vocabulary import Approval, Gate, State
from bot.texts import answers
from handlers.command import Asked, Command, Outcome
from policies.who_approves import APPROVABLE, ApprovalFacts, decide


def approve(asked: Asked) -> Outcome:
    """Judge the approval by what GitHub says now; keep it, or the refusal, with its rule."""
    story, github = asked.story, asked.office.github
    config = asked.office.configuration(story.repository)
    waiting = story.waiting.gate if story.waiting else None
    named = asked.parsed.text("gate")
    gate = Gate(named) if named else waiting
    head, pull = story.head_sha, None
    if story.pull_number and waiting in (Gate.PRE_DEPLOY, Gate.PRE_PRODUCTION):
        pull = github.pull(story.repository, story.pull_number)
        head = pull["head"]["sha"]
    facts = ApprovalFacts(
        gate=gate,
        waiting_at=waiting,
        person=asked.person,
        permission=asked.permission,
        comment=asked.comment,
        head_sha=head,
        plan_digest=story.plan_digest,
        shown=tuple(story.shown),
        explicit_sha=asked.parsed.text("sha") or None,
        involved=involved(github, story, pull),
        rule=approval_rule(
            github, story, pull is not None, config.quorum(gate), config.second_person(gate)
        ),
        earlier=tuple(story.approvals),
    )
    verdict = decide(facts)
    if not verdict.allowed:
        refused = ApprovalRefused(
            gate=gate,
            person=asked.person,
            comment_id=asked.comment.id,
            rule=verdict.rule,
            reason=verdict.reason,
        )
        return Outcome(ok=False, answer=verdict.reason, events=(refused,))
    approval = Approval(
        gate=gate,
        person=asked.person,
        head_sha=head,
        base_sha=story.base_sha,
        plan_digest=story.plan_digest,
        comment_id=asked.comment.id,
        at=asked.comment.created_at,
        thread=asked.comment.thread,
    )
    return Outcome(events=(Approved(approval=approval),))


def reject(asked: Asked) -> Outcome:
    """A no ends the round; the reason is kept for the next one."""
    story = asked.story
    if story.state is not State.WAITING or story.waiting.gate not in APPROVABLE:
        return Outcome(ok=False, answer=answers.wrong_state_for_approval(story.state))
    reason = asked.parsed.text("reason")
    return Outcome(events=(Rejected(person=asked.person, reason=reason),))


_GATES = tuple(gate.value for gate in APPROVABLE)
COMMANDS = (
    Command(
        CommandSpec(
            "approve",
            (Argument("gate", Kind.CHOICE, choices=_GATES), Argument("sha", Kind.SHA)),
            summary="says yes to the commit (or plan) that the status comment shows",
            who="write access and no hand in the change; a code owner where one is named",
            example="/approve",
        ),
        approve,
    ),
    Command(
        CommandSpec(
            "reject",
            (Argument("reason", Kind.TEXT),),
            summary="says no, with a reason for the next attempt",
            who="write access",
            example="/reject the rounding is wrong",
        ),
        reject,
    ),
)
EVENTS: dict = {}
