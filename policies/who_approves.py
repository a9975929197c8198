"""Who may approve, what an approval is bound to, and when it is worth nothing any more (P3, S4).

Promises: pure. A bot, an edited or deleted comment, somebody without write access and a head that
nobody was shown never approve; every refusal says what would change it.
Never: no look-up of people, teams or commits: the caller hands in what GitHub said just now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.story.vocabulary import Approval, Gate, Person, Shown, Verdict, allow, deny, wait

API = "api"  # the thread of what was said over the REST API: nobody can edit or delete it
LEVELS = ("none", "read", "triage", "write", "maintain", "admin")
APPROVABLE = {
    Gate.PRE_CODE: "plan",
    Gate.PRE_DEPLOY: "head",
    Gate.PRE_PRODUCTION: "head",
}
_INSTEAD = {
    Gate.BUDGET_EXCEEDED: "/budget +5 raises the budget",
    Gate.AMBIGUITY_DETECTED: "/answer answers the questions",
    Gate.PAUSED: "/resume goes on",
}


def at_least(permission: str, needed: str) -> bool:
    """Whether a permission level of GitHub is `needed` or more; an unknown level is none."""
    rank = LEVELS.index(permission) if permission in LEVELS else 0
    return rank >= LEVELS.index(needed)


@dataclass(frozen=True)
class OwnedPath:
    """A touched path that the CODEOWNERS of the base gives to somebody.

    `ids`: the people, teams resolved by the caller; empty where nobody could be found.
    `names`: the owners as written, for the refusal.
    """

    path: str
    ids: frozenset[int]
    names: tuple[str, ...]


@dataclass(frozen=True)
class ApprovalRule:
    """What the gate of this story asks for."""

    quorum: int = 1
    second_person_required: bool = True
    owned: tuple[OwnedPath, ...] = ()


@dataclass(frozen=True)
class Involved:
    """Everybody with a hand in the change: they are no second person.

    `contributors`: ids of authors, committers and co-authors of every commit of the pull request.
    `unknown_contributors`: names on commits that GitHub ties to no account (our own left out).
    """

    requester: Person | None = None
    issue_author: Person | None = None
    pull_author: Person | None = None
    contributors: frozenset[int] = frozenset()
    unknown_contributors: tuple[str, ...] = ()

    def part(self, person: Person) -> str:
        """What `person` did for the change, '' where nothing."""
        for part, other in (
            ("asked for this change", self.requester),
            ("wrote the story", self.issue_author),
            ("opened the pull request", self.pull_author),
        ):
            if other is not None and other.id == person.id:
                return part
        return "wrote a commit of it" if person.id in self.contributors else ""


@dataclass(frozen=True)
class Comment:
    """The comment as GitHub has it now. `deleted`: it is gone."""

    id: int
    created_at: datetime
    updated_at: datetime | None = None
    edited: bool = False
    deleted: bool = False
    thread: str = "issue_comment"  # | pull_request_review | pull_request_review_comment


@dataclass(frozen=True)
class ApprovalFacts:
    """All that decides on one `/approve`. `waiting_at`: the gate the story waits at now, or None.

    `gate`: the gate named in the command, else `waiting_at`. `explicit_sha`: the full SHA in the
    command. `shown`: what the status comment showed, oldest first. `earlier`: approvals so far.
    """

    gate: Gate | None
    waiting_at: Gate | None
    person: Person
    permission: str
    comment: Comment
    head_sha: str
    plan_digest: str
    shown: tuple[Shown, ...] = ()
    explicit_sha: str | None = None
    involved: Involved = field(default_factory=Involved)
    rule: ApprovalRule = field(default_factory=ApprovalRule)
    earlier: tuple[Approval, ...] = ()


def decide(facts: ApprovalFacts) -> Verdict:
    """ALLOW: the comment is an approval of `facts.head_sha` and `facts.plan_digest` (P3)."""
    for rule in _RULES:
        if (refused := rule(facts)) is not None:
            return refused
    return allow("approved", f"{facts.person.login} approves {facts.gate}")


def _bots_never(facts: ApprovalFacts) -> Verdict | None:
    if facts.person.is_bot or facts.person.login.endswith("[bot]"):
        return deny("bots_never", "a bot cannot approve; a person has to")
    return None


def _edited_never(facts: ApprovalFacts) -> Verdict | None:
    comment = facts.comment
    if comment.deleted:
        return deny("deleted_never", "the comment was deleted; a new comment can approve")
    changed = comment.updated_at is not None and comment.updated_at > comment.created_at
    if comment.edited or changed:
        return deny("edited_never", "an edited comment cannot approve; write a new one")
    return None


def _gate_waits(facts: ApprovalFacts) -> Verdict | None:
    if facts.gate is None or facts.waiting_at is None:
        return deny("nothing_waits", "nothing waits for an approval now; /status says what is next")
    if facts.gate in _INSTEAD:
        return deny("not_by_approval", f"this is not opened by /approve: {_INSTEAD[facts.gate]}")
    if facts.gate is not facts.waiting_at:
        return deny("other_gate", f"the story waits at {facts.waiting_at}, not at {facts.gate}")
    return None


def _may_write(facts: ApprovalFacts) -> Verdict | None:
    if at_least(facts.permission, "write"):
        return None
    return deny(
        "write_access",
        f"approving needs write access to this repository, {facts.person.login} has "
        f"{facts.permission or 'none'}; somebody with write access can approve",
    )


def _owner_where_owned(facts: ApprovalFacts) -> Verdict | None:
    """Somebody who owns none of the owned paths cannot stand in for those who do."""
    owned = facts.rule.owned
    if not owned or any(facts.person.id in each.ids for each in owned):
        return None
    if facts.rule.quorum > 1 and not _unowned(facts.rule, _bound(facts)):
        return None  # the owners have approved: this is one more for the quorum
    return deny(
        "code_owner",
        f"CODEOWNERS gives {owned[0].path} to {_names(owned)}; one of them has to approve",
    )


def _second_person(facts: ApprovalFacts) -> Verdict | None:
    if not facts.rule.second_person_required:
        return None
    if any(not facts.involved.part(each.person) for each in _bound(facts)):
        return None
    if unknown := facts.involved.unknown_contributors:
        return deny(
            "unknown_contributor",
            f"GitHub knows no account for {', '.join(unknown[:3])} on a commit, so nobody can be "
            "shown to be a second person; push the commit again with an address GitHub knows",
        )
    if part := facts.involved.part(facts.person):
        return deny(
            "second_person",
            f"{facts.person.login} {part}; somebody else with write access has to approve",
        )
    return None


def _bound(facts: ApprovalFacts) -> list[Approval]:
    return [
        each
        for each in facts.earlier
        if facts.gate is not None
        and not each.person.is_bot
        and each.person.id != facts.person.id
        and still_valid(each, facts.gate, facts.head_sha, facts.plan_digest).allowed
    ]


def _bound_to_what_was_shown(facts: ApprovalFacts) -> Verdict | None:
    by_plan = facts.gate is not None and APPROVABLE.get(facts.gate) == "plan"
    if facts.explicit_sha is not None:
        return _explicit(facts, by_plan)
    current = facts.plan_digest if by_plan else facts.head_sha
    what = "plan" if by_plan else "commit"
    if not current:
        return deny("nothing_to_approve", f"there is no {what} to approve yet")
    candidates = _candidates(facts.shown, facts.comment.created_at)
    bindings = {each.plan_digest if by_plan else each.head_sha for each in candidates} - {""}
    again = "comment /approve again" if by_plan else f"comment /approve {facts.head_sha}"
    if not bindings:
        return deny(
            "not_shown", f"no {what} was shown before the comment; look at the status and {again}"
        )
    if len(bindings) > 1:
        return deny(
            "ambiguous",
            f"the {what} shown changed in the very second of the comment, so it is not certain "
            f"which one was meant; look again and {again}",
        )
    plans = {each.plan_digest for each in candidates if each.head_sha or by_plan}
    if bindings != {current} or (facts.plan_digest and plans - {"", facts.plan_digest}):
        return deny(
            "moved_on",
            f"the {what} has changed since it was shown ({next(iter(bindings))[:10]} then, "
            f"{current[:10]} now); look at the new one and {again}",
        )
    return None


def _explicit(facts: ApprovalFacts, by_plan: bool) -> Verdict | None:
    if by_plan:
        return deny("plan_not_sha", "this gate approves a plan: comment /approve without a SHA")
    if not facts.head_sha or facts.explicit_sha != facts.head_sha:
        return deny(
            "other_sha",
            f"the head is {facts.head_sha or 'not there yet'} now; look at it and "
            f"comment /approve {facts.head_sha}".rstrip(),
        )
    return None


def _candidates(shown: Sequence[Shown], created_at: datetime) -> list[Shown]:
    """What the writer can have seen: the last one before, and all of the comment's own second.

    GitHub's times are whole seconds: within one nobody can tell what came first.
    """
    second = created_at.replace(microsecond=0)
    before = [each for each in shown if each.at.replace(microsecond=0) < second]
    same = [each for each in shown if each.at.replace(microsecond=0) == second]
    return before[-1:] + same


_RULES: tuple[Callable[[ApprovalFacts], Verdict | None], ...] = (
    _bots_never,
    _edited_never,
    _gate_waits,
    _may_write,
    _owner_where_owned,
    _second_person,
    _bound_to_what_was_shown,
)


def still_valid(
    approval: Approval, gate: Gate, head_sha: str, plan_digest: str, *, same_tree: bool = False
) -> Verdict:
    """Whether an approval given earlier still means what stands there now (withdrawal on push).

    `same_tree`: the head moved, but to a commit with the very same files (a reworded message).
    """
    if approval.gate is not gate:
        return deny("other_gate", f"it approved {approval.gate}, not {gate}")
    if approval.plan_digest != plan_digest:
        return deny("plan_changed", "the plan has changed since; approve the new one")
    if APPROVABLE.get(gate) == "plan":
        return allow("same_plan")
    if approval.head_sha and approval.head_sha == head_sha:
        return allow("same_head")
    if approval.head_sha and head_sha and same_tree:
        return allow("same_tree")
    return deny("head_changed", "there was a push after it; approve the new head")


def gate_open(
    gate: Gate,
    approvals: Sequence[Approval],
    rule: ApprovalRule,
    involved: Involved,
    head_sha: str,
    plan_digest: str,
) -> Verdict:
    """Whether the approvals so far open `gate` for exactly this head and plan (S4, P3)."""
    valid = [
        each
        for each in approvals
        if not each.person.is_bot and still_valid(each, gate, head_sha, plan_digest).allowed
    ]
    people = {each.person.id for each in valid}
    quorum = max(1, rule.quorum)
    if len(people) < quorum:
        return wait("quorum", f"{len(people)} of {quorum} approvals", gate)
    second = [each for each in valid if not involved.part(each.person)]
    if rule.second_person_required and (involved.unknown_contributors or not second):
        return wait("second_person", "somebody with no hand in the change has to approve", gate)
    if missing := _unowned(rule, valid):
        return wait("code_owner", f"an owner is missing: {_names(missing)}", gate)
    return allow("approved", f"approved by {', '.join(sorted(a.person.login for a in valid))}")


def _unowned(rule: ApprovalRule, approvals: Sequence[Approval]) -> tuple[OwnedPath, ...]:
    """The owned paths that no approval covers."""
    people = {each.person.id for each in approvals}
    return tuple(each for each in rule.owned if not each.ids & people)


def _names(owned: Sequence[OwnedPath]) -> str:
    names = dict.fromkeys(name for each in owned for name in each.names)
    return ", ".join(list(names)[:5])
