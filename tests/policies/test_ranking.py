"""Weighted shortest job first, exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.ranking import (
    DAY_US,
    GROWTH_US,
    SCALE,
    UNIT,
    Priority,
    Scored,
    ageing,
    base,
    boosted,
    microseconds,
    on_scale,
    order,
    priority,
    score,
    worth_doing,
)

FACTS = Scored(value=5, time=3, risk=5, size=2, family="security")
ON_SCALE = st.sampled_from(SCALE)


@pytest.mark.parametrize(
    ("told", "meant"),
    [(1, 1), (0.2, 1), (4, 5), (6.5, 8), (6.4, 5), (10, 8), (10.5, 13), (100, 13), (2.5, 3)],
)
def test_a_number_is_rounded_to_the_scale_and_a_half_to_the_larger(told: float, meant: int) -> None:
    assert on_scale(told) == meant


@pytest.mark.parametrize("told", [0, -1, float("nan"), float("inf"), True])
def test_what_is_no_positive_number_is_no_input(told: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        on_scale(told)


def test_the_score_is_cost_of_delay_over_size() -> None:
    assert Fraction(base(5, 3, 5, 2), UNIT) == Fraction(13, 2)
    assert score(base(8, 13, 13, 1), 0, 0) == 34
    with pytest.raises(ValueError, match="scale"):
        base(5, 3, 4, 2)


@pytest.mark.parametrize(
    ("days", "factor"),
    [(0, 1), (1, 1), (1.5, Fraction(61, 60)), (16, Fraction(3, 2)), (31, 2), (4000, 2), (-5, 1)],
)
def test_age_counts_after_a_day_and_doubles_a_score_at_most(days: float, factor: Fraction) -> None:
    assert ageing(0, int(days * DAY_US)) == factor


@pytest.mark.parametrize(
    ("exact", "called"),
    [
        (Fraction(201, 100), Priority.CRITICAL),
        (Fraction(2), Priority.HIGH),
        (Fraction(3, 2), Priority.HIGH),
        (Fraction(149, 100), Priority.MEDIUM),
        (Fraction(1), Priority.MEDIUM),
        (Fraction(99, 100), Priority.LOW),
    ],
)
def test_the_bounds_of_the_priorities(exact: Fraction, called: Priority) -> None:
    assert priority(exact) is called
    assert worth_doing(exact) == (exact >= 1)


@given(
    st.lists(st.tuples(ON_SCALE, ON_SCALE, ON_SCALE, ON_SCALE, st.integers(0, 3 * GROWTH_US))),
    st.integers(0, 4 * GROWTH_US),
)
def test_the_order_is_that_of_the_exact_scores_and_total(items: list, now: int) -> None:
    rows = [(base(v, t, r, s), since, n) for n, (v, t, r, s, since) in enumerate(items)]
    ranked = sorted(rows, key=lambda row: order(*row, now))
    scores = [score(row[0], row[1], now) for row in ranked]
    assert scores == sorted(scores, reverse=True)
    assert ranked == sorted(rows[::-1], key=lambda row: order(*row, now))


@given(ON_SCALE, ON_SCALE, st.integers(0, GROWTH_US), st.integers(0, GROWTH_US))
def test_of_two_with_equal_inputs_the_older_is_never_behind(
    value: int, size: int, since: int, later: int
) -> None:
    whole = base(value, 1, 1, size)
    for now in (since, since + later, since + 5 * GROWTH_US):
        assert order(whole, since, 2, now) <= order(whole, since + later, 3, now)


def test_instants_are_whole_microseconds_and_need_a_zone() -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 7, tzinfo=UTC)
    assert microseconds(at + timedelta(microseconds=1)) - microseconds(at) == 1
    with pytest.raises(ValueError, match="zone"):
        microseconds(at.replace(tzinfo=None))


def test_own_scoring_multiplies_and_says_why() -> None:
    told = boosted(lambda item: (1.5, "security first"), FACTS)
    assert (told.factor, told.reason) == (Fraction(3, 2), "security first")
    assert base(5, 3, 5, 2, told.factor) == base(5, 3, 5, 2) * 3 // 2


@pytest.mark.parametrize(
    "scoring",
    [
        lambda item: 1 / 0,
        lambda item: None,
        lambda item: (float("nan"), "?"),
        lambda item: ("many", "?"),
    ],
)
def test_own_scoring_that_fails_changes_nothing_and_says_so(scoring) -> None:
    told = boosted(scoring, FACTS)
    assert told.factor == 1
    assert "failed" in told.reason


@pytest.mark.parametrize(("told", "bounded"), [(1000, 4), (-3, 0.25), (0, 0.25)])
def test_own_scoring_is_bounded(told: float, bounded: Fraction) -> None:
    assert boosted(lambda item: (told, "mine"), FACTS).factor == bounded
