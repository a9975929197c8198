"""What linters and type checkers complain about, and which of it is new.

Promises: a complaint is new when the base had none of the same rule and words about the same line
of code in that file, wherever the line moved. Never: takes unreadable output for no complaints.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.gates.change import Change
from bot.gates.gate import CannotLook, GateFinding, Severity
from bot.workspace.sandbox import WORKSPACE, Run


@dataclass(frozen=True)
class Problem:
    """One complaint of a tool; `file` from the top of the repository."""

    file: str
    line: int | None
    rule: str
    message: str
    end_line: int | None = None

    def finding(self, severity: Severity = "error") -> GateFinding:
        said = " ".join(self.message.split())[:500]
        return GateFinding(self.file, self.line, self.rule, said, severity, self.end_line)


def new_problems(change: Change, head: Sequence[Problem], base: Iterable[Problem]) -> list[Problem]:
    """Those of `head` that `base` (with its own paths and lines) had not."""
    known = Counter(_key(one, change, change.base) for one in base)
    moved = {one.path: one.was or one.path for one in change.files.values()}
    found = []
    for one in head:
        key = _key(one, change, change.head)
        key = (moved.get(one.file, one.file), *key[1:])
        if known[key] > 0:
            known[key] -= 1
        else:
            found.append(one)
    return found


def _key(one: Problem, change: Change, commit: str) -> tuple[str, str, str, str]:
    text = change.text_at(commit, one.file) if one.file else None
    lines = text.splitlines() if text else []
    line = lines[one.line - 1].strip() if one.line and one.line <= len(lines) else ""
    return one.file, one.rule, re.sub(r"\d+", "0", one.message), line


def on_new_lines(change: Change, problems: Iterable[Problem]) -> list[Problem]:
    """Those that touch a new line; those without a line, in a new file."""
    found = []
    for one in problems:
        changed = change.files.get(one.file)
        if changed is None:
            continue
        lines = range(one.line, (one.end_line or one.line) + 1) if one.line else ()
        if changed.was is None or any(line in changed.new_lines for line in lines):
            found.append(one)
    return found


def inside(path: str, root: str = WORKSPACE) -> str:
    """A path that a tool printed, from the top of the work tree."""
    return path.removeprefix(f"{root}/").removeprefix("./")


def as_json(tool: str, run: Run) -> list[Any]:
    """The list that `tool` printed as JSON, after what it said before it; CannotLook."""
    text = run.text
    found: Any = None
    start = text.find("[")
    if start >= 0 and not run.output_truncated:
        with contextlib.suppress(ValueError):
            found = json.JSONDecoder().raw_decode(text[start:])[0]
    if not isinstance(found, list) or (bool(found) != (run.exit_code != 0) and tool == "ruff"):
        raise CannotLook(tool, f"status {run.exit_code}, no list as JSON: {_end(run)}")
    return found


def of_ruff(run: Run) -> list[Problem]:
    """`ruff check --output-format=json`; CannotLook."""
    if run.exit_code not in (0, 1):
        raise CannotLook("ruff", f"status {run.exit_code}: {_end(run)}")
    try:
        return [
            Problem(
                inside(one["filename"]),
                one["location"]["row"] if one.get("location") else None,
                one.get("code") or "syntax-error",
                one["message"],
            )
            for one in as_json("ruff", run)
        ]
    except (KeyError, TypeError, AttributeError) as problem:
        raise CannotLook("ruff", f"unexpected JSON: {problem}") from None


_FLAKE8 = re.compile(r"^(.+?):(\d+):(\d+): ([A-Z]+\d+) (.*)$", re.M)
_MYPY = re.compile(r"^(.+?):(\d+)(?::\d+)?: error: (.*?)(?:  \[([\w-]+)\])?$", re.M)
_TSC = re.compile(r"^(.+?)\((\d+),\d+\): error (TS\d+): (.*)$", re.M)


def of_flake8(run: Run) -> list[Problem]:
    """flake8's default format; CannotLook."""
    found = [
        Problem(inside(file), int(line), rule, message)
        for file, line, _, rule, message in _FLAKE8.findall(run.text)
    ]
    if run.exit_code not in (0, 1) or (run.exit_code == 1 and not found):
        raise CannotLook("flake8", f"status {run.exit_code}: {_end(run)}")
    return found


def of_mypy(run: Run) -> list[Problem]:
    """mypy's text with error codes; CannotLook."""
    found = [
        Problem(inside(file), int(line), code or "error", message)
        for file, line, message, code in _MYPY.findall(run.text)
    ]
    known = re.search(r"^(Success: no issues|Found \d+ errors?)", run.text, re.M)
    if run.exit_code not in (0, 1, 2) or not known or (run.exit_code and not found):
        raise CannotLook("mypy", f"status {run.exit_code}: {_end(run)}")
    return found


def of_tsc(run: Run) -> list[Problem]:
    """`tsc --pretty false`; CannotLook."""
    found = [
        Problem(inside(file), int(line), rule, message)
        for file, line, rule, message in _TSC.findall(run.text)
    ]
    if (run.exit_code != 0) != bool(found):
        raise CannotLook("tsc", f"status {run.exit_code}: {_end(run)}")
    return found


def of_eslint(run: Run) -> list[Problem]:
    """`eslint --format json`, errors only; CannotLook."""
    if run.exit_code not in (0, 1):
        raise CannotLook("eslint", f"status {run.exit_code}: {_end(run)}")
    try:
        return [
            Problem(
                inside(file["filePath"]), one.get("line"), one.get("ruleId") or "syntax",
                one["message"], one.get("endLine"),
            )
            for file in as_json("eslint", run)
            for one in file["messages"]
            if one.get("severity") == 2
        ]  # fmt: skip
    except (KeyError, TypeError, AttributeError) as problem:
        raise CannotLook("eslint", f"unexpected JSON: {problem}") from None


def _end(run: Run) -> str:
    return " ".join(run.last(1500).split())[-500:]
