"""How many pull requests a repository takes, and until when the next one waits (B10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.story.vocabulary import Decision, Gate
from policies.throttle import CiHealth, CiRun, Opened, Pace, ci_health, decide

NOW = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
PACE = Pace(5, 2, 10, 0.30, {"docs": (1, None), "bug": (None, 2), "test": (0, 9)})
BAD, LIMIT = CiHealth(4, 10), CiHealth(3, 10)


@pytest.mark.parametrize(
    ("opened", "ci", "rule"),
    [
        (Opened(), None, None),
        (Opened(4, 9), None, None),
        (Opened(5, 0), None, "prs_per_day"),
        (Opened(0, 10), None, "open_prs"),
        (Opened(5, 10), BAD, "prs_per_day"),
        (Opened(1, 9), BAD, None),
        (Opened(2), BAD, "slow_prs_per_day"),
        (Opened(4), LIMIT, None),
        (Opened(2, 10), BAD, "slow_prs_per_day"),
        (Opened(3, 3, "docs", 1, 1), None, "family_prs_per_day"),
        (Opened(3, 3, "docs", 0, 9), None, None),
        (Opened(3, 3, "bug", 3, 1), None, None),
        (Opened(3, 3, "bug", 0, 2), None, "family_open_prs"),
        (Opened(0, 0, "test"), None, "family_prs_per_day"),
        (Opened(3, 3, "feature", 3, 3), None, None),
        (Opened(3, 3, "", 9, 9), None, None),
        (Opened(5, 5, "docs", 1, 1), None, "prs_per_day"),
    ],
)
def test_the_next_one_waits_at_the_limit_and_not_before(
    opened: Opened, ci: CiHealth | None, rule: str | None
) -> None:
    verdict = decide(opened, PACE, ci, NOW)
    assert (verdict and verdict.rule) == rule
    if verdict:
        assert verdict.decision is Decision.WAIT
        assert verdict.gate is Gate.BUDGET_EXCEEDED
        assert verdict.until is not None
        assert verdict.until > NOW
        assert verdict.whom == "", "time opens it"


def test_a_day_is_that_of_utc() -> None:
    verdict = decide(Opened(5), PACE, None, NOW)
    assert verdict is not None
    assert verdict.until == datetime(2027, 1, 1, tzinfo=UTC)


def runs(conclusions: str, minutes: int = 1, first: int = 1) -> list[CiRun]:
    """The oldest first: s success, f failure, t timed_out, x startup_failure, c cancelled …"""
    names = {"s": "success", "f": "failure", "t": "timed_out", "x": "startup_failure",
             "c": "cancelled", "k": "skipped", "n": "neutral", "a": "action_required", "-": "",
             "l": "stale"}  # fmt: skip
    return [
        CiRun(first + n, names[one], NOW - timedelta(minutes=minutes * (len(conclusions) - n)))
        for n, one in enumerate(conclusions)
    ]


@pytest.mark.parametrize(
    ("conclusions", "health"),
    [
        ("", None),
        ("ffff", None),
        ("ffffs", (4, 5)),
        ("fffcknal---", None),
        ("ftxsscknal-", (3, 5)),
        ("sssss", (0, 5)),
        ("f" * 30 + "s" * 50, (0, 50)),
        ("f" * 30 + "s" * 40, (10, 50)),
    ],
)
def test_what_counts_of_ci(conclusions: str, health: tuple[int, int] | None) -> None:
    found = ci_health(reversed(runs(conclusions)), NOW)
    assert (found and (found.failed, found.runs)) == health


def test_old_runs_and_runs_from_the_future_say_nothing() -> None:
    week = runs("fffff", minutes=7 * 24 * 60 // 5 + 1)
    assert ci_health(week, NOW) is None
    assert ci_health(runs("fffff", minutes=-1), NOW) is None


def test_a_run_that_was_started_again_counts_once_as_it_ended_last() -> None:
    again = [CiRun(1, "success", NOW), *runs("fssss")]
    assert ci_health(again, NOW) == CiHealth(0, 5)
    assert ci_health(reversed(again), NOW) == CiHealth(0, 5)
