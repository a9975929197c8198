"""What models cost in a day, a month and an organisation, counted from the journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.story.database import open_database
from bot.story.events import EffectFailed, EffectPerformed
from bot.story.journal import Head, Journal
from bot.story.spending import Ledger
from bot.story.vocabulary import Usage


class Clock:
    now = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path, clock):
    engine = open_database(f"sqlite:///{tmp_path / 'j.db'}")
    journal = Journal(engine, clock)
    return Ledger(engine), journal


def paid(journal: Journal, cost: float | None, owner: str = "acme", effect: str = "call_model"):
    result = {"usage": Usage(output_tokens=1, cost_usd=cost).model_dump(mode="json")}
    event = EffectPerformed(key=f"k{cost}", effect=effect, result=result, looked=False)
    stream = f"story:{owner}:1"
    head = Head(repository=f"{owner}/repo", kind="story", state="CODING")
    journal.append(stream, [event], actor="w", head=head)


def test_a_day_a_month_and_an_owner_are_counted_apart(ledger, clock):
    books, journal = ledger
    clock.now = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
    paid(journal, 100.0)
    clock.now = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
    paid(journal, 1.0)
    clock.now = datetime(2026, 3, 31, 0, 0, tzinfo=UTC)
    paid(journal, 2.0)
    paid(journal, 4.0, owner="other")
    paid(journal, 50.0, effect="run_tests")
    paid(journal, None)
    spent = books.spending("acme", clock.now)
    assert (spent.day_usd, spent.month_usd, spent.organisation_usd) == (6.0, 7.0, 3.0)
    clock.now += timedelta(days=1)
    assert books.spending("acme", clock.now).month_usd == 0.0


def test_a_failed_call_that_cost_something_counts_too(ledger, clock):
    books, journal = ledger
    failed = EffectFailed(
        key="k", effect="call_model", error="e", error_id="i", final=True, usage=Usage(cost_usd=0.5)
    )
    journal.append("story:1:1", [failed], actor="w", head=Head(repository="acme/r"))
    assert books.spending("acme", clock.now).day_usd == 0.5


def test_what_is_appended_later_is_counted_once(ledger, clock):
    books, journal = ledger
    for n in range(5):
        paid(journal, 1.0)
        clock.now += timedelta(minutes=2)
        assert books.spending("acme", clock.now).month_usd == n + 1.0
        assert books.spending("acme", clock.now).month_usd == n + 1.0
    paid_late = clock.now
    clock.now -= timedelta(minutes=4)  # a commit that took its instant before others were seen
    paid(journal, 1.0)
    assert books.spending("acme", paid_late).month_usd == 6.0


def test_the_day_is_that_of_utc(ledger, clock):
    from datetime import timezone

    books, journal = ledger
    clock.now = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    paid(journal, 1.0)
    east = datetime(2026, 4, 1, 8, 45, tzinfo=timezone(timedelta(hours=9)))
    assert books.spending("acme", east).day_usd == 1.0
