"""flake8, pycodestyle and pyflakes in their default format."""

from __future__ import annotations

import re

from bot.workspace.parsers.parsed import Problem, Reading
from bot.workspace.parsers.text import lines, number

_LINE = re.compile(r"([^:\s][^:\n]*):(\d+)(?::(\d+))?: ([A-Z]{1,6}\d{1,4}) (.*)")


def read(text: str) -> Reading | None:
    """Silence is a clean run only when the exit code says so."""
    problems = [
        Problem(m[1], number(m[2]), number(m[3]), None, m[4], m[5])
        for m in map(_LINE.fullmatch, lines(text)) if m
    ]  # fmt: skip
    if not problems and text.strip():
        return None
    crashed = "Traceback (most recent call last)" in text
    return Reading(problems, counts={"error": len(problems)}, complete=False if crashed else None)
