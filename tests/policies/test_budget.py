"""What may be spent: by a story, in a day, in a month, by an organisation, at an unknown price."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.story.vocabulary import Decision, Gate
from policies.budget import Caps, Spent, decide, share

NOW = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spent", "caps", "rule"),
    [
        (Spent(0), Caps(), "within_budget"),
        (Spent(4), Caps(), "near_budget"),
        (Spent(4.75), Caps(), "wrap_up"),
        (Spent(5), Caps(), "budget"),
        (Spent(5), Caps(raised_usd=5), "within_budget"),
        (Spent(float("nan")), Caps(), "budget"),
        (Spent(0), Caps(story_usd=0), "budget"),
        (Spent(0, 10), Caps(), "price_unknown"),
        (Spent(0, 2_400_000), Caps(), "near_budget"),
        (Spent(0, 3_000_000), Caps(), "token_budget"),
        (Spent(0, 3_000_000), Caps(raised_usd=5), "price_unknown"),
        (Spent(0, day_usd=9.99), Caps(day_usd=10), "within_budget"),
        (Spent(0, day_usd=10), Caps(day_usd=10), "day_budget"),
        (Spent(0, month_usd=11), Caps(month_usd=10), "month_budget"),
        (Spent(0, organisation_usd=10), Caps(organisation_usd=10), "organisation_budget"),
        (Spent(0, day_usd=1e9, month_usd=1e9, organisation_usd=1e9), Caps(), "within_budget"),
        (Spent(0), Caps(day_usd=0), "day_budget"),
    ],
)
def test_the_limit_that_is_reached_is_named(spent, caps, rule):
    verdict = decide(spent, caps, NOW)
    assert verdict.rule == rule
    held = rule.endswith("budget") and rule not in ("within_budget", "near_budget")
    assert (verdict.decision is Decision.WAIT) == held
    assert (verdict.gate is Gate.BUDGET_EXCEEDED) == held


def test_a_limit_of_all_stories_opens_by_itself_when_its_period_is_over():
    west = NOW.astimezone(timezone(timedelta(hours=-9)))
    for now in (NOW, west):
        day = decide(Spent(day_usd=1), Caps(day_usd=1), now)
        month = decide(Spent(month_usd=1), Caps(month_usd=1), now)
        assert day.until == month.until == datetime(2027, 1, 1, tzinfo=UTC)
    early = decide(Spent(month_usd=1), Caps(month_usd=1), datetime(2026, 2, 3, tzinfo=UTC))
    assert early.until == datetime(2026, 3, 1, tzinfo=UTC)
    assert decide(Spent(5), Caps(), NOW).until is None


def test_the_share_is_that_of_the_limit_that_is_nearer():
    assert share(Spent(1.0, 2_700_000), Caps()) == pytest.approx(0.9)
    assert share(Spent(0), Caps(story_usd=0)) == 1.0
    assert share(Spent(float("nan")), Caps()) == 1.0
