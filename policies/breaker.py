"""Whether an outside service is asked at all, or left alone for a while (S3, B9).

Promises: pure; instants are seconds that the caller reads, the jitter is handed in; a rest doubles
with each failure in a row up to a bound and never ends before the time that the service named; of
those that ask after a rest, one is sent to try. A service that fails again soon after it came back
goes on resting where it stopped, and a clock that was set back makes nobody wait longer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

_SKEW = 60.0  # seconds by which the clocks of two machines may differ


class Gate(StrEnum):
    """What a caller does: ask, be the one that tries it again, or come back later."""

    GO = "go"
    TRIAL = "trial"
    REST = "rest"


@dataclass(frozen=True)
class Limits:
    """Seconds and counts.

    `trips`: failures in a row, of at least `kinds` different requests, that open it: one request
    that always fails says nothing about the others. `calm`: how long it has to be well before a
    failure counts as the first one again.
    """

    first: float = 5.0
    most: float = 300.0
    most_after: float = 86_400.0  # that a service may ask for
    trips: int = 1
    kinds: int = 1
    calm: float = 60.0


@dataclass(frozen=True)
class Condition:
    """How a service is. `failures` in a row, the first at `since`; all zero: it is well.

    `open`: it rests, until `rest` seconds after `failed_at`. `before`: its failures before it came
    back at `well_since`. `about`: what failed, each once.
    """

    failures: int = 0
    since: float = 0.0
    failed_at: float = 0.0
    rest: float = 0.0
    reason: str = ""
    open: bool = False
    about: tuple[str, ...] = ()
    before: int = 0
    well_since: float = 0.0


WELL = Condition()


def failed(
    known: Condition,
    now: float,
    reason: str,
    jitter: float,
    *,
    retry_after: float | None = None,
    about: str = "",
    limits: Limits | None = None,
) -> Condition:
    """The condition after one more failure. `jitter`: 0..1; `retry_after`: seconds it asked for."""
    limits = limits or Limits()
    failures, since = known.failures + 1, known.since
    if not known.failures:
        since = now
        if known.before and 0 <= now - known.well_since < limits.calm:
            failures = known.before + 1
    about_all = known.about if about in known.about else (*known.about, about)
    is_open = known.open or (failures >= limits.trips and len(about_all) >= limits.kinds)
    doublings = max(0, min(failures - limits.trips, 30))
    share = 0.5 + min(1.0, max(0.0, jitter)) / 2
    rest = min(limits.most, limits.first * 2.0**doublings) * share
    rest = max(rest, min(retry_after or 0.0, limits.most_after)) if is_open else 0.0
    return replace(
        known,
        failures=failures,
        since=since,
        failed_at=now,
        rest=rest,
        reason=reason,
        open=is_open,
        about=about_all[-limits.kinds :],
    )


def succeeded(known: Condition, now: float) -> Condition:
    """The condition after an answer."""
    if not known.failures:
        return known
    return Condition(before=known.failures if known.open else 0, well_since=now)


def rests_for(known: Condition, now: float) -> float:
    """Seconds until somebody may try it again; 0 where somebody may now."""
    if not known.open or now < known.failed_at - _SKEW:
        return 0.0
    return max(0.0, known.failed_at + known.rest - now)


def gate(known: Condition, now: float) -> Gate:
    """What the next caller does."""
    if not known.open:
        return Gate.GO
    return Gate.REST if rests_for(known, now) > 0 else Gate.TRIAL
