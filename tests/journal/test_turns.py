"""Writers of one SQLite file take turns."""

from __future__ import annotations

import fcntl
import signal
import threading
import time
from pathlib import Path

import pytest

from bot.story.database import open_database
from bot.story.journal import Journal
from bot.story.turnstile import Turnstile
from tests.journal.samples import said


def somebody_waits(path: str) -> bool:
    """Whether the gate is held: whoever waits for the room holds it."""
    with open(path) as gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_a_writer_that_comes_out_cannot_go_in_before_one_that_waits(tmp_path: Path) -> None:
    path = f"{tmp_path}/turn"
    mine, others, order = Turnstile(path), Turnstile(path), []

    def other() -> None:
        with others.turn():
            order.append("other")

    for _ in range(20):
        waiting = threading.Thread(target=other)
        with mine.turn():
            waiting.start()
            deadline = time.monotonic() + 5
            while not somebody_waits(path) and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(0.002)  # from the gate to the room
        with mine.turn():
            order.append("mine")
        waiting.join()
    assert order == ["other", "mine"] * 20


def test_a_write_inside_a_write_is_an_error_and_not_a_wait_for_ever(tmp_path, clock) -> None:
    journal = Journal(open_database(f"sqlite:///{tmp_path}/journal.db"), clock)

    def write_again(name: str) -> None:
        if name == "before:append":
            journal.append("t", [said(1)], actor="w")

    nested = Journal(journal._engine, clock, write_again)
    with pytest.raises(RuntimeError, match="inside"):
        nested.append("s", [said(1)], actor="w")
    assert journal.streams() == []
    journal.append("s", [said(1)], actor="w")


def test_a_time_limit_that_strikes_a_waiting_writer_leaves_no_lock(tmp_path, clock) -> None:
    def strike(number: int, frame: object) -> None:
        raise TimeoutError

    journal = Journal(open_database(f"sqlite:///{tmp_path}/journal.db"), clock)
    other = Turnstile(f"{tmp_path}/journal.db-turn")
    before = signal.signal(signal.SIGALRM, strike)
    held = threading.Event()

    def hold() -> None:
        with other.turn():
            held.set()
            time.sleep(0.5)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(TimeoutError):
            journal.append("s", [said(1)], actor="w")
    finally:
        signal.signal(signal.SIGALRM, before)
    holder.join()
    for _ in range(2):
        with other.turn():
            pass
        journal.append("s", [said(1)], actor="w")
