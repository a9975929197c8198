"""`towpath demo`: what a newcomer runs first."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from bot.cli.exits import Exit
from bot.cli.supervision import PATIENCE_S
from tests.cli.people import LONG_S, left_in, running_for, short_folder, start

__all__ = ["short_folder"]


def test_the_demo_ends_with_a_merged_pull_request_and_leaves_nothing(short_folder: Path) -> None:
    called = start(short_folder, "demo", "--json")
    out, said = called.communicate(timeout=LONG_S)
    assert called.returncode == Exit.OK, said
    (line,) = out.splitlines()
    told = json.loads(line)
    assert (told["state"], told["journal_verified"]) == ("DONE", True)
    assert re.fullmatch("[0-9a-f]{40}", told["merged_sha"])
    assert {"story", "pull_request", "events", "seconds"} < set(told)
    assert (left_in(short_folder), running_for(short_folder / "temporary")) == ([], [])


def test_a_demo_that_is_kept_can_be_looked_at_and_ended_as_it_says(short_folder: Path) -> None:
    called = start(short_folder, "demo", "--keep")
    out, said = called.communicate(timeout=LONG_S)
    kept = short_folder / "temporary" / left_in(short_folder)[0]
    try:
        assert called.returncode == Exit.OK, out + said
        (page,) = re.findall(r"bob reads (\S+)", out)
        with urllib.request.urlopen(page, timeout=30) as answer:
            assert b"merged" in answer.read().lower()
        (ending,) = re.findall(r"End it with: (.*)", out)
        subprocess.run(["sh", "-c", ending], check=True, timeout=60)
        until = time.monotonic() + PATIENCE_S + 10  # serve waits so long for the work at hand
        while running_for(kept) and time.monotonic() < until:
            time.sleep(0.1)
        assert running_for(kept) == []
        assert not kept.exists()
    finally:
        for process in running_for(kept):
            os.kill(int(process.split()[0]), signal.SIGKILL)
