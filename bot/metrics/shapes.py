"""The numbers, and the two ways to sum up many of them (O3).

Promises: None says that there was nothing to measure, which is not the same as 0; lengths of time
are in seconds, shares from 0 to 1, money in US dollars. The names are a contract: docs/metrics.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.story.vocabulary import Value


class Spread(Value):
    """Many lengths of time. Quantiles are interpolated between the two nearest."""

    count: int
    median_seconds: float
    p85_seconds: float
    p95_seconds: float
    mean_seconds: float
    longest_seconds: float


class Frequency(Value):
    """How often something happened; a window of less than a day counts as one day."""

    count: int
    per_day: float
    per_week: float


class Restored(Value):
    """Failures that were put right. `still_broken`: those that nobody has put right yet."""

    time: Spread | None = None
    still_broken: int = 0


class Dora(Value):
    """The four numbers. `failed_changes`: of the deployments, those that had to be put right."""

    deployment_frequency: Frequency | None = None
    lead_time_for_changes: Spread | None = None
    failed_changes: int | None = None
    change_failure_rate: float | None = None
    time_to_restore: Restored | None = None


class Ageing(Value):
    """How long the open items are known. `by_age`: bounds in days → how many."""

    open: int
    by_state: dict[str, int]
    by_age: dict[str, int]
    time: Spread | None = None
    oldest: str = ""  # the stream of the oldest one


class Ended(Value):
    """How the stories ended that ended in the window. `split`: into smaller ones."""

    done: int
    failed: int
    cancelled: int
    split: int


class Week(Value):
    """A week by ISO 8601 (UTC), from Monday. `whole`: all of it is inside of the window."""

    week: str
    begins: str
    whole: bool
    done: int
    by_family: dict[str, int]


class Flow(Value):
    """How work comes and goes."""

    cycle_time: Spread | None = None
    lead_time: Spread | None = None
    ended: Ended | None = None
    completion_rate: float | None = None
    throughput: tuple[Week, ...] | None = None
    ageing: Ageing | None = None
    approvals_waiting: Spread | None = None
    approvals_open: int | None = None


class Wsjf(Value):
    """What the items were worth that got done; scores are without their age."""

    delivered: float
    items: int
    closed_elsewhere: int  # done, and not by Towpath: they are not in `delivered`


class Workflows(Value):
    """The repository's own CI. `undecided`: cancelled, skipped and the like; they are no `runs`."""

    runs: int
    failed: int
    undecided: int
    failure_rate: float | None = None


class Ci(Value):
    """The project's own tests as Towpath ran them. Runs that could not begin are no runs."""

    runs: int
    failed: int
    flaky: int
    could_not_run: int
    failure_rate: float | None = None
    workflows: Workflows | None = None


class Conflicts(Value):
    """Branches whose base moved.

    `rerere_hits`: conflicts where memory resolved at least one file; `remembered_files`: these.
    """

    rebased: int
    conflicts: int
    resolved: int
    rerere_hits: int
    remembered_files: int


class Cost(Value):
    """What models cost. `unpriced_calls` cost an unknown sum, which is in no other number."""

    total_usd: float
    calls: int
    unpriced_calls: int
    stories: int  # that were done in the window, and whose every call has a price
    mean_story_usd: float | None = None
    median_story_usd: float | None = None


class Metrics(Value):
    """Everything, of one repository or all (`repository` None), in `since` ≤ instant < `until`.

    `observed_days`: how much of the window lies after the first fact. `out_of_order`: lengths that
    would be negative, because a clock went back; they count as 0.
    """

    repository: str | None
    since: datetime
    until: datetime
    observed_days: float | None = None
    events: int = 0
    out_of_order: int = 0
    dora: Dora = Dora()
    flow: Flow = Flow()
    wsjf: Wsjf | None = None
    ci: Ci | None = None
    conflicts: Conflicts | None = None
    cost: Cost | None = None


def quantile(ordered: Sequence[float], share: float) -> float:
    """The quantile of numbers in order, interpolated (as PERCENTILE_CONT does it)."""
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def spread(seconds: Sequence[float]) -> Spread | None:
    """Sum up lengths of time; None where there are none."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    return Spread(
        count=len(ordered),
        median_seconds=round(quantile(ordered, 0.5), 3),
        p85_seconds=round(quantile(ordered, 0.85), 3),
        p95_seconds=round(quantile(ordered, 0.95), 3),
        mean_seconds=round(sum(ordered) / len(ordered), 3),
        longest_seconds=round(ordered[-1], 3),
    )


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`, from 0 to 1; None of nothing."""
    return round(part / whole, 4) if whole else None
