"""Several real processes on one database, and processes that are killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text

from bot.story.database import open_database
from bot.story.journal import Journal
from bot.story.outbox import Proposed
from tests.journal.processes import all_of, begin
from tests.journal.samples import comment, said

WRITERS = 4


def test_four_writers_of_one_stream_leave_numbers_without_a_gap(url: str, journal) -> None:
    all_of([begin("append", url, "s", "300") for _ in range(WRITERS)])
    events = journal.load("s")
    assert [one.seq for one in events] == list(range(1, 300 * WRITERS + 1))
    assert len({one.actor for one in events}) == WRITERS
    for actor in {one.actor for one in events}:  # each writer's own order is kept
        mine = [one.event.comment_id for one in events if one.actor == actor]
        assert mine == list(range(300))
    assert journal.verify() == []


def test_an_effect_and_a_stream_are_each_got_by_one_process(url: str, journal: Journal) -> None:
    effects = [comment("s", str(n)) for n in range(60)]
    journal.append("s", [said(1)], actor="w", propose=[Proposed(one) for one in effects])
    keys, streams = [one.key for one in effects], [f"s{n}" for n in range(60)]
    ends = all_of([begin("contend", url, f"w{n}", *keys, *streams) for n in range(3)])
    got = [one for end in ends for one in end["got"]]
    assert sorted(got) == sorted(keys + streams)


@pytest.mark.parametrize(
    ("boundary", "events", "attempts"),
    [
        ("before:append", 2, 1),
        ("after:append", 3, 0),
        ("before:claim", 3, 0),
        ("after:claim", 3, 1),
    ],
)
def test_a_process_killed_at_a_boundary_leaves_all_of_a_commit_or_nothing(
    url: str, journal: Journal, boundary: str, events: int, attempts: int
) -> None:
    process = begin("die", url, boundary, "3", "s")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert len(journal.load("s")) == len(journal.effects("s")) == events
    assert journal.effects("s")[-1].attempts == attempts
    assert journal.verify() == []
    begun = time.monotonic()
    journal.append("s", [said(0)], actor="next", expect=events)
    assert time.monotonic() - begun < 8  # a lock of the dead would be in the way for ten


def test_writers_killed_at_any_moment_leave_a_chain_that_holds(url: str, journal: Journal) -> None:
    writers = [begin("append", url, "s", "100000") for _ in range(WRITERS)]
    deadline = time.monotonic() + 30
    while len({one.actor for one in journal.load("s")}) < WRITERS and time.monotonic() < deadline:
        time.sleep(0.05)
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
    for writer in writers:
        writer.communicate(timeout=10)
    events = journal.load("s")
    assert len({one.actor for one in events}) == WRITERS
    assert [one.seq for one in events] == list(range(1, len(events) + 1))
    assert journal.verify() == []
    journal.append("s", [said(0)], actor="next")


def test_a_child_that_outlives_a_killed_writer_holds_no_lock_of_it(
    tmp_path, clock, request
) -> None:
    url = f"sqlite:///{tmp_path}/journal.db"
    journal = Journal(open_database(url), clock)
    process = begin("die_forked", url, "s")
    child = int(process.stdout.readline())
    request.addfinalizer(lambda: os.kill(child, signal.SIGKILL))
    process.wait(timeout=20)
    assert process.returncode == -signal.SIGKILL
    os.kill(child, 0)  # still there
    begun = time.monotonic()
    journal.append("s", [said(3)], actor="next", expect=1)
    assert time.monotonic() - begun < 8


def test_connections_that_the_server_ended_while_they_rested_are_replaced(
    postgresql: Callable[..., str],
) -> None:
    engine = open_database(postgresql())
    with engine.connect() as one, engine.connect() as other:
        numbers = [each.scalar(text("SELECT pg_backend_pid()")) for each in (one, other)]
    with create_engine(engine.url).connect() as somebody:
        for number in numbers:
            somebody.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
    time.sleep(1.1)  # as long as connections rest before they are asked
    with engine.connect() as one, engine.connect() as other:
        assert [each.scalar(text("SELECT 1")) for each in (one, other)] == [1, 1]
    engine.dispose()
