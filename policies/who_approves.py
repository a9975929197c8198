"""Who may approve, and what the approval is bound to (P3, S4).

Promises: pure. A bot, an edited or deleted comment, somebody without write access and a head that
nobody was shown never approve; every refusal says what would change it.
Never: no look-up of people, teams or commits: the caller hands in what GitHub said just now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.story.vocabulary import Approval, Gate, Person, Shown, Verdict, allow, deny
from policies.approvals import (
    APPROVABLE,
    ApprovalRule,
    Bound,
    Checkpoint,
    Involved,
    OwnedPath,
    standing,
    unmet,
)

API = "api"  # the thread of what was said over the REST API: nobody can edit or delete it
LEVELS = ("none", "read", "triage", "write", "maintain", "admin")
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
class Comment:
    """The comment as GitHub has it now. `deleted`: it is gone. `words`: digest of its text."""

    id: int
    created_at: datetime
    updated_at: datetime | None = None
    edited: bool = False
    deleted: bool = False
    thread: str = "issue_comment"  # | pull_request_review | pull_request_review_comment
    words: str = ""


@dataclass(frozen=True)
class ApprovalFacts:
    """All that decides on one approval. `waiting_at`: the gate the story waits at now, or None.

    `gate`: the gate named in the command, else `waiting_at`. `explicit_sha`: the full SHA in the
    command, or the commit of a review (`by_review`). `shown`: what the status comment showed,
    oldest first. `earlier`: approvals so far. `changed_at`: when the story was last edited or
    rejected.
    """

    gate: Gate | None
    waiting_at: Gate | None
    person: Person
    permission: str
    comment: Comment
    head_sha: str
    plan_digest: str
    base_sha: str = ""
    shown: tuple[Shown, ...] = ()
    explicit_sha: str | None = None
    by_review: bool = False
    changed_at: datetime | None = None
    involved: Involved = field(default_factory=Involved)
    rule: ApprovalRule = field(default_factory=ApprovalRule)
    earlier: tuple[Approval, ...] = ()

    @property
    def now(self) -> Bound:
        """What the approval would be bound to."""
        return Bound(self.head_sha, self.plan_digest, self.base_sha)


@dataclass(frozen=True)
class Seen:
    """What the writer of a comment can have looked at; '' where nothing was shown."""

    head_sha: str = ""
    plan_digest: str = ""


def seen_before(facts: ApprovalFacts) -> Seen:
    """The last head and plan shown before the comment, for the difference that is told."""
    candidates = _candidates(facts.shown, facts.comment.created_at)
    heads = [one.head_sha for one in candidates if one.head_sha]
    plans = [one.plan_digest for one in candidates if one.plan_digest]
    return Seen(heads[-1] if heads else "", plans[-1] if plans else "")


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


def _of_this_story(facts: ApprovalFacts) -> Verdict | None:
    """Words from before an edit that are read after it mean the story as it was."""
    changed, written = facts.changed_at, facts.comment.created_at
    if changed is None or written.replace(microsecond=0) > changed.replace(microsecond=0):
        return None
    return deny(
        "story_changed",
        "the story was edited or rejected since this was written; look at it and approve again",
    )


def _whom_it_takes(facts: ApprovalFacts) -> Verdict | None:
    """Somebody whom nothing asks for cannot stand in for those who are asked for by name."""
    rule, missing = facts.rule, _missing(facts)
    groups = [each.ids for each in rule.owned]
    groups += [one.teams.ids for one in rule.checkpoints if one.teams]
    groups += [rule.teams.ids] if rule.teams else []
    if not groups or any(facts.person.id in ids for ids in groups):
        return None
    named = [name for name in ("code_owner", "named_team", "checkpoint") if name in missing]
    if rule.quorum > 1 and not named:
        return None  # those have approved: this is one more for the quorum
    if rule.owned and (not named or named[0] == "code_owner"):
        return deny(
            "code_owner",
            f"CODEOWNERS gives {rule.owned[0].path} to {_names(rule.owned)}; one of them has to "
            "approve",
        )
    if rule.teams and (not named or named[0] == "named_team"):
        return deny(
            "named_team",
            f"the configuration asks for a member of {', '.join(rule.teams.names[:5])}; "
            f"{facts.person.login} is none",
        )
    touched = [one for one in rule.checkpoints if one.teams]
    return deny("checkpoint", f"{_touches(touched)}; one of them has to approve")


def _second_person(facts: ApprovalFacts) -> Verdict | None:
    if not facts.rule.second_person or "second_person" not in _missing(facts):
        return None
    if unknown := facts.involved.unknown_contributors:
        return deny(
            "unknown_contributor",
            f"GitHub knows no account for {', '.join(unknown[:3])} on a commit, so nobody can be "
            "shown to be a second person; push the commit again with an address GitHub knows",
        )
    if part := facts.involved.part(facts.person):
        why = f" ({_touches(facts.rule.checkpoints)})" if facts.rule.checkpoints else ""
        return deny(
            "second_person",
            f"{facts.person.login} {part}; somebody else with write access has to approve{why}",
        )
    return None


def _missing(facts: ApprovalFacts) -> dict[str, str]:
    """What is missing without this approval, by rule."""
    if facts.gate is None:
        return {}
    given = standing(facts.earlier, facts.gate, facts.now, facts.rule)
    others = [each for each in given if each.person.id != facts.person.id]
    return {one.rule: one.what for one in unmet(others, facts.rule, facts.involved)}


def _touches(checkpoints: Sequence[Checkpoint]) -> str:
    told = []
    for one in checkpoints[:3]:
        by = f" for {', '.join(one.teams.names[:3])}" if one.teams else ""
        told.append(f"{one.kind} in {one.paths[0]}{by}")
    return f"it touches {' and '.join(told)}"


def _bound_to_what_was_shown(facts: ApprovalFacts) -> Verdict | None:
    by_plan = facts.gate is not None and APPROVABLE.get(facts.gate) == "plan"
    if facts.by_review:
        return _reviewed(facts, by_plan)
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


def _reviewed(facts: ApprovalFacts, by_plan: bool) -> Verdict | None:
    """GitHub says which commit a review is of; it has to be one that the status showed."""
    if by_plan:
        return deny("plan_not_review", "a plan is approved with /approve, not with a review")
    if not facts.head_sha or facts.explicit_sha != facts.head_sha:
        return deny(
            "moved_on",
            f"the review is of {(facts.explicit_sha or 'no commit')[:10]}, the head is "
            f"{facts.head_sha[:10] or 'not there yet'} now; review the new one",
        )
    second = facts.comment.created_at.replace(microsecond=0)
    shown = [one for one in facts.shown if one.at.replace(microsecond=0) <= second]
    if facts.head_sha not in {one.head_sha for one in shown}:
        return deny(
            "not_shown",
            "the review was written before the status comment showed this commit as ready; "
            f"review it again, or comment /approve {facts.head_sha}",
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
    _of_this_story,
    _whom_it_takes,
    _second_person,
    _bound_to_what_was_shown,
)


def _names(owned: Sequence[OwnedPath]) -> str:
    names = dict.fromkeys(name for each in owned for name in each.names)
    return ", ".join(list(names)[:5])
