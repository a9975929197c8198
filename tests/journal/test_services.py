"""What one process learns of a service holds for all, on both databases (B9)."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from bot.story.journal import Journal
from bot.story.services import InJournal, Resting, Services, degraded, recovered
from tests.journal.samples import Clock

GITHUB = "github"


def process(engine: Engine, clock: Clock, name: str) -> Services:
    return Services(clock, lambda: 1.0, InJournal(Journal(engine, clock), clock, name))


def ask(services: Services, ok: bool = True) -> None:
    with services.asking(GITHUB):
        if ok:
            services.succeeded(GITHUB)
        else:
            services.failed(GITHUB, "502 Bad Gateway")


def kinds(journal: Journal) -> list[str]:
    return [record.event.kind for record in journal.load(f"service/{GITHUB}")]


def test_one_process_finds_out_and_no_other_asks(
    engine: Engine, journal: Journal, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first, others = process(engine, clock, "a"), [process(engine, clock, f"b{n}") for n in range(5)]
    ask(first)
    ask(first, ok=False)
    for other in (first, *others):
        with pytest.raises(Resting) as rest, other.asking(GITHUB):
            pytest.fail("it was asked")
        assert rest.value.retry_after == pytest.approx(5)
        assert other.resting(GITHUB)
        assert rest.value.unsent
    (one,) = degraded(journal)
    assert (one.service, one.since, one.because) == (GITHUB, clock.now, "502 Bad Gateway")
    assert one.probe == clock.now + timedelta(seconds=5)
    clock.move(5)
    ask(others[0])
    for other in (first, *others):
        ask(other)
    assert degraded(journal) == []
    assert kinds(journal) == ["service_degraded", "service_recovered"]
    assert len(caplog.records) == 2  # one line a change


def test_of_all_that_ask_after_a_rest_one_is_sent_to_try(engine: Engine, clock: Clock) -> None:
    services = [process(engine, clock, f"p{n}") for n in range(6)]
    ask(services[0], ok=False)
    clock.move(6)
    sent: list[Services] = []
    away: list[Services] = []
    all_came = threading.Barrier(6)

    def come(one: Services) -> None:
        try:
            with one.asking(GITHUB):
                sent.append(one)
                all_came.wait(10)
                one.failed(GITHUB, "502")
        except Resting:
            away.append(one)
            all_came.wait(10)

    threads = [threading.Thread(target=come, args=(one,)) for one in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(sent), len(away)) == (1, 5)


def test_who_tries_and_dies_is_waited_for_a_minute_and_not_for_ever(
    engine: Engine, clock: Clock
) -> None:
    first, second = process(engine, clock, "a"), process(engine, clock, "b")
    ask(first, ok=False)
    clock.move(6)
    first.asking(GITHUB).__enter__()  # and it is killed
    with pytest.raises(Resting), second.asking(GITHUB):
        pytest.fail("two tried")
    clock.move(61)
    ask(second)
    assert not second.resting(GITHUB)


def test_a_trial_that_ends_in_something_else_says_nothing(engine: Engine, clock: Clock) -> None:
    first, second = process(engine, clock, "a"), process(engine, clock, "b")
    ask(first, ok=False)
    clock.move(6)
    with pytest.raises(KeyboardInterrupt), first.asking(GITHUB):
        raise KeyboardInterrupt
    ask(second)


def test_a_clock_that_was_set_back_holds_nothing_up(engine: Engine, clock: Clock) -> None:
    first, second = process(engine, clock, "a"), process(engine, clock, "b")
    ask(first, ok=False)
    clock.move(6)
    first.asking(GITHUB).__enter__()  # killed, and then
    clock.move(-86_400)
    ask(second)
    assert not second.resting(GITHUB)


def test_since_when_to_look_again_is_kept_until_somebody_did(
    engine: Engine, journal: Journal, clock: Clock
) -> None:
    one, away = process(engine, clock, "a"), clock.now
    for _ in range(2):  # it goes away again before anybody could look
        ask(one, ok=False)
        assert one.missed(GITHUB) is None
        clock.move(700)
        ask(one)
        clock.move(100)
    later = process(engine, clock, "b")
    assert (recovered(journal), later.missed(GITHUB)) == ([GITHUB], away)
    later.reconciled(GITHUB, away)
    assert (recovered(journal), one.missed(GITHUB)) == ([], None)


def test_what_nobody_could_write_down_meanwhile_is_told_afterwards(
    engine: Engine, journal: Journal, clock: Clock
) -> None:
    one, since = process(engine, clock, "a"), clock.now - timedelta(minutes=20)
    one.was_away("queue", since, "no answer")
    assert (recovered(journal), one.missed("queue")) == (["queue"], since)


def test_without_a_journal_a_process_remembers_by_itself(clock: Clock) -> None:
    alone = Services(clock, lambda: 1.0)
    ask(alone, ok=False)
    with pytest.raises(Resting), alone.asking(GITHUB):
        pytest.fail("it was asked")
    clock.move(5)
    with alone.asking(GITHUB):
        with pytest.raises(Resting), alone.asking(GITHUB):
            pytest.fail("two tried")
        alone.succeeded(GITHUB)
    ask(alone)
