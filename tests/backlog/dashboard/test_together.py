"""What waits for the same reason is one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.backlog.dashboard.together import together
from bot.story.dashboard_view import Wait

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_items_that_wait_for_the_same_reason_are_one_line() -> None:
    slow = [Wait(f"item {number}", "slow", NOW - timedelta(hours=number)) for number in (10, 9)]
    many = [Wait(f"item {number}", "no model", NOW) for number in range(30, 20, -1)]
    other = [Wait("jira", "slow", NOW), Wait("item 3", "alone", NOW)]
    assert together([*slow, *many, *other]) == [
        Wait("items 9, 10", "slow", NOW - timedelta(hours=10)),
        Wait("items 21, 22, 23, 24, 25 and 5 more", "no model", NOW),
        *other,
    ]
    assert together([]) == []
