"""mypy as text (plain or pretty, with or without columns) and as JSON lines."""

from __future__ import annotations

import re

from bot.workspace.declarations import text_of
from bot.workspace.parsers.parsed import Problem, Reading, Severity
from bot.workspace.parsers.text import documents, lines, number

_LINE = re.compile(r"([^:\s][^:\n]*):(\d+)(?::(\d+))?(?::(\d+):(\d+))?: (error|warning|note): (.*)")
_NO_LINE = re.compile(r"([^:\s][^:\n]*\.pyi?): (error): (.*)")
_RULE = re.compile(r"(?:^|  )\[([a-z][\w-]*)\]\s*$")
_END = re.compile(r"Found \d+ errors? in .*|Success: .*")
_CRASH = re.compile(r".*INTERNAL ERROR.*|Traceback \(most recent call last\).*")
_SEVERITY: dict[str, Severity] = {"error": "error", "warning": "warning", "note": "note"}


def read(text: str) -> Reading | None:
    """Notes keep their place after the error that they explain."""
    problems: list[Problem] = [
        _from_json(row) for row in documents(text) if "message" in row and "severity" in row
    ]
    complete, after = None, False
    for line in lines(text):
        if _CRASH.fullmatch(line):
            complete = False
        elif found := _LINE.fullmatch(line):
            file, row, column, end, _, severity, message = found.groups()
            rule, message = _split(message)
            problems.append(
                Problem(
                    file, number(row), number(column), number(end), rule, message,
                    _SEVERITY[severity],
                )
            )  # fmt: skip
            after = not rule
        elif found := _NO_LINE.fullmatch(line):
            rule, message = _split(found[3])
            problems.append(Problem(found[1], None, None, None, rule, message))
        elif _END.fullmatch(line):
            complete, after = complete is not False, False
        elif after and problems and line and not line.startswith("    "):
            problems[-1] = _continued(problems[-1], line)
            after = not problems[-1].rule
        else:
            after = False
    if not problems and complete is None and text.strip():
        return None
    return Reading(
        problems, counts={"error": sum(p.severity == "error" for p in problems)}, complete=complete
    )


def _split(message: str) -> tuple[str, str]:
    found = _RULE.search(message)
    return (found[1], message[: found.start()]) if found else ("", message)


def _continued(problem: Problem, line: str) -> Problem:
    """`--pretty` breaks long messages, and the rule stands at their end."""
    rule, more = _split(line)
    return Problem(
        problem.file, problem.line, problem.column, problem.end_line, rule,
        f"{problem.message} {more.strip()}", problem.severity,
    )  # fmt: skip


def _from_json(row: dict[str, object]) -> Problem:
    said = text_of(row.get("severity"))
    column = row.get("column")
    return Problem(
        text_of(row.get("file")), number(row.get("line")),
        column + 1 if isinstance(column, int) and column >= 0 else None, None,
        text_of(row.get("code")), text_of(row.get("message")), _SEVERITY.get(said, "error"),
    )  # fmt: skip
