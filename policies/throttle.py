"""How fast pull requests are opened in a repository (B10, P5): people have to read each of them.

Promises: pure; `prs_per_day` a day (UTC), fewer while CI fails more often than the limit, so many
open at once, and the same for one kind of work inside that. Without enough runs nothing is slowed.
At a limit the next one waits, and time or a merge lets it through. Never: closes or refuses one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from bot.story.vocabulary import Gate, Verdict, wait

RULES = ("prs_per_day", "slow_prs_per_day", "open_prs", "family_prs_per_day", "family_open_prs")
LOOK_AGAIN = timedelta(hours=1)  # whether one of those that are open has gone, or CI got better

WINDOW = timedelta(days=7)
MOST, LEAST = 50, 5  # runs: the newest that count, and how many it takes to say anything
_GOOD = frozenset({"success"})
_BAD = frozenset({"failure", "timed_out", "startup_failure"})


@dataclass(frozen=True)
class CiRun:
    """A run of CI. `conclusion` as GitHub says it, '' while it is under way; `at`: its end."""

    id: int
    conclusion: str
    at: datetime


@dataclass(frozen=True)
class CiHealth:
    """Of the runs that count: how many failed."""

    failed: int
    runs: int

    @property
    def rate(self) -> float:
        return self.failed / self.runs


def ci_health(runs: Iterable[CiRun], now: datetime) -> CiHealth | None:
    """Of the newest MOST runs that ended well or badly within WINDOW; None: fewer than LEAST.

    A run under way, cancelled, skipped, neutral or waiting for somebody says nothing, nor does one
    from the future. The last attempt of a run is the run.
    """
    last: dict[int, CiRun] = {}
    for run in runs:
        if run.id not in last or run.at > last[run.id].at:
            last[run.id] = run
    told = [
        run
        for run in last.values()
        if run.conclusion in _GOOD | _BAD and now - WINDOW <= run.at <= now
    ]
    counted = sorted(told, key=lambda run: (run.at, run.id), reverse=True)[:MOST]
    if len(counted) < LEAST:
        return None
    return CiHealth(sum(run.conclusion in _BAD for run in counted), len(counted))


@dataclass(frozen=True)
class Pace:
    """The limits. `families`: kind of work → (a day, at once); None: as for all kinds."""

    prs_per_day: int = 5
    slow_prs_per_day: int = 2
    open_prs: int = 10
    ci_failure_rate: float = 0.30
    families: Mapping[str, tuple[int | None, int | None]] = field(
        default_factory=lambda: MappingProxyType({})
    )


@dataclass(frozen=True)
class Opened:
    """Pull requests of ours in one repository: opened since midnight (UTC), and open now.

    `family`: the kind of work that asks, '' unknown; `family_day`, `family_open`: of that kind.
    """

    day: int = 0
    open: int = 0
    family: str = ""
    family_day: int = 0
    family_open: int = 0


def decide(opened: Opened, pace: Pace, ci: CiHealth | None, now: datetime) -> Verdict | None:
    """WAIT (one of RULES; `until` says when it is looked at again), or None."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow, soon = midnight + timedelta(days=1), now + LOOK_AGAIN
    if opened.day >= pace.prs_per_day:
        reason = f"{opened.day} of {pace.prs_per_day} pull requests of a day are opened"
        return _until("prs_per_day", reason, tomorrow)
    if ci is not None and ci.rate > pace.ci_failure_rate and opened.day >= pace.slow_prs_per_day:
        reason = (
            f"{ci.failed} of the last {ci.runs} CI runs failed, so {pace.slow_prs_per_day} pull "
            f"requests a day are enough; {opened.day} are opened"
        )
        return _until("slow_prs_per_day", reason, min(tomorrow, soon))
    if opened.open >= pace.open_prs:
        reason = f"{opened.open} of {pace.open_prs} pull requests are open at once"
        return _until("open_prs", reason, soon)
    a_day, at_once = pace.families.get(opened.family, (None, None))
    if a_day is not None and opened.family_day >= a_day:
        reason = f"{opened.family_day} of {a_day} {opened.family} pull requests of a day are opened"
        return _until("family_prs_per_day", reason, tomorrow)
    if at_once is not None and opened.family_open >= at_once:
        reason = f"{opened.family_open} of {at_once} {opened.family} pull requests are open at once"
        return _until("family_open_prs", reason, soon)
    return None


def _until(rule: str, reason: str, until: datetime) -> Verdict:
    verdict = wait(rule, reason, Gate.BUDGET_EXCEEDED)
    told = f"{reason}; it goes on at {until:%Y-%m-%d %H:%M} UTC at the earliest"
    return verdict.model_copy(update={"until": until, "whom": "", "reason": told})
