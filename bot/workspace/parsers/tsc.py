"""The TypeScript compiler, plain and pretty."""

from __future__ import annotations

import re

from bot.workspace.parsers.parsed import Problem, Reading, Severity
from bot.workspace.parsers.text import lines, number, silent

_PLAIN = re.compile(r"([^\s(][^(\n]*)\((\d+),(\d+)\): (error|warning) (TS\d+): (.*)")
_PRETTY = re.compile(r"([^\s:][^:\n]*):(\d+):(\d+) - (error|warning) (TS\d+): (.*)")
_NO_FILE = re.compile(r"(error) (TS\d+): (.*)")
_END = re.compile(r"Found (\d+) errors?.*")
_SEVERITY: dict[str, Severity] = {"error": "error", "warning": "warning"}


def read(text: str) -> Reading | None:
    """Lines that explain a problem are joined to it."""
    problems: list[Problem] = []
    complete = None
    pretty = False
    for line in lines(text):
        if found := _PLAIN.fullmatch(line) or _PRETTY.fullmatch(line):
            file, row, column, severity, rule, message = found.groups()
            pretty = " - " in line[: found.start(4)]
            problems.append(
                Problem(file, number(row), number(column), None, rule, message,
                        _SEVERITY[severity])
            )  # fmt: skip
        elif found := _NO_FILE.fullmatch(line):
            problems.append(Problem("", None, None, None, found[2], found[3]))
        elif _END.fullmatch(line):
            complete, pretty = True, True
        elif not line.strip():
            pretty = pretty or bool(problems)
        elif problems and not pretty and line.startswith("  "):
            last = problems[-1]
            problems[-1] = Problem(
                last.file, last.line, last.column, None, last.rule,
                f"{last.message} {line.strip()}", last.severity,
            )  # fmt: skip
    if not problems and complete is None and not silent(text):
        return None
    return Reading(problems, counts={"error": len(problems)}, complete=complete)
