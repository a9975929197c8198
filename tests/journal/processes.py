"""Real processes beside the test: each runs `tests.journal.worker`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def begin(*words: str) -> subprocess.Popen[str]:
    """Start a worker."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journal.worker", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def all_of(processes: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """What each worker printed; fails when one did not end well within a minute."""
    answers = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [json.loads(answer) for answer in answers]
