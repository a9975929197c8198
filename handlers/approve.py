"""`/approve` and `/reject` open or shut the gate a story waits at (S4, P3).

Who: write access; a code owner or a member of a team where one is named; never a bot, and never
somebody with a hand in the change alone where a second person is required.
Never: approves another commit than the one that the status comment showed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from bot.story.commands import Argument, CommandSpec, Kind
from bot.story.events import ApprovalRefused, ApprovalWithdrawn, Approved, Rejected
from bot.story.involved import approval_rule, asks_of, demands_of, involved
from bot.story.machine import Story
from bot.story.office import Office
from bot.story.standing import withdrawals
from bot.story.vocabulary import Approval, Gate, Person, State, Verdict
from bot.texts import answers
from bot.texts import approvals as texts
from handlers.command import Asked, Command, Outcome
from policies.approvals import APPROVABLE
from policies.who_approves import ApprovalFacts, Comment, decide, seen_before


def approve(asked: Asked) -> Outcome:
    """Judge the approval by what GitHub says now; keep it, or the refusal, with its rule."""
    named, sha = asked.parsed.text("gate"), asked.parsed.text("sha")
    config = asked.office.configuration(asked.story.repository)
    gone = withdrawals(asked.office.github, asked.story, partial(demands_of, config))
    story = _without(asked.story, gone)
    facts = gathered(
        asked.office,
        story,
        asked.person,
        asked.permission,
        asked.comment,
        gate=Gate(named) if named else None,
        sha=sha or None,
    )
    verdict = decide(facts)
    if verdict.allowed:
        return Outcome(events=(*gone, Approved(approval=approval_of(facts))))
    return Outcome(
        ok=False,
        answer=verdict.reason,
        events=(*gone, refusal(facts, verdict)),
        detail=_difference(asked.office, asked.story, facts, verdict),
    )


def _without(story: Story, gone: list[ApprovalWithdrawn]) -> Story:
    """The story without the approvals that do not stand any more."""
    left = [one for one in story.approvals if not any(each.means(one) for each in gone)]
    return replace(story, approvals=left)


def gathered(
    office: Office,
    story: Story,
    person: Person,
    permission: str,
    comment: Comment,
    gate: Gate | None = None,
    sha: str | None = None,
    by_review: bool = False,
) -> ApprovalFacts:
    """All that decides on an approval, as GitHub says it now."""
    waiting = story.waiting.gate if story.waiting else None
    pull: Mapping[str, Any] | None = None
    if story.pull_number and waiting in (Gate.PRE_DEPLOY, Gate.PRE_PRODUCTION):
        pull = office.github.pull(story.repository, story.pull_number)
    gate = gate or waiting
    config = office.configuration(story.repository)
    return ApprovalFacts(
        gate=gate,
        waiting_at=waiting,
        person=person,
        permission=permission,
        comment=comment,
        head_sha=pull["head"]["sha"] if pull else story.head_sha,
        plan_digest=story.plan_digest,
        base_sha=story.base_sha,
        shown=tuple(story.shown),
        explicit_sha=sha,
        by_review=by_review,
        changed_at=story.changed_at,
        involved=involved(office.github, story, pull),
        rule=approval_rule(
            office.github,
            story,
            pull is not None,
            asks_of(config, gate or Gate.PRE_DEPLOY),
        ),
        earlier=tuple(story.approvals),
    )


def approval_of(facts: ApprovalFacts) -> Approval:
    """The approval that `facts` are, bound to what was seen and asked."""
    return Approval(
        gate=facts.gate,
        person=facts.person,
        head_sha=facts.head_sha,
        base_sha=facts.base_sha,
        plan_digest=facts.plan_digest,
        comment_id=facts.comment.id,
        at=facts.comment.created_at,
        thread=facts.comment.thread,
        config_digest=facts.rule.config_digest,
        demands=facts.rule.demands,
        words=facts.comment.words,
        by="review" if facts.by_review else "command",
    )


def refusal(facts: ApprovalFacts, verdict: Verdict) -> ApprovalRefused:
    """The refusal as a fact."""
    return ApprovalRefused(
        gate=facts.gate,
        person=facts.person,
        comment_id=facts.comment.id,
        rule=verdict.rule,
        reason=verdict.reason,
    )


def _difference(office: Office, story: Story, facts: ApprovalFacts, verdict: Verdict) -> str:
    """What changed between what the person saw and what stands there now."""
    if verdict.rule not in ("moved_on", "other_sha"):
        return ""
    seen = seen_before(facts)
    old, new = facts.explicit_sha or seen.head_sha, facts.head_sha
    if facts.gate is not None and APPROVABLE.get(facts.gate) == "plan":
        return texts.plan_difference(seen.plan_digest, facts.plan_digest)
    told = office.github.compare(story.repository, old, new) if old and new and old != new else None
    if told is None:
        return ""
    web, name = office.settings.github_web_url.rstrip("/"), story.repository.full_name
    return texts.difference(
        old,
        new,
        f"{web}/{name}/compare/{old}...{new}",
        [_commit(one) for one in told.get("commits") or ()],
        [_file(one) for one in told.get("files") or ()],
    )


def _commit(told: Mapping[str, Any]) -> tuple[str, str, str]:
    git = told.get("commit") or {}
    login = (told.get("author") or {}).get("login") or (git.get("author") or {}).get("name") or "?"
    return str(told.get("sha") or ""), login, str(git.get("message") or "").partition("\n")[0]


def _file(told: Mapping[str, Any]) -> tuple[str, str, int, int]:
    plus, minus = told.get("additions") or 0, told.get("deletions") or 0
    return str(told.get("filename") or ""), str(told.get("status") or ""), plus, minus


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
