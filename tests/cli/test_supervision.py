"""Processes that are kept up together, and end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.call import ROOT

IN_CHARGE = """
import json, os, sys
from bot.cli.supervision import KeepsEnding, Supervisor
try:
    Supervisor(json.loads(sys.argv[1]), os.environ, patience=1.0).run()
except KeepsEnding as problem:
    print(problem.name, problem.status)
    sys.exit(1)
"""
STAYS = "import os,sys,time; open(sys.argv[1],'a').write(f'{os.getpid()}\\n'); time.sleep(60)"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "import subprocess,sys;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "import time,os; open(sys.argv[1],'a').write(f'{os.getpid()}\\n{child.pid}\\n'); time.sleep(60)"
)


def start(commands: dict[str, list[str]]) -> subprocess.Popen[str]:
    import json

    return subprocess.Popen(
        [sys.executable, "-c", IN_CHARGE, json.dumps(commands)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def pids(file: Path, count: int) -> list[int]:
    wait_for(lambda: file.exists() and len(file.read_text().split()) >= count)
    return [int(line) for line in file.read_text().split()]


def wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it does not come to pass"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_process_that_was_killed_is_started_again(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    boss = start({"one": [sys.executable, "-c", STAYS, str(file)]})
    (first,) = pids(file, 1)
    os.kill(first, signal.SIGKILL)
    second = pids(file, 2)[1]
    boss.terminate()
    assert boss.wait(30) == 0
    assert not is_alive(second)


def test_one_that_keeps_ending_ends_all_and_says_which(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    boss = start(
        {
            "good": [sys.executable, "-c", STAYS, str(file)],
            "bad": [sys.executable, "-c", "raise SystemExit(3)"],
        }
    )
    (good,) = pids(file, 1)
    said, _ = boss.communicate(timeout=60)
    assert (boss.returncode, said) == (1, "bad 3\n")
    assert not is_alive(good)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_that_does_not_want_to_end_is_made_to_with_its_children(
    tmp_path: Path, number: int
) -> None:
    file = tmp_path / "pids"
    boss = start({"one": [sys.executable, "-c", STUBBORN, str(file)]})
    found = pids(file, 2)
    boss.send_signal(number)
    time.sleep(0.3)
    boss.send_signal(number)  # in a hurry
    assert boss.wait(30) == 0
    wait_for(lambda: not any(map(is_alive, found)))


def test_nothing_is_left_when_the_one_in_charge_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    boss = start({"one": [sys.executable, "-c", STAYS, str(file)]})
    found = pids(file, 1)
    boss.kill()
    boss.wait(30)
    wait_for(lambda: not any(map(is_alive, found)))
