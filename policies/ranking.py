"""Which item comes next: weighted shortest job first, in the open (B2, [R]).

    score  = (value + time criticality + risk reduction) / size × ageing
    ageing = 1                       up to an age of one day
           = 1 + (age - 1 d) / 30 d  after it
           = 2                       from 31 days on

Promises: everything is counted in whole numbers, so the order is exact, the same on every machine
and in every database, and never depends on the order of asking. Only the four raw inputs, a
project's own scoring and the instant since when an item is known enter; nothing that Towpath does
to an item moves it. Pure: no clock, no I/O.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

SCALE = (1, 2, 3, 5, 8, 13)
UNIT = 1560  # base scores are whole numbers of 1/1560: the least common multiple of the scale
DAY_US = 86_400_000_000
GROWTH_US = 30 * DAY_US  # from the factor 1 to the factor 2
LARGEST_BOOST = Fraction(4)  # a project's own scoring multiplies by 1/4 … 4

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Priority(StrEnum):
    """What a score means to people [R]. The bounds belong to the lower one, except 1.5 and 1.0."""

    CRITICAL = "critical"  # > 2.0
    HIGH = "high"  # 1.5 … 2.0
    MEDIUM = "medium"  # 1.0 … 1.5
    LOW = "low"  # < 1.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the priorities begin, and from which score on an item is worked on."""

    critical: Fraction = Fraction(2)
    high: Fraction = Fraction(3, 2)
    medium: Fraction = Fraction(1)
    execution: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Scored:
    """Facts that a project's own scoring sees: the raw inputs (on the scale) and what it is."""

    value: int
    time: int
    risk: int
    size: int
    family: str
    labels: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Boost:
    """What a project's own scoring said, after the bounds were put on it."""

    factor: Fraction
    reason: str


Scoring = Callable[[Scored], tuple[float, str]]


def on_scale(number: float) -> int:
    """The value of the scale nearest to `number`; the larger one of two equally near.

    Raises ValueError for what is no positive finite number.
    """
    if isinstance(number, bool) or not math.isfinite(number) or number <= 0:
        raise ValueError("expected a positive number")
    return min(SCALE, key=lambda step: (abs(Fraction(step) - Fraction(number)), -step))


def base(value: int, time: int, risk: int, size: int, boost: Fraction = Fraction(1)) -> int:
    """The score without its age, in 1/1560. The inputs must be of the scale (ValueError)."""
    if not {value, time, risk, size} <= set(SCALE):
        raise ValueError("inputs must be on the scale 1, 2, 3, 5, 8, 13")
    whole = (value + time + risk) * (UNIT // size)
    return whole if boost == 1 else max(1, round(whole * boost))


def microseconds(at: datetime) -> int:
    """An instant as whole microseconds since 1970. A naive one is a ValueError."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (at - _EPOCH) // timedelta(microseconds=1)


def rank(base_score: int, since_us: int, now_us: int) -> int:
    """What items are ordered by, the largest first: the score in 1 / (UNIT × GROWTH_US).

    Equal ranks: first the item that is known for longer, then the lower number (`order`).
    """
    older = min(max(now_us - since_us - DAY_US, 0), GROWTH_US)
    return base_score * (GROWTH_US + older)


def order(base_score: int, since_us: int, number: int, now_us: int) -> tuple[int, int, int]:
    """A key that sorts items in the order in which they are worked on."""
    return (-rank(base_score, since_us, now_us), since_us, number)


def ageing(since_us: int, now_us: int) -> Fraction:
    """The factor of an item's age, 1 … 2, exact. Something from the future is new."""
    return Fraction(rank(1, since_us, now_us), GROWTH_US)


def score(base_score: int, since_us: int, now_us: int) -> Fraction:
    """The score as people know it, exact."""
    return Fraction(rank(base_score, since_us, now_us), UNIT * GROWTH_US)


def priority(exact: Fraction, thresholds: Thresholds = Thresholds()) -> Priority:
    """What a score is called."""
    if exact > thresholds.critical:
        return Priority.CRITICAL
    if exact >= thresholds.high:
        return Priority.HIGH
    return Priority.MEDIUM if exact >= thresholds.medium else Priority.LOW


def worth_doing(exact: Fraction, thresholds: Thresholds = Thresholds()) -> bool:
    """Whether the score reaches the execution threshold."""
    return exact >= thresholds.execution


def boosted(scoring: Scoring | None, facts: Scored) -> Boost:
    """Ask a project's own scoring for its factor and put the bounds on it.

    One that raises or answers with something else than (number, reason) changes nothing, and the
    reason says so: a mistake in a plug-in must not empty or turn over a backlog.
    """
    if scoring is None:
        return Boost(Fraction(1), "")
    try:
        told, reason = scoring(facts)
        factor = Fraction(told).limit_denominator(100)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - somebody else's code
        return Boost(Fraction(1), f"own scoring failed: {type(error).__name__}")
    bounded = min(max(factor, 1 / LARGEST_BOOST), LARGEST_BOOST)
    note = str(reason)[:200] or "own scoring"
    return Boost(bounded, note if bounded == factor else f"{note} (bounded to {float(bounded):g})")
