"""Calling `towpath` as people do, with no settings but those given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def environ(**settings: object) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOWPATH_")}
    ours = {f"TOWPATH_{name.upper()}": str(value) for name, value in settings.items()}
    return {**kept, **ours, "PYTHONPATH": str(ROOT)}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "bot.cli", *arguments]


def towpath(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        env=environ(**settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
