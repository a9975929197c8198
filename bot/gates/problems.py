"""What linters and type checkers complain about, and which of it is new.

Promises: a complaint is new when the base had none of the same rule and words about the same line
of code in that file, wherever the line moved. Never: takes unreadable output for no complaints.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.gates.change import Change
from bot.gates.gate import CannotLook, GateFinding, Severity
from bot.workspace.parsers import parse
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


def complaints(tool: str, run: Run) -> list[Problem]:
    """What `tool` printed as errors; CannotLook where that is not understood."""
    told = parse(tool, run.text, root=WORKSPACE, exit_code=run.exit_code)
    if run.output_truncated or told.cut or not told.understood:
        why = told.reason or "it printed more than can be read"
        raise CannotLook(tool, f"status {run.exit_code}, {why}: {_end(run)}")
    return [Problem(p.file, p.line, p.rule or "error", p.message, p.end_line) for p in told.errors]


def _end(run: Run) -> str:
    return " ".join(run.last(1500).split())[-500:]
