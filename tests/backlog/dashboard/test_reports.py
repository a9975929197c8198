"""The snapshot and the report of each day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.backlog.reports import MADE_GOOD, Report, keep, missing, report
from bot.backlog.store import Backlog
from bot.metrics.shapes import (
    Ageing,
    Ci,
    Cost,
    Dora,
    Flow,
    Frequency,
    Metrics,
    Restored,
    Spread,
    Week,
    Workflows,
    Wsjf,
)
from bot.story.item_events import ItemState
from bot.story.journal import Journal
from bot.texts.published import report as words
from tests.backlog.samples import REPO, reading, sighting
from tests.journal.samples import Clock

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_day_is_told_by_the_facts_before_its_end_only(
    backlog: Backlog, journal: Journal, clock: Clock
) -> None:
    backlog.take(REPO, reading(sighting("one"), sighting("two")))
    day = clock().date()
    first = report(journal, REPO, "acme/shop", day, words)
    clock.move(DAY.total_seconds())
    backlog.move(REPO, 1, ItemState.DONE, "later")
    assert report(journal, REPO, "acme/shop", day, words) == first
    told = json.loads(first.snapshot)
    assert told["date"] == str(day)
    assert told["completion_rate"] is None  # nothing ended: that is not 0
    assert told["day"]["flow"]["ageing"]["open"] == 2
    assert "Open items: 2 (2 NEW)" in first.words


def test_days_are_made_good_and_none_is_made_before_it_is_over(tmp_path: Path) -> None:
    today = NOON.date()
    days = list(missing(tmp_path, NOON - 3 * DAY, NOON))
    assert days == [today - n * DAY for n in (3, 2, 1)]
    keep(tmp_path, Report(days[1], "{}", "words"))
    assert list(missing(tmp_path, NOON - 3 * DAY, NOON)) == [days[0], days[2]]
    assert len(list(missing(tmp_path, NOON - 400 * DAY, NOON))) == MADE_GOOD - 1
    assert list(missing(tmp_path, NOON + 5 * DAY, NOON)) == []  # a clock that went back
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        f"autonomous-development-report-{days[1]}.md",
        f"metrics-snapshot-{days[1]}.json",
    ]


def test_a_report_has_words_for_every_number() -> None:
    length = Spread(
        count=4, median_seconds=3600, p85_seconds=5400, p95_seconds=7200, mean_seconds=4000,
        longest_seconds=9000,
    )  # fmt: skip
    week = Week(week="2026-W10", begins="2026-03-02", whole=True, done=3, by_family={"bug": 3})
    full = Metrics(
        repository=REPO,
        since=NOON - DAY,
        until=NOON,
        dora=Dora(
            deployment_frequency=Frequency(count=4, per_day=4, per_week=28),
            lead_time_for_changes=length,
            failed_changes=1,
            change_failure_rate=0.25,
            time_to_restore=Restored(time=length),
        ),
        flow=Flow(
            cycle_time=length,
            completion_rate=0.875,
            throughput=(week,),
            ageing=Ageing(open=3, by_state={"READY": 3}, by_age={}),
        ),
        wsjf=Wsjf(delivered=31.84, items=3, closed_elsewhere=0),
        ci=Ci(
            runs=9,
            failed=2,
            flaky=0,
            could_not_run=0,
            workflows=Workflows(runs=7, failed=1, undecided=0),
        ),
        cost=Cost(total_usd=1.5, calls=3, unpriced_calls=0, stories=3),
    ).model_dump(mode="json")
    day = date(2026, 3, 9)
    told = words({"repository": "acme/@shop", "date": day, "day": full, "thirty_days": full})
    for said in (
        "Deployments (merges): 4",
        "median 1.0 h, 95% 2.0 h, of 4",
        "Change failure rate: 25.0%",
        "Completion rate: 87.5%",
        "31.84 (3 items)",
        "9 (2 failed)",
        "7 (1 failed)",
        "$1.50",
        "2026-W10: 3 (3 bug)",
    ):
        assert said in told, said
    assert "nothing to measure" not in told
