"""May a change be approved without a person, within the configuration's `auto_approve` (P2, S4)?

Promises: pure; a fact that is not known is a no; never for production, never where a person is
demanded (a restricted path, a code owner, a second person, a team, a checkpoint, a quorum above
one, somebody else's commit); every no says what it would have taken.
Never: widens what the configuration says; without a limit of its own there is no automatic yes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pathspec import GitIgnoreSpec

from bot.story.vocabulary import Gate, Verdict, allow, deny
from policies import scope
from policies.approvals import ApprovalRule


@dataclass(frozen=True)
class AutoLimits:
    """`auto_approve` of the configuration; None or () where it says nothing.

    `max_wsjf` and below; `min_coverage` of new lines in percent; `families` by name; `paths` as
    gitignore patterns.
    """

    max_wsjf: float | None = None
    max_files: int | None = None
    min_coverage: float | None = None
    families: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def said(self) -> dict[str, Any]:
        """The limits that the configuration sets."""
        return {name: value for name, value in vars(self).items() if value not in (None, ())}


@dataclass(frozen=True)
class AutoFacts:
    """What was measured. None: it is not known. `coverage`: of new lines, in percent."""

    gate: Gate
    wsjf: float | None = None
    files: tuple[str, ...] | None = None
    coverage: float | None = None
    families: tuple[str, ...] = ()
    foreign: bool = False
    rule: ApprovalRule = field(default_factory=ApprovalRule)
    paths: scope.Scope = field(default_factory=scope.Scope)

    @property
    def told(self) -> dict[str, Any]:
        """What the journal keeps of them."""
        return {
            "wsjf": self.wsjf,
            "files": list(self.files or ()),
            "coverage": self.coverage,
            "families": list(self.families),
        }


def decide(facts: AutoFacts, limits: AutoLimits | None) -> Verdict:
    """ALLOW where every limit that is set is kept and nothing demands a person (P2)."""
    if limits is None or not limits.said:
        return deny("auto_approve_off", "the configuration approves nothing by itself")
    for rule in _RULES:
        if (refused := rule(facts, limits)) is not None:
            return refused
    return allow("auto_approve", "within " + ", ".join(sorted(limits.said)))


def _gate(facts: AutoFacts, limits: AutoLimits) -> Verdict | None:
    if facts.gate is Gate.PRE_DEPLOY:
        return None
    return deny("auto_gate", f"{facts.gate} is never opened without a person")


def _own_work(facts: AutoFacts, limits: AutoLimits) -> Verdict | None:
    if facts.foreign:
        return deny("auto_foreign", "somebody else pushed to the branch; a person has to approve")
    return None


def _person_demanded(facts: AutoFacts, limits: AutoLimits) -> Verdict | None:
    rule = facts.rule
    demanded = ""
    if rule.second_person_required:
        demanded = "a second person is required"
    elif rule.owned:
        demanded = f"CODEOWNERS names somebody for {rule.owned[0].path}"
    elif rule.checkpoints:
        demanded = f"it touches {rule.checkpoints[0].kind}"
    elif rule.teams:
        demanded = f"a member of {', '.join(rule.teams.names[:3])} is required"
    elif rule.quorum > 1:
        demanded = f"{rule.quorum} approvals are required"
    return deny("auto_person", f"{demanded}, so a person has to approve") if demanded else None


def _files(facts: AutoFacts, limits: AutoLimits) -> Verdict | None:
    if not facts.files:
        return deny("auto_unknown", "which files it changes is not known")
    refused = scope.decide(facts.files, facts.paths)
    if not refused.allowed:
        return deny("auto_restricted", refused.reason)
    if limits.max_files is not None and len(facts.files) > limits.max_files:
        return deny("auto_files", f"{len(facts.files)} files, more than {limits.max_files}")
    if limits.paths:
        spec = GitIgnoreSpec.from_lines(limits.paths)
        if outside := [path for path in facts.files if not spec.match_file(path)]:
            return deny("auto_paths", f"{outside[0]!r} is not among the paths of auto_approve")
    return None


def _score(facts: AutoFacts, limits: AutoLimits) -> Verdict | None:
    if limits.max_wsjf is None:
        return None
    if facts.wsjf is None:
        return deny("auto_unknown", "its WSJF score is not known; /wsjf gives its inputs")
    if not facts.wsjf <= limits.max_wsjf:
        return deny("auto_wsjf", f"its WSJF score is {facts.wsjf:g}, above {limits.max_wsjf:g}")
    return None


def _coverage(facts: AutoFacts, limits: AutoLimits) -> Verdict | None:
    if not limits.min_coverage:
        return None
    if facts.coverage is None:
        return deny("auto_unknown", "how much of the new lines the tests reach is not known")
    if not facts.coverage >= limits.min_coverage:
        return deny(
            "auto_coverage",
            f"tests reach {facts.coverage:g}% of the new lines, less than {limits.min_coverage:g}%",
        )
    return None


def _family(facts: AutoFacts, limits: AutoLimits) -> Verdict | None:
    if limits.families and not set(limits.families) & set(facts.families):
        what = ", ".join(facts.families) or "not known"
        return deny("auto_family", f"its family is {what}, none of {', '.join(limits.families)}")
    return None


_RULES: tuple[Callable[[AutoFacts, AutoLimits], Verdict | None], ...] = (
    _gate,
    _own_work,
    _files,
    _person_demanded,
    _score,
    _coverage,
    _family,
)
