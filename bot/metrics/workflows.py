"""How the repository's own CI fared (O3).

Promises: a run counts once, as its last attempt ended; what ended neither well nor badly is no run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.metrics.facts import Fact
from bot.metrics.shapes import Workflows, share

# What counts is what counts for the pace at which pull requests are opened (B10).
_GOOD = frozenset({"success"})
_BAD = frozenset({"failure", "timed_out", "startup_failure"})


def ends(facts: Iterable[Fact]) -> list[tuple[datetime, str]]:
    """When and how each run ended, by its last attempt; they may be told in any order."""
    last: dict[int, tuple[int, datetime, str]] = {}
    for fact in facts:
        told = fact.told
        attempt = told["attempt"]
        if told["run"] not in last or attempt > last[told["run"]][0]:
            last[told["run"]] = attempt, fact.at, told["conclusion"]
    return [(at, said) for _, at, said in last.values()]


def health(conclusions: Sequence[str]) -> Workflows | None:
    """Of runs that ended; None where there were none."""
    if not conclusions:
        return None
    failed = sum(said in _BAD for said in conclusions)
    runs = failed + sum(said in _GOOD for said in conclusions)
    return Workflows(
        runs=runs,
        failed=failed,
        undecided=len(conclusions) - runs,
        failure_rate=share(failed, runs),
    )
