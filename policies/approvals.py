"""What approvals are worth: what a gate asks for, what stands, and what is still missing (P3, P4).

Promises: pure; an approval counts for exactly the head, base and plan that it was given for, and
only while the configuration asks for no more than it did then; everything that is missing is
named, with who can give it.
Never: looks up people, teams or commits: the caller hands in what GitHub says now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.story.vocabulary import (
    Approval,
    AutoApproval,
    Demands,
    Gate,
    Person,
    Verdict,
    allow,
    deny,
    wait,
)

APPROVABLE = {
    Gate.PRE_CODE: "plan",
    Gate.PRE_DEPLOY: "head",
    Gate.PRE_PRODUCTION: "head",
}


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
class Teams:
    """Teams that the configuration names: a member of one of them has to be among the approvals."""

    names: tuple[str, ...]
    ids: frozenset[int]


@dataclass(frozen=True)
class Checkpoint:
    """Something sensitive that the change touches (P4): a second person looks at it.

    `teams`: whose members that has to be; None where any second person will do.
    """

    kind: str
    paths: tuple[str, ...]
    teams: Teams | None = None

    @property
    def asked(self) -> str:
        """The checkpoint in one word of `Demands`."""
        return f"{self.kind}={','.join(sorted(self.teams.names))}" if self.teams else self.kind


@dataclass(frozen=True)
class ApprovalRule:
    """What the gate of this story asks for."""

    quorum: int = 1
    second_person_required: bool = True
    owned: tuple[OwnedPath, ...] = ()
    teams: Teams | None = None
    checkpoints: tuple[Checkpoint, ...] = ()
    config_digest: str = ""

    @property
    def second_person(self) -> bool:
        """Whether somebody with no hand in the change has to approve."""
        return self.second_person_required or bool(self.checkpoints)

    @property
    def demands(self) -> Demands:
        """What an approval given now is asked by."""
        return Demands(
            quorum=max(1, self.quorum),
            second_person=self.second_person_required,
            teams=tuple(sorted(self.teams.names)) if self.teams else (),
            checkpoints=tuple(sorted(one.asked for one in self.checkpoints)),
        )


@dataclass(frozen=True)
class Involved:
    """Everybody with a hand in the change: they are no second person.

    `contributors`: ids of authors, committers and co-authors of every commit of the pull request.
    `editors`: ids of those who rewrote the story. `unknown_contributors`: names on commits that
    GitHub ties to no account (our own left out).
    """

    requester: Person | None = None
    issue_author: Person | None = None
    pull_author: Person | None = None
    contributors: frozenset[int] = frozenset()
    unknown_contributors: tuple[str, ...] = ()
    editors: frozenset[int] = frozenset()

    def part(self, person: Person) -> str:
        """What `person` did for the change, '' where nothing."""
        for part, other in (
            ("asked for this change", self.requester),
            ("wrote the story", self.issue_author),
            ("opened the pull request", self.pull_author),
        ):
            if other is not None and other.id == person.id:
                return part
        if person.id in self.editors:
            return "rewrote the story"
        return "wrote a commit of it" if person.id in self.contributors else ""


@dataclass(frozen=True)
class Unmet:
    """Something that is still missing. `whom`: who can give it."""

    rule: str
    what: str
    whom: str


@dataclass(frozen=True)
class Bound:
    """What stands there now: what approvals have to be bound to. '' where it is not known."""

    head_sha: str
    plan_digest: str
    base_sha: str = ""


def still_valid(
    approval: Approval,
    gate: Gate,
    now: Bound,
    asked: Demands | None = None,
    *,
    same_tree: bool = False,
) -> Verdict:
    """Whether an approval given earlier still means what stands there now.

    `same_tree`: the head moved, but to a commit with the very same files (a reworded message).
    `asked`: what is asked for now, where the caller knows.
    """
    if approval.gate is not gate:
        return deny("other_gate", f"it approved {approval.gate}, not {gate}")
    if approval.plan_digest != now.plan_digest:
        return deny("plan_changed", "the plan has changed since; approve the new one")
    if approval.base_sha and now.base_sha and approval.base_sha != now.base_sha:
        return deny("base_changed", "it stands on another base now; approve it there")
    if asked and approval.demands and (more := asks_more(approval.demands, asked)):
        return deny("config_changed", f"the configuration asks for more since ({more})")
    if APPROVABLE.get(gate) == "plan":
        return allow("same_plan")
    if approval.head_sha and approval.head_sha == now.head_sha:
        return allow("same_head")
    if approval.head_sha and now.head_sha and same_tree:
        return allow("same_tree")
    return deny("head_changed", "there was a push after it; approve the new head")


def asks_more(then: Demands, now: Demands) -> str:
    """What `now` asks for that `then` did not; '' where nothing."""
    if now.quorum > then.quorum:
        return f"{now.quorum} approvals, not {then.quorum}"
    if now.second_person and not then.second_person:
        return "a second person"
    if now.teams and (not then.teams or set(then.teams) - set(now.teams)):
        return f"a member of {_listed(now.teams)}"
    if new := sorted(set(now.checkpoints) - set(then.checkpoints)):
        return f"somebody for {_listed(one.partition('=')[0] for one in new)}"
    return ""


def standing(
    approvals: Iterable[Approval], gate: Gate, now: Bound, rule: ApprovalRule
) -> list[Approval]:
    """Those that count for what stands there now: the last one of each person."""
    counted = {
        each.person.id: each
        for each in approvals
        if not each.person.is_bot and still_valid(each, gate, now, rule.demands).allowed
    }
    return list(counted.values())


def unmet(
    approvals: Sequence[Approval], rule: ApprovalRule, involved: Involved
) -> tuple[Unmet, ...]:
    """All that is missing beside these (standing) approvals, and who can give it."""
    found = [
        _quorum(approvals, rule),
        _second_person(approvals, rule, involved),
        _team(approvals, rule),
        *(_owner(one, approvals) for one in rule.owned),
        *(unmet_checkpoint(one, approvals, involved) for one in rule.checkpoints),
    ]
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _quorum(approvals: Sequence[Approval], rule: ApprovalRule) -> Unmet | None:
    counted, quorum = len({each.person.id for each in approvals}), max(1, rule.quorum)
    if counted >= quorum:
        return None
    return Unmet("quorum", f"{counted} of {quorum} approvals", "write access")


def _team(approvals: Sequence[Approval], rule: ApprovalRule) -> Unmet | None:
    if rule.teams is None or rule.teams.ids & {each.person.id for each in approvals}:
        return None
    whom = f"a member of {_listed(rule.teams.names)}"
    return Unmet("named_team", f"{whom} has to approve", whom)


def _second_person(
    approvals: Sequence[Approval], rule: ApprovalRule, involved: Involved
) -> Unmet | None:
    if not rule.second_person:
        return None
    if unknown := involved.unknown_contributors:
        return Unmet(
            "second_person",
            f"nobody can be shown to have no hand in the change: GitHub knows no account for "
            f"{_listed(unknown)}",
            "whoever pushed it, with an address that GitHub knows",
        )
    if any(not involved.part(each.person) for each in approvals):
        return None
    return Unmet(
        "second_person",
        "somebody with no hand in the change has to approve",
        "write access, and neither asked for it, wrote it nor committed to it",
    )


def _owner(owned: OwnedPath, approvals: Sequence[Approval]) -> Unmet | None:
    if owned.ids & {each.person.id for each in approvals}:
        return None
    names = _listed(owned.names)
    return Unmet("code_owner", f"an owner is missing: {names}", names)


def unmet_checkpoint(
    one: Checkpoint, approvals: Sequence[Approval], involved: Involved
) -> Unmet | None:
    others = {each.person.id for each in approvals if not involved.part(each.person)}
    if involved.unknown_contributors or (others if one.teams is None else others & one.teams.ids):
        return None  # unknown contributors are named by the second person's rule
    whom = f"a member of {_listed(one.teams.names)}" if one.teams else "a second person"
    what = f"it touches {one.kind} ({_listed(one.paths)}), which {whom} has to look at"
    return Unmet("checkpoint", what, whom)


def gate_open(
    gate: Gate,
    approvals: Sequence[Approval],
    rule: ApprovalRule,
    involved: Involved,
    now: Bound,
    lapsed: Iterable[str] = (),
) -> Verdict:
    """Whether the approvals so far open `gate` for exactly what stands there now (S4, P3).

    `lapsed`: why others do not count any more (access lost, words edited), for the reason.
    """
    counted = standing(approvals, gate, now, rule)
    missing = unmet(counted, rule, involved)
    if not missing:
        return allow("approved", f"approved by {_listed(sorted(a.person.login for a in counted))}")
    changed = (
        f"{each.person.login}'s approval does not count: {verdict.reason}"
        for each in approvals
        if each.gate is gate and not (verdict := still_valid(each, gate, now, rule.demands)).allowed
    )
    reasons = dict.fromkeys((*(one.what for one in missing), *lapsed, *changed))
    return wait(missing[0].rule, "; ".join(reasons), gate)


def auto_stands(given: AutoApproval | None, gate: Gate, now: Bound) -> bool:
    """Whether an automatic approval is one of what stands there now."""
    return (
        given is not None
        and given.gate is gate
        and bool(now.head_sha)
        and (given.head_sha, given.plan_digest) == (now.head_sha, now.plan_digest)
        and now.base_sha in ("", given.base_sha)
    )


def _listed(names: Iterable[str], most: int = 5) -> str:
    found = list(dict.fromkeys(names))
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if found[most:] else "")
