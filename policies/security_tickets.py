"""What becomes of a ticket of the security family (B11): the bot's work, a person's, or nothing's.

Promises: pure; every ruling names its rule and says why; what is not certain is a person's. A
ticket is closed only by a rule of CLOSING that the configuration leaves on. Never: decides about
the alert itself, which stays open on GitHub until a person or the fix closes it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

CLOSING = (
    "duplicate", "not_affected", "withdrawn", "already_fixed", "suppressed", "test_only",
    "example_only", "vendored", "dev_only",
)  # fmt: skip


class Outcome(StrEnum):
    """Dispatched and verified without a model, given to people, closed, or done by another."""

    DISPATCH = "dispatch"
    HAND_OVER = "hand_over"
    CLOSE = "close"
    WAIT = "wait"


@dataclass(frozen=True)
class Declared:
    """A place that declares the package. `fixed`: it asks for a version that has the fix."""

    path: str
    fixed: bool
    dev: bool = False


@dataclass(frozen=True)
class Ticket:
    """What the sources say, and what the default branch says to it.

    `statement`: of a VEX, with its reason; `withdrawn`: since when the advisory is; `places`: files
    of a finding in code, `missing` those of them that are not there, `tests` those that only tests
    use, `examples` of the documentation, `vendored` of other projects, `mended`: the finding is in
    none of them any more, `suppressed`: the comments that say why each finding may stay; `image`:
    only an image has the package; `same_as`: an older open ticket of the same thing. `fix`: paths
    that the known fix changes; `theirs`: those of the fix, or of the places where there is none,
    that only people may change; `hindrance`: why there is no known fix.
    """

    kind: Literal["dependency", "code", "secret", "other"]
    declared: tuple[Declared, ...] = ()
    has_fixed_version: bool = False
    statement: str = ""
    statement_reason: str = ""
    withdrawn: str = ""
    places: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    vendored: tuple[str, ...] = ()
    suppressed: str = ""
    image: bool = False
    mended: bool = False
    same_as: int = 0
    known_fix: bool = False
    fix: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    hindrance: str = ""


@dataclass(frozen=True)
class Ruling:
    """`patch`: people get the exact change with it."""

    outcome: Outcome
    rule: str
    reason: str
    patch: bool = False


def decide(ticket: Ticket, closing: Collection[str]) -> Ruling:
    """B11. `closing`: the rules of CLOSING that may close a ticket here."""
    false_alarm = _false_alarm(ticket)
    if false_alarm is not None and false_alarm.rule in closing:
        return false_alarm
    if ticket.kind == "secret":
        where = f" ({_some(ticket.places)})" if ticket.places else ""
        why = f"a leaked secret{where} has to be revoked where it was issued, then replaced"
        return _people("secret", f"{why}; taking it out of the files does not undo the leak")
    if ticket.known_fix and ticket.theirs and not set(ticket.fix) - set(ticket.theirs):
        names = _some(ticket.theirs)
        return _people("restricted_path", f"the fix is known, only people may change {names}", True)
    if ticket.known_fix:
        return Ruling(Outcome.DISPATCH, "known_fix", "the fix is known and needs no model")
    if false_alarm is not None:
        return _people(
            false_alarm.rule, f"{false_alarm.reason}; the configuration does not let it be closed"
        )
    if ticket.kind == "dependency" and not ticket.has_fixed_version:
        return _people("no_fixed_version", "no fixed version is known")
    if ticket.kind == "dependency" and not ticket.declared and ticket.image:
        return _people(
            "base_image", "no manifest declares the package: a newer base image brings it along"
        )
    if ticket.kind == "dependency" and not ticket.declared:
        return _people(
            "not_declared", "no manifest declares the package: another one brings it along"
        )
    why = ticket.hindrance or "no fix is known that needs no judgement"
    if ticket.theirs:
        return _people("restricted_path", f"only people may change {_some(ticket.theirs)}; {why}")
    return _people("no_known_fix", why)


def covered(by: int) -> Ruling:
    """A ticket that the fix of another one mends as well."""
    return Ruling(Outcome.WAIT, "covered", f"the fix of item {by} mends it as well")


def _false_alarm(ticket: Ticket) -> Ruling | None:
    if ticket.same_as:
        return _close("duplicate", f"the same thing as item {ticket.same_as}")
    if ticket.statement in ("not_affected", "false_positive"):
        said = ticket.statement.replace("_", " ")
        why = f": {ticket.statement_reason}" if ticket.statement_reason else ""
        return _close("not_affected", f"the project's VEX statement says {said}{why}")
    if ticket.withdrawn:
        return _close("withdrawn", f"the advisory was withdrawn on {ticket.withdrawn}")
    if ticket.kind == "dependency":
        return _idle_dependency(ticket.declared)
    if ticket.mended:
        return _close("already_fixed", f"the finding is not in {_some(ticket.places)} any more")
    if ticket.kind == "code" and ticket.places:
        if set(ticket.places) <= set(ticket.missing):
            return _close("already_fixed", f"{_some(ticket.missing)} is not there any more")
        return _aside(ticket)
    return None


def _aside(ticket: Ticket) -> Ruling | None:
    """A finding in files that nothing runs which is shipped, or that people said may stay."""
    if ticket.suppressed:
        why = f"a comment on the default branch says why it may stay: {ticket.suppressed}"
        return _close("suppressed", why)
    for rule, paths, what in (
        ("test_only", ticket.tests, "only tests are concerned"),
        ("example_only", ticket.examples, "only documentation and examples are concerned"),
        ("vendored", ticket.vendored, "the code is another project's and is mended there"),
    ):
        if paths and set(ticket.places) <= {*paths, *ticket.missing}:
            return _close(rule, f"{what}: {_some(paths)}")
    return None


def _idle_dependency(declared: tuple[Declared, ...]) -> Ruling | None:
    if not declared:
        return None
    if all(one.fixed for one in declared):
        names = _some([one.path for one in declared])
        return _close("already_fixed", f"a fixed version is asked for in {names}")
    if all(one.dev or one.fixed for one in declared):
        names = _some([one.path for one in declared if one.dev])
        return _close("dev_only", f"only development needs the package: {names}")
    return None


def _close(rule: str, reason: str) -> Ruling:
    return Ruling(Outcome.CLOSE, rule, reason)


def _people(rule: str, reason: str, patch: bool = False) -> Ruling:
    return Ruling(Outcome.HAND_OVER, rule, reason, patch)


def _some(paths: Collection[str]) -> str:
    names = sorted(set(paths))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
