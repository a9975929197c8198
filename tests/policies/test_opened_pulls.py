"""How many pull requests a repository takes, and until when the next one waits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.story.vocabulary import Decision, Gate
from policies.opened_pulls import Opened, decide

NOW = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("opened", "per_day", "at_once", "rule"),
    [
        (Opened(), 5, 10, None),
        (Opened(4, 9), 5, 10, None),
        (Opened(5, 0), 5, 10, "prs_per_day"),
        (Opened(0, 10), 5, 10, "open_prs"),
        (Opened(5, 10), 5, 10, "prs_per_day"),
        (Opened(), 0, 10, "prs_per_day"),
        (Opened(), 5, 0, "open_prs"),
    ],
)
def test_the_next_one_waits_at_the_limit_and_not_before(opened, per_day, at_once, rule):
    verdict = decide(opened, per_day, at_once, NOW)
    assert (verdict and verdict.rule) == rule
    if verdict:
        assert verdict.decision is Decision.WAIT
        assert verdict.gate is Gate.BUDGET_EXCEEDED
        assert verdict.until > NOW
        assert verdict.whom == "", "time opens it"


def test_a_day_is_that_of_utc():
    assert decide(Opened(1), 1, 9, NOW).until == datetime(2027, 1, 1, tzinfo=UTC)
