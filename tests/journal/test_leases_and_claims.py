"""Who may write, and who performs: examples; the state machine beside this looks for the rest."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.story.journal import FenceLost, Journal
from bot.story.outbox import ClaimLost, Proposed, Settled
from tests.journal.samples import Clock, comment, said

KEY = comment("s").key


@pytest.fixture
def proposed(journal: Journal) -> Journal:
    """A stream with one proposed effect."""
    journal.append("s", [said(1)], actor="w", propose=[Proposed(comment("s"))])
    return journal


def test_a_fenced_out_writer_can_never_append_again(journal: Journal, clock: Clock) -> None:
    old = journal.acquire("s", "slow", 10)
    assert journal.acquire("s", "fast", 10) is None
    clock.move(10)
    new = journal.acquire("s", "fast", 10)
    assert new.fence > old.fence
    for back in (0, -100, 500):  # whatever the clock says
        clock.move(back)
        with pytest.raises(FenceLost):
            journal.append("s", [said(1)], actor="slow", lease=old)
        assert not journal.renew(old, 10)
        journal.release(old)
        journal.append("s", [said(2)], actor="fast", lease=new)
    assert [one.actor for one in journal.load("s")] == ["fast"] * 3


def test_a_lease_given_back_cannot_write_and_the_next_one_has_a_higher_fence(journal) -> None:
    first = journal.acquire("s", "w", 10)
    journal.release(first)
    with pytest.raises(FenceLost):
        journal.append("s", [said(1)], actor="w", lease=first)
    second = journal.acquire("s", "w", 10)
    assert second.fence > first.fence
    with pytest.raises(FenceLost):  # the same owner, the earlier lease
        journal.append("s", [said(1)], actor="w", lease=first)


def test_a_lease_of_one_stream_writes_to_no_other(journal: Journal) -> None:
    lease = journal.acquire("s", "w", 10)
    journal.acquire("t", "w", 10)
    with pytest.raises(FenceLost):
        journal.append("t", [said(1)], actor="w", lease=lease)


def test_an_expired_lease_nobody_took_still_writes_and_can_be_renewed(journal, clock) -> None:
    lease = journal.acquire("s", "w", 10)
    clock.move(60)
    journal.append("s", [said(1)], actor="w", lease=lease)
    assert journal.renew(lease, 10)
    assert journal.acquire("s", "v", 10) is None


def test_a_known_key_is_left_as_it_is(proposed: Journal) -> None:
    row = proposed.claim(KEY, "w", 60)
    again = comment("s").model_copy(update={"body": "another body"})
    proposed.append("s", [said(2)], actor="w", propose=[Proposed(again)])
    assert proposed.effect(KEY) == row
    assert proposed.effects("s") == [row]


def test_only_the_current_claim_settles_an_effect(proposed: Journal, clock: Clock) -> None:
    old = proposed.claim(KEY, "w", 10)
    assert proposed.claim(KEY, "v", 10) is None
    clock.move(10)
    new = proposed.claim(KEY, "w", 10)  # the same owner, as another of its threads
    assert (old.attempts, new.attempts) == (1, 2)
    for lost in (old, None):
        with pytest.raises(ClaimLost):
            proposed.append("s", [], actor="w", settle=[Settled(KEY, "performed", claim=lost)])
    proposed.append("s", [], actor="w", settle=[Settled(KEY, "performed", {"id": 4}, claim=new)])
    for late in (old, new, None):
        with pytest.raises(ClaimLost):
            proposed.append("s", [], actor="w", settle=[Settled(KEY, "failed", claim=late)])
    row = proposed.effect(KEY)
    assert (row.status, row.result, row.owner) == ("performed", {"id": 4}, None)
    assert proposed.claim(KEY, "v", 10) is None


def test_a_failure_is_tried_again_from_its_time_on_or_never(proposed, clock: Clock) -> None:
    row = proposed.claim(KEY, "w", 10)
    later = clock.now + timedelta(seconds=30)
    again = Settled(KEY, "failed", error="502\x00", not_before=later, claim=row)
    proposed.append("s", [], actor="w", settle=[again])
    assert proposed.claim(KEY, "w", 10) is None
    assert proposed.due_effects(clock.now, 9) == []
    clock.move(30)
    assert [one.error for one in proposed.due_effects(clock.now, 9)] == ["502\ufffd"]
    row = proposed.claim(KEY, "w", 10)
    proposed.append("s", [], actor="w", settle=[Settled(KEY, "failed", error="404", claim=row)])
    clock.move(10**6)
    assert proposed.due_effects(clock.now, 9) == []
    assert proposed.claim(KEY, "w", 10) is None


def test_what_a_clock_put_off_that_was_a_day_ahead_is_due(proposed, clock: Clock) -> None:
    clock.move(86_400)
    row = proposed.claim(KEY, "w", 10)
    later = clock.now + timedelta(seconds=300)
    again = Settled(KEY, "failed", error="502", not_before=later, claim=row)
    proposed.append("s", [], actor="w", settle=[again])
    assert proposed.effect(KEY).waits_until(clock.now) == later
    clock.move(-86_400)
    assert proposed.effect(KEY).waits_until(clock.now) is None
    assert [row.attempts for row in proposed.due_effects(clock.now, 9)] == [1]
    assert proposed.claim(KEY, "v", 10).attempts == 2


def test_a_claim_by_a_clock_that_was_a_day_ahead_ends_soon_and_is_not_taken_meanwhile(
    proposed, clock: Clock
) -> None:
    clock.move(86_400)
    first = proposed.claim(KEY, "w", 10)
    clock.move(-86_400)
    assert [row.owner for row in proposed.due_effects(clock.now, 9)] == ["w"]
    assert proposed.claim(KEY, "v", 10) is None  # it may be at it still
    assert proposed.effect(KEY).waits_until(clock.now) == clock.now + timedelta(seconds=10)
    assert proposed.due_effects(clock.now, 9) == []
    clock.move(10)
    second = proposed.claim(KEY, "v", 10)
    assert (second.owner, second.attempts) == ("v", 2)
    with pytest.raises(ClaimLost):
        proposed.append("s", [], actor="w", settle=[Settled(KEY, "performed", claim=first)])


@pytest.mark.parametrize("status", ["waiting", "denied"])
def test_what_waits_or_is_denied_is_not_performed_until_it_is_proposed(journal, status) -> None:
    journal.append("s", [said(1)], actor="w", propose=[Proposed(comment("s"), status)])
    assert journal.claim(KEY, "w", 10) is None
    journal.append("s", [], actor="w", settle=[Settled(KEY, "proposed")])
    assert journal.claim(KEY, "w", 10).attempts == 1


def test_due_effects_come_in_the_order_in_which_they_were_proposed(journal, clock) -> None:
    for stream, what in (("t", "z"), ("s", "b"), ("s", "a"), ("t", "c")):
        journal.append(stream, [said(1)], actor="w", propose=[Proposed(comment(stream, what))])
    due = [row.effect.body for row in journal.due_effects(clock.now, 3)]
    assert due == ["z", "b", "a"]
    assert [row.effect.body for row in journal.due_effects(clock.now, 3, stream="t")] == ["z", "c"]


def test_an_unknown_status_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="done"):
        journal.append("s", [said(1)], actor="w", propose=[Proposed(comment("s"), "done")])
    assert journal.load("s") == []


def test_the_boundaries_of_a_commit_are_told_in_order(engine, clock: Clock) -> None:
    told: list[str] = []
    watched = Journal(engine, clock, told.append)
    watched.append("s", [said(1)], actor="w", propose=[Proposed(comment("s"))])
    watched.claim(KEY, "w", 10)
    assert told == ["before:append", "after:append", "before:claim", "after:claim"]


def test_a_failure_before_the_commit_leaves_nothing_and_holds_no_lock(engine, clock) -> None:
    def fail(name: str) -> None:
        if name == "before:append":
            raise TimeoutError(name)

    with pytest.raises(TimeoutError):
        Journal(engine, clock, fail).append("s", [said(1)], actor="w", once="k")
    journal = Journal(engine, clock)
    assert journal.load("s") == []
    journal.append("s", [said(1)], actor="w", once="k")
