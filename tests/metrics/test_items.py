"""What the numbers say of items: worth, age, throughput."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from bot.metrics import metrics
from bot.metrics.shapes import quantile, spread
from bot.story.ci_events import WorkflowEnded
from bot.story.item_events import Authority, Family, InputsGiven, ItemMerged, ItemState
from bot.story.journal import Journal
from bot.story.vocabulary import State
from tests.backlog.samples import inputs
from tests.journal.samples import Clock
from tests.metrics.tales import HOUR, Teller

S = ItemState
BASE = 3.0  # (3 + 3 + 3) / 3
DONE = (S.READY, S.DOING, S.PR, S.DONE)


def test_what_got_done_counts_by_its_worth_and_family(teller: Teller) -> None:
    teller.found(1, 0, family=Family.BUG)
    teller.item(1, 1, InputsGiven(inputs=inputs(Authority.COMMAND, value=13, size=1)))
    teller.went(1, 2, *DONE)
    teller.item(1, 3, InputsGiven(inputs=inputs(Authority.COMMAND, value=1)))  # too late
    teller.found(2, 0)
    told = teller.measured()
    assert told.wsjf is not None
    assert told.wsjf.model_dump() == {"delivered": 19.0, "items": 1, "closed_elsewhere": 0}
    assert told.flow.throughput is not None
    assert [(w.week, w.done, w.by_family) for w in told.flow.throughput if w.done] == [
        ("2026-W09", 1, {"bug": 1})
    ]


def test_the_operators_own_scoring_holds_for_what_was_delivered(teller: Teller) -> None:
    teller.found(1, 0)
    teller.went(1, 2, *DONE)
    told = teller.measured(scoring=lambda facts: (2.0, "twice"))
    assert told.wsjf is not None
    assert told.wsjf.delivered == 2 * BASE


def test_an_item_that_came_back_is_not_delivered_and_its_change_failed(teller: Teller) -> None:
    teller.found(1, 0, issue=12)
    teller.done(12, 1, merge=5)
    teller.went(1, 6, *DONE)
    assert teller.measured().dora.change_failure_rate == 0
    teller.went(1, 10, S.NEW)
    back = teller.measured()
    assert back.wsjf is not None
    assert (back.wsjf.items, back.wsjf.delivered) == (0, 0)
    assert back.dora.change_failure_rate == 1
    assert back.dora.time_to_restore is not None
    assert back.dora.time_to_restore.still_broken == 1
    assert back.flow.ageing is not None
    assert back.flow.ageing.open == 1
    teller.went(1, 14, *DONE)
    again = teller.measured()
    assert again.wsjf is not None
    assert (again.wsjf.items, again.wsjf.delivered) == (1, BASE)  # once, not twice
    assert again.dora.time_to_restore is not None
    assert again.dora.time_to_restore.time is not None
    assert again.dora.time_to_restore.time.median_seconds == 4 * HOUR


def test_what_others_did_is_not_delivered_by_us(teller: Teller) -> None:
    teller.found(1, 0)
    teller.went(1, 2, S.DONE)
    told = teller.measured()
    assert told.wsjf is not None
    assert told.wsjf.model_dump() == {"delivered": 0, "items": 0, "closed_elsewhere": 1}
    assert told.flow.throughput is not None
    assert sum(week.done for week in told.flow.throughput) == 1


def test_what_somebody_closed_while_it_was_worked_on_is_not_ours(teller: Teller) -> None:
    teller.found(1, 0, issue=12)
    teller.working(12, 1)
    teller.moved(12, 2, State.CANCELLED)
    teller.went(1, 3, S.READY, S.DOING, S.DONE)
    teller.found(2, 0)
    teller.went(2, 1, S.READY, S.DOING, S.READY, S.DONE)  # given up, then done by somebody
    wsjf = teller.measured().wsjf
    assert wsjf is not None
    assert (wsjf.items, wsjf.closed_elsewhere) == (0, 2)


def test_a_story_and_its_item_are_one_thing_that_got_done(teller: Teller) -> None:
    teller.found(1, 0, issue=12, created=teller.at(-10))
    teller.done(12, 1, merge=5)
    teller.went(1, 6, S.DONE)
    teller.done(13, 1, merge=6)  # a story that is no item
    told = teller.measured(-100)
    assert told.wsjf is not None
    assert told.wsjf.items == 1  # by its story
    assert told.flow.throughput is not None
    assert sum(week.done for week in told.flow.throughput) == 2
    assert told.flow.lead_time is not None
    assert told.flow.lead_time.longest_seconds == 15 * HOUR  # since it was written down
    assert told.flow.cycle_time is not None
    assert told.flow.cycle_time.longest_seconds == 5 * HOUR


def test_open_items_age_from_when_they_were_known(teller: Teller) -> None:
    teller.found(1, 0, created=teller.at(-24 * 40))
    teller.found(2, 0)
    teller.found(3, 0)
    teller.item(3, 1, ItemMerged(into=2))  # is no thing of its own
    teller.found(4, 0)
    teller.went(4, 1, S.DONE)
    teller.went(2, 1, S.BLOCKED)
    ageing = teller.measured(until=48).flow.ageing
    assert ageing is not None
    assert (ageing.open, ageing.oldest) == (2, "item/7/1")
    assert ageing.by_state == {"BLOCKED": 1, "NEW": 1}
    assert ageing.by_age == {
        "under_1_day": 0,
        "under_7_days": 1,
        "under_30_days": 0,
        "under_90_days": 1,
        "90_days_or_more": 0,
    }
    assert ageing.time is not None
    assert ageing.time.longest_seconds == 42 * 24 * HOUR


def test_weeks_without_anything_are_there_and_whole_ones_are_marked(teller: Teller) -> None:
    teller.found(1, 0)  # Sunday of week 9
    teller.went(1, 2, *DONE)
    teller.found(2, 24 * 15)
    teller.went(2, 24 * 16, *DONE)
    weeks = teller.measured(until=24 * 17).flow.throughput
    assert weeks is not None
    assert [(w.week, w.done, w.whole) for w in weeks] == [
        ("2026-W09", 1, False),
        ("2026-W10", 0, True),
        ("2026-W11", 0, True),
        ("2026-W12", 1, False),
    ]


def test_workflows_count_by_their_last_attempt_and_only_what_ended_well_or_badly(
    teller: Teller,
) -> None:
    for hour, run, attempt, conclusion in (
        (1, 1, 2, "success"),  # told before the first attempt
        (2, 1, 1, "failure"),
        (2, 2, 1, "timed_out"),
        (2, 3, 1, "cancelled"),
        (3, 4, 1, ""),
        (30, 5, 1, "failure"),  # after the window
    ):
        ended = WorkflowEnded(
            run=run, attempt=attempt, workflow="CI", branch="main", conclusion=conclusion
        )
        teller.tell("ci/7", hour, ended)
        teller.tell("ci/77", hour, ended)
    ci = teller.measured(until=20).ci
    assert ci is not None
    assert (ci.runs, ci.failure_rate) == (0, None)
    assert ci.workflows is not None
    assert ci.workflows.model_dump() == {
        "runs": 2,
        "failed": 1,
        "undecided": 2,
        "failure_rate": 0.5,
    }
    assert teller.measured(10, 20).ci is None


def test_quantiles_are_interpolated_as_in_sql() -> None:
    assert quantile([1, 2, 3, 4], 0.5) == 2.5
    assert quantile([10], 0.95) == 10
    assert Fraction(str(quantile(list(range(101)), 0.85))) == 85
    assert spread([]) is None
    one = spread([5, 1, 3])
    assert one is not None
    assert (one.median_seconds, one.mean_seconds, one.longest_seconds) == (3, 3, 5)


def test_both_databases_say_the_same(either: Journal, clock: Clock) -> None:
    teller = Teller(either, clock)
    teller.found(1, 0, issue=12)
    teller.done(12, 1, merge=5)
    teller.went(1, 6, *DONE)
    told = teller.measured()
    assert told.dora.deployment_frequency is not None
    assert (told.dora.deployment_frequency.count, told.events) == (1, 16)
    assert told.wsjf is not None
    assert told.wsjf.items == 1


def test_a_window_has_to_have_a_length_and_a_time_zone(teller: Teller) -> None:
    now = teller.at(0)
    with pytest.raises(ValueError, match="ends before"):
        metrics(teller.journal, None, now, now)
    with pytest.raises(ValueError, match="time zone"):
        metrics(teller.journal, None, datetime(2026, 1, 1), now)  # noqa: DTZ001
    elsewhere = now.astimezone(tz=None) - timedelta(hours=1)
    assert metrics(teller.journal, None, elsewhere, now).since.utcoffset() == timedelta(0)
