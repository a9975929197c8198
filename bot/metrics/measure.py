"""The numbers of a window (O3). docs/metrics.md has the definition of each.

Promises: pure over the journal; the same journal and window give the same numbers at any time.
"""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.backlog.shelf import base_of
from bot.metrics import changes, workflows
from bot.metrics.facts import streams
from bot.metrics.items import Life, life_of
from bot.metrics.shapes import (
    Ageing,
    Ci,
    Conflicts,
    Cost,
    Dora,
    Ended,
    Flow,
    Frequency,
    Metrics,
    Restored,
    Week,
    Wsjf,
    share,
    spread,
)
from bot.metrics.stories import SPLIT, Course, course_of
from bot.story.item_events import ItemState
from bot.story.journal import Journal
from bot.story.vocabulary import State
from policies.ranking import UNIT, Scoring

DAY = timedelta(days=1)
_AGES = (("under_1_day", 1), ("under_7_days", 7), ("under_30_days", 30), ("under_90_days", 90))
_OLDER = "90_days_or_more"


@dataclass
class _Window:
    """What lies in it, and lengths that no clock turns around."""

    since: datetime
    until: datetime
    out_of_order: int = 0

    def has(self, at: datetime | None) -> bool:
        return at is not None and self.since <= at < self.until

    def length(self, begin: datetime, end: datetime) -> float:
        seconds = (end - begin).total_seconds()
        self.out_of_order += seconds < 0
        return max(0.0, seconds)


@dataclass
class _Read:
    """All streams, folded."""

    courses: list[Course] = field(default_factory=list)
    lives: int = 0
    open: list[Life] = field(default_factory=list)
    done: list[Life] = field(default_factory=list)
    returned: list[Life] = field(default_factory=list)
    workflows: list[tuple[datetime, str]] = field(default_factory=list)  # the end of each run
    events: int = 0
    first: datetime | None = None


def metrics(
    journal: Journal,
    repository: str | None,
    since: datetime,
    until: datetime,
    scoring: Scoring | None = None,
) -> Metrics:
    """The numbers of one repository (its id, as the backlog has it) or of all.

    `scoring`: the operator's own, for what items were worth. Raises ValueError where the window is
    empty or an instant has no time zone.
    """
    since, until = _utc(since), _utc(until)
    if since >= until:
        raise ValueError("the window ends before it begins")
    window = _Window(since, until)
    read = _read(journal, repository, window)
    if read.first is None:
        return Metrics(repository=repository, since=since, until=until)
    observed = max(since, read.first)
    changes.judge(read.courses, read.returned)
    return Metrics(
        repository=repository,
        since=since,
        until=until,
        observed_days=round((until - observed) / DAY, 4),
        events=read.events,
        dora=_dora(read, window, observed),
        flow=_flow(read, window, observed),
        wsjf=_wsjf(read, window, scoring),
        ci=_ci(read, window),
        conflicts=_conflicts(read.courses, window),
        cost=_cost(read.courses, window),
        out_of_order=window.out_of_order,  # the last: the others count them
    )


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC)


def _read(journal: Journal, repository: str | None, window: _Window) -> _Read:
    read = _Read()
    for stream, facts in streams(journal, repository, window.until):
        read.events += len(facts)
        earliest = min(fact.at for fact in facts)
        read.first = earliest if read.first is None else min(read.first, earliest)
        if stream.startswith("story:"):
            course = course_of(stream, facts)
            if course is not None:
                read.courses.append(course)
            continue
        if stream.startswith("ci/"):
            read.workflows += workflows.ends(facts)
            continue
        life = life_of(stream, facts)
        if life is None:
            continue
        read.lives += 1
        if life.returned:
            read.returned.append(life)
        if life.merged:
            continue
        if life.state != ItemState.DONE:
            read.open.append(life)
        elif window.has(life.moved):
            read.done.append(life)
    return read


# -- the four numbers --------------------------------------------------------------------------


def _dora(read: _Read, window: _Window, observed: datetime) -> Dora:
    if not read.courses:
        return Dora()
    every = [merge for course in read.courses for merge in course.merges]
    there = [merge for merge in every if window.has(merge.at)]
    failed = sum(merge.broke is not None for merge in there)
    days = max(1.0, (window.until - observed) / DAY)
    broken = [merge for merge in every if merge.broke is not None]
    mended = [
        window.length(merge.broke, merge.mended)
        for merge in broken
        if merge.broke is not None and merge.mended is not None and window.has(merge.mended)
    ]
    still = sum(merge.mended is None for merge in broken)
    led = [
        window.length(merge.committed, merge.at) for merge in there if merge.committed is not None
    ]
    return Dora(
        deployment_frequency=Frequency(
            count=len(there),
            per_day=round(len(there) / days, 4),
            per_week=round(7 * len(there) / days, 4),
        ),
        lead_time_for_changes=spread(led),
        failed_changes=failed if there else None,
        change_failure_rate=share(failed, len(there)),
        time_to_restore=Restored(time=spread(mended), still_broken=still) if broken else None,
    )


# -- flow --------------------------------------------------------------------------------------


def _flow(read: _Read, window: _Window, observed: datetime) -> Flow:
    known_since = changes.known_since([*read.open, *read.done])
    done = [one for one in read.courses if one.done and window.has(one.ended)]
    cycle, lead = [], []
    for one in done:
        if one.ended is None or one.received is None:
            continue
        begun = one.begun or one.received
        cycle.append(window.length(begun, one.ended))
        known = known_since.get((one.repository, one.issue), one.received)
        lead.append(window.length(min(known, one.received), one.ended))
    ended = _ended(read.courses, window)
    waits = [wait for one in read.courses for wait in one.waits]
    waited = [
        window.length(one.begin, one.end)
        for one in waits
        if one.approved and one.end is not None and window.has(one.end)
    ]
    return Flow(
        cycle_time=spread(cycle),
        lead_time=spread(lead),
        ended=ended,
        completion_rate=share(ended.done, ended.done + ended.failed) if ended else None,
        throughput=_throughput(read, done, window, observed),
        ageing=_ageing(read, window),
        approvals_waiting=spread(waited),
        approvals_open=sum(one.end is None for one in waits) if read.courses else None,
    )


def _ended(courses: list[Course], window: _Window) -> Ended | None:
    if not courses:
        return None
    states = Counter(str(one.state) for one in courses if window.has(one.ended))
    return Ended(
        done=states[State.DONE],
        failed=states[State.FAILED],
        cancelled=states[State.CANCELLED],
        split=states[SPLIT],
    )


def _throughput(
    read: _Read, done: list[Course], window: _Window, observed: datetime
) -> tuple[Week, ...] | None:
    """Everything that got done, once: an item, or a story that no item stands for."""
    if not read.courses and not read.lives:
        return None
    named = changes.issues_of(read.done)
    things = [(life.moved, str(life.done.family)) for life in read.done if life.done]
    things += [
        (one.ended, str(one.family))
        for one in done
        if one.ended is not None and (one.repository, one.issue) not in named
    ]
    weeks: dict[datetime, Counter[str]] = {}
    monday, end = _monday(observed), window.until
    while monday < end:
        weeks[monday] = Counter()
        monday += 7 * DAY
    for at, family in things:
        weeks[_monday(at)][family] += 1
    return tuple(
        Week(
            week=f"{begin.isocalendar().year}-W{begin.isocalendar().week:02}",
            begins=begin.date().isoformat(),
            whole=window.since <= begin and begin + 7 * DAY <= end,
            done=families.total(),
            by_family=dict(sorted(families.items())),
        )
        for begin, families in sorted(weeks.items())
    )


def _monday(at: datetime) -> datetime:
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - day.weekday() * DAY


def _ageing(read: _Read, window: _Window) -> Ageing | None:
    if not read.lives:
        return None
    ages = [(window.length(one.since, window.until), one) for one in read.open]
    buckets = Counter(_bucket(seconds) for seconds, _ in ages)
    oldest = min(read.open, key=lambda one: (one.since, one.stream), default=None)
    return Ageing(
        open=len(ages),
        time=spread([seconds for seconds, _ in ages]),
        by_state=dict(sorted(Counter(str(one.state) for one in read.open).items())),
        by_age={name: buckets[name] for name in (*(name for name, _ in _AGES), _OLDER)},
        oldest=oldest.stream if oldest else "",
    )


def _bucket(seconds: float) -> str:
    days = seconds / DAY.total_seconds()
    return next((name for name, bound in _AGES if days < bound), _OLDER)


# -- worth, tests, cost ------------------------------------------------------------------------


def _wsjf(read: _Read, window: _Window, scoring: Scoring | None) -> Wsjf | None:
    if not read.lives:
        return None
    stories = {(one.repository, one.issue): one.done for one in read.courses}
    ours = [one for one in read.done if _is_ours(one, stories)]
    worth = sum(base_of(one.done, scoring) for one in ours if one.done)
    return Wsjf(
        delivered=round(worth / UNIT, 4),
        items=len(ours),
        closed_elsewhere=len(read.done) - len(ours),
    )


def _is_ours(life: Life, stories: dict[changes.Issue, bool]) -> bool:
    """By its story, where it has one: somebody may have closed the issue while it was worked on."""
    found = [stories[name] for name in changes.issues_of([life]) if name in stories]
    return any(found) if found else life.worked


def _ci(read: _Read, window: _Window) -> Ci | None:
    tried = [run for one in read.courses for run in one.runs if window.has(run.at)]
    own = workflows.health([said for at, said in read.workflows if window.has(at)])
    if not tried and own is None:
        return None
    runs = [run for run in tried if run.ran]
    failed = sum(not run.ok for run in runs)
    return Ci(
        runs=len(runs),
        failed=failed,
        flaky=sum(run.flaky for run in runs),
        could_not_run=len(tried) - len(runs),
        failure_rate=share(failed, len(runs)),
        workflows=own,
    )


def _conflicts(courses: list[Course], window: _Window) -> Conflicts | None:
    if not courses:
        return None
    met = [one for course in courses for one in course.conflicts if window.has(one.at)]
    known = [one.remembered for one in met if one.remembered and one.resolved]
    return Conflicts(
        rebased=sum(window.has(at) for one in courses for at in one.rebased),
        conflicts=len(met),
        resolved=sum(one.resolved for one in met),
        rerere_hits=len(known),
        remembered_files=sum(known),
    )


def _cost(courses: list[Course], window: _Window) -> Cost | None:
    if not courses:
        return None
    calls = [cost for one in courses for at, cost in one.calls if window.has(at)]
    whole = [
        sum(cost for _, cost in one.calls if cost is not None)
        for one in courses
        if one.done and window.has(one.ended) and all(cost is not None for _, cost in one.calls)
    ]
    return Cost(
        total_usd=round(sum(cost for cost in calls if cost is not None), 6),
        calls=len(calls),
        unpriced_calls=sum(cost is None for cost in calls),
        stories=len(whole),
        mean_story_usd=round(statistics.fmean(whole), 6) if whole else None,
        median_story_usd=round(statistics.median(whole), 6) if whole else None,
    )
