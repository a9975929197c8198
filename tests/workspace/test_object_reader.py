"""What a git process that stays open answers after it was slow, killed or left in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from bot.workspace.git import GitTimedOut
from bot.workspace.object_reader import Objects, objects_of, together


class Over(Exception):
    """The time of a job."""


@pytest.fixture
def blobs(tmp_path: Path) -> dict[str, bytes]:
    """Contents by their id; more than a pipe holds."""
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path)], check=True)
    told = {}
    for number in range(40):
        content = bytes([65 + number % 26]) * number * 3000 + b"\n\0\n"
        said = subprocess.run(
            ["git", f"--git-dir={tmp_path}", "hash-object", "-w", "--stdin"],
            input=content, capture_output=True, check=True,
        )  # fmt: skip
        told[said.stdout.decode().strip()] = content
    return told


def contents(objects: Objects, names: dict[str, bytes]) -> dict[str, bytes]:
    return {one[0]: one[2] for one in objects.read(names) if one}


@contextmanager
def stopped() -> Iterator[None]:
    """The git process answers nothing for now."""
    pids = [one.pid for one in psutil.Process().children() if "cat-file" in one.cmdline()]
    assert len(pids) == 1
    os.kill(pids[0], signal.SIGSTOP)
    yield


def test_every_object_is_read_and_a_missing_one_is_told(tmp_path: Path, blobs: dict) -> None:
    objects = Objects(tmp_path)
    missing, *rest = objects.read(["0" * 40, *blobs])
    assert missing is None
    assert [one and one[2] for one in rest] == list(blobs.values())
    objects.close()


def test_a_process_that_hangs_ends_in_time_and_the_next_answers(
    tmp_path: Path, blobs: dict
) -> None:
    objects = Objects(tmp_path, timeout=0.3)
    assert contents(objects, blobs) == blobs
    with stopped(), pytest.raises(GitTimedOut):
        contents(objects, blobs)
    assert contents(objects, blobs) == blobs
    objects.close()


def test_what_was_left_in_the_middle_is_no_answer_to_the_next(tmp_path: Path, blobs: dict) -> None:
    def over(*_: object) -> None:
        raise Over

    objects = Objects(tmp_path)
    assert contents(objects, blobs) == blobs
    before = signal.signal(signal.SIGALRM, over)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with stopped(), pytest.raises(Over):
            contents(objects, blobs)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert contents(objects, dict(reversed(blobs.items()))) == blobs
    objects.close()


def test_what_is_read_together_asks_one_process_that_ends_with_it(
    tmp_path: Path, blobs: dict
) -> None:
    me = psutil.Process()
    with together():
        for _ in range(3):
            assert contents(objects_of(tmp_path), blobs) == blobs
            (told,) = objects_of(tmp_path).about([max(blobs)])
            assert told is not None
            assert told.size == len(blobs[max(blobs)])
        with together():
            assert contents(objects_of(tmp_path), blobs) == blobs
        assert len([one for one in me.children() if "cat-file" in one.cmdline()]) == 1
    assert not [one for one in me.children() if "cat-file" in one.cmdline()]
    assert contents(objects_of(tmp_path), blobs) == blobs
    assert not [one for one in me.children() if "cat-file" in one.cmdline()]
