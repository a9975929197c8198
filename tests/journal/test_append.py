"""What an append writes, and what it refuses."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.story.database import open_database
from bot.story.events import BudgetRaised, EffectPerformed, StoryReceived
from bot.story.journal import AlreadySeen, Conflict, FenceLost, Head, Journal
from bot.story.leases import Lease
from bot.story.outbox import ClaimLost, Proposed, Settled
from tests.journal.samples import ADA, REPOSITORY, Clock, comment, said


def test_what_was_appended_is_loaded_unchanged(journal: Journal, clock: Clock) -> None:
    events = [
        StoryReceived(
            repository=REPOSITORY,
            issue=4,
            title="naïve 表 🛶",
            body="line\r\n\x00\u2028 end",
            author=ADA,
            requester=ADA,
        ),
        EffectPerformed(key="k", effect="x", result={"b": [1, None, 0.1], "a": {"ü": "\u0000 表"}}),
    ]
    recorded = journal.append("s", events, actor="ada")
    assert journal.load("s") == recorded
    assert [(one.seq, one.at, one.actor, one.event) for one in recorded] == [
        (1, clock.now, "ada", events[0]),
        (2, clock.now, "ada", events[1]),
    ]
    assert journal.load("s", after=1) == recorded[1:]
    assert journal.load("another") == []
    assert journal.verify() == []


def test_output_that_no_text_can_hold_does_not_make_a_stream_unreadable(journal: Journal) -> None:
    result = {"tail": b"caf\xe9".decode("utf-8", "surrogateescape")}
    journal.append("s", [EffectPerformed(key="k", effect="x", result=result)], actor="w")
    assert journal.load("s")[0].event.result == {"tail": "caf?"}
    assert journal.verify() == []


def test_a_number_that_is_none_is_refused_and_nothing_is_written(journal: Journal) -> None:
    with pytest.raises(ValueError, match="JSON"):
        journal.append("s", [said(1), BudgetRaised(person=ADA, usd=math.nan)], actor="w")
    assert journal.load("s") == []


def test_an_instant_is_kept_in_utc_and_a_naive_one_is_refused(engine, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 1, 9, 30, 0, 5, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    journal = Journal(engine, clock)
    journal.append("s", [said(1)], actor="w", head=Head("WAITING", wake_at=clock.now))
    assert journal.load("s")[0].at == clock.now
    assert journal.stream("s").wake_at.tzinfo == UTC
    clock.now = datetime(2026, 3, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        journal.append("s", [said(2)], actor="w")


def test_a_head_fills_the_row_and_leaves_what_it_does_not_say(journal: Journal, clock) -> None:
    head = Head("RECEIVED", clock.now, title="a\x00\udcffb", repository="ada/tables", issue=4)
    journal.append("s", [said(1)], actor="w", head=head)
    clock.move(5)
    journal.append("s", [said(2), said(3)], actor="w", head=Head("CODING"))
    row = journal.stream("s")
    assert (row.state, row.title, row.repository, row.issue, row.kind) == (
        "CODING",
        "a\ufffd?b",
        "ada/tables",
        4,
        "story",
    )
    assert (row.version, row.wake_at, row.updated_at) == (3, None, clock.now)


def test_an_append_at_another_version_is_a_conflict(journal: Journal) -> None:
    journal.append("s", [said(1)], actor="w", expect=0)
    with pytest.raises(Conflict) as caught:
        journal.append("s", [said(2)], actor="w", expect=0)
    assert (caught.value.expected, caught.value.version) == (0, 1)
    assert len(journal.load("s")) == 1


def test_the_same_meaning_is_recorded_once_and_the_second_writes_nothing(journal: Journal) -> None:
    journal.append("s", [said(1)], actor="w", once="comment 9 created")
    with pytest.raises(AlreadySeen):
        journal.append(
            "t", [said(2)], actor="w", once="comment 9 created", propose=[Proposed(comment("t"))]
        )
    assert journal.stream("t") is None
    assert journal.effect(comment("t").key) is None


@pytest.mark.parametrize("refusal", ["fence", "claim", "key of another"])
def test_a_refused_append_leaves_no_part_of_itself(journal: Journal, refusal: str) -> None:
    journal.append("other", [said(1)], actor="w", propose=[Proposed(comment("other"))])
    journal.append("s", [said(1)], actor="w", head=Head("CODING"))
    before = journal.stream("s")
    arguments, error = {
        "fence": ({"lease": Lease("s", "w", 1)}, FenceLost),
        "claim": ({"settle": [Settled(comment("other").key, "denied")]}, ClaimLost),
        "key of another": ({"propose": [Proposed(comment("other"))]}, ValueError),
    }[refusal]
    arguments = {"propose": []} | arguments
    arguments["propose"] = [Proposed(comment("s")), *arguments["propose"]]
    with pytest.raises(error):
        journal.append("s", [said(2)], actor="w", once="o", head=Head("DONE"), **arguments)
    assert journal.stream("s") == before
    assert len(journal.load("s")) == 1
    assert journal.effect(comment("s").key) is None
    journal.append("s", [said(2)], actor="w", once="o")  # `once` was not used up


def test_streams_are_found_by_state_repository_time_and_lease(journal: Journal, clock) -> None:
    soon, late = clock.now + timedelta(seconds=5), clock.now + timedelta(seconds=50)
    for name, state, wake_at in (
        ("a", "CODING", late),
        ("b", "WAITING", soon),
        ("c", "DONE", None),
    ):
        journal.append(
            name, [said(1)], actor="w", head=Head(state, wake_at, repository=f"r/{name}")
        )
        clock.move(1)
    journal.append("repo", [said(1)], actor="w", head=Head("", kind="repo"))
    journal.acquire("only leased", "w", 30)

    def names(**conditions) -> list[str]:
        return [row.stream for row in journal.streams(**conditions)]

    assert names() == ["a", "b", "c", "repo"]
    assert names(kind="story", limit=2) == ["a", "b"]
    assert names(states={"WAITING", "DONE"}) == ["b", "c"]
    assert names(states=[]) == []
    assert names(repository="r/c") == ["c"]
    assert names(due_before=late) == ["b", "a"]
    assert names(due_before=soon) == ["b"]
    journal.acquire("a", "w", 30)
    assert names(unleased=True, kind="story") == ["b", "c"]
    clock.move(30)
    assert names(unleased=True, kind="story") == ["a", "b", "c"]


def test_what_a_clock_noted_that_was_a_day_ahead_holds_nothing_up(journal: Journal, clock) -> None:
    clock.move(86_400)
    journal.acquire("held", "dead", 30)
    for name in ("held", "free", "at rest"):
        wake_at = None if name == "at rest" else clock.now + timedelta(seconds=5)
        journal.append(name, [said(1)], actor="w", head=Head("CODING", wake_at))
    clock.move(-86_400)

    def due() -> list[str]:
        found = journal.streams(kind="story", due_before=clock.now, unleased=True)
        return [row.stream for row in found]

    assert due() == ["free", "held"]
    for name in due():
        later = clock.now + timedelta(seconds=60)
        journal.append(name, [], actor="w", head=Head("CODING", later))
    assert due() == []  # looked at once, each waits as the clock says that is right now


def test_a_delivery_is_seen_only_once_it_was_handled_without_an_error(
    journal: Journal, clock
) -> None:
    assert not journal.delivery_seen("g")
    at = clock.now - timedelta(seconds=1)
    journal.record_delivery(
        "g", "issues", "labeled", received_at=at, outcome="fault", error_id="e1"
    )
    assert not journal.delivery_seen("g")
    assert [(one.guid, one.error_id) for one in journal.failed_deliveries()] == [("g", "e1")]
    journal.record_delivery("g", "issues", "labeled", received_at=at, outcome="handled")
    assert journal.delivery_seen("g")
    assert journal.failed_deliveries() == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/d"])
def test_a_database_that_processes_cannot_share_is_refused(url: str) -> None:
    with pytest.raises((ValueError, ModuleNotFoundError)):
        open_database(url)
