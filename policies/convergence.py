"""Whether another iteration is worth it (S8, S9).

Promises: pure; a story never goes past its iterations; the same failure again is first answered by
showing all earlier attempts at once, then by giving the story to people.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.story.vocabulary import Verdict, allow, deny

MAX_ITERATIONS = 10
WINDOW = 4  # iterations within which the same fingerprint means oscillation
PATIENCE = 3  # iterations without one failing test less


class Step(StrEnum):
    """What to do after a failed iteration."""

    CONTINUE = "continue"
    SHOW_ALL = "show_all"  # once more, with every earlier attempt in view
    HANDOFF = "handoff"


@dataclass(frozen=True)
class Attempt:
    """A failed iteration. `failing`: how many tests failed, None where that is not known."""

    fingerprint: str
    failing: int | None = None


@dataclass(frozen=True)
class Course:
    """The step and the rule that chose it."""

    step: Step
    rule: str
    reason: str = ""


def decide(attempts: Sequence[Attempt], *, max_iterations: int = MAX_ITERATIONS) -> Course:
    """What follows the failed `attempts`, oldest first (S8, S9)."""
    if not attempts:
        return Course(Step.CONTINUE, "first")
    if len(attempts) >= max_iterations:
        return Course(Step.HANDOFF, "max_iterations", f"{max_iterations} iterations failed")
    last = attempts[-1].fingerprint
    recent = sum(1 for each in attempts[-WINDOW:] if each.fingerprint == last)
    warned = any(
        attempts[at].fingerprint in {a.fingerprint for a in attempts[max(0, at - WINDOW + 1) : at]}
        for at in range(len(attempts) - 1)
    )
    if recent >= 2 and warned:
        return Course(
            Step.HANDOFF, "oscillation", "the same failure came back with all attempts in view"
        )
    if recent >= 2:
        return Course(Step.SHOW_ALL, "oscillation", f"the same failure twice in {WINDOW} attempts")
    if _stuck(attempts):
        return Course(
            Step.HANDOFF, "no_progress", f"{PATIENCE} iterations without one failing test less"
        )
    return Course(Step.CONTINUE, "progress")


def _stuck(attempts: Sequence[Attempt]) -> bool:
    """Whether none of the last PATIENCE iterations beat the best count before them."""
    counts = [each.failing for each in attempts]
    known = [count for count in counts if count is not None]
    if len(counts) <= PATIENCE or len(known) < len(counts):
        return False
    return min(known[-PATIENCE:]) >= min(known[:-PATIENCE])


def go_on(fingerprints: Sequence[str], max_iterations: int = MAX_ITERATIONS) -> Verdict:
    """Whether the failures so far, oldest first, allow another iteration. Rule `show_all_attempts`:
    allowed, but with every earlier attempt in view.
    """
    course = decide([Attempt(each) for each in fingerprints], max_iterations=max_iterations)
    if course.step is Step.HANDOFF:
        return deny(course.rule, course.reason)
    return allow(
        "show_all_attempts" if course.step is Step.SHOW_ALL else course.rule, course.reason
    )


# What differs between two runs of one failure: quoted values, paths, hex ids, numbers.
_VARYING = re.compile(
    r"0x[0-9a-f]+|\b[0-9a-f]{7,64}\b|(?:[\w.~-]*/)+[\w.-]*|\d+(?:\.\d+)*", re.IGNORECASE | re.ASCII
)


def fingerprint(error_class: str, message: str) -> str:
    """16 hex digits that stay the same under changing numbers, paths and ids (S17)."""
    plain = " ".join(_VARYING.sub("#", message[:4000]).lower().split())
    return hashlib.sha256(f"{error_class}\n{plain}".encode()).hexdigest()[:16]
