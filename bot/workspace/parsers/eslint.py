"""eslint as json and stylish."""

from __future__ import annotations

import re

from bot.workspace.declarations import text_of
from bot.workspace.parsers.parsed import Problem, Reading, Severity
from bot.workspace.parsers.text import document, lines, number, rows, silent

_SEVERITY: dict[object, Severity] = {1: "warning", 2: "error"}
_LINE = re.compile(r" +(\d+):(\d+) +(error|warning) +(.*?)(?: {2,}(\S+))? *")
_FILE = re.compile(r"(/?[^\s:][^\n]*\.\w+)")
_END = re.compile(r"✖ \d+ problems? \(\d+ errors?, \d+ warnings?\)")
_CRASH = re.compile(r"Oops! Something went wrong.*|Invalid option.*")


def read(text: str) -> Reading | None:
    """A file that cannot be parsed is an error of rule "fatal"."""
    value = document(text)
    if isinstance(value, list) and all(
        isinstance(row, dict) and "filePath" in row and "messages" in row for row in value
    ):
        problems = [
            _from_json(text_of(row.get("filePath")), message)
            for row in value
            for message in rows(row, "messages")
        ]
        return Reading(problems, counts=_counts(problems))
    return _text(text)


def _from_json(file: str, row: dict[str, object]) -> Problem:
    rule = text_of(row.get("ruleId")) or ("fatal" if row.get("fatal") else "")
    severity = row.get("severity")
    return Problem(
        file, number(row.get("line")), number(row.get("column")), number(row.get("endLine")),
        rule, text_of(row.get("message")),
        _SEVERITY.get(severity if isinstance(severity, int) else 2, "error"),
    )  # fmt: skip


def _text(text: str) -> Reading | None:
    problems: list[Problem] = []
    file, complete = "", None
    for line in lines(text):
        if (found := _LINE.fullmatch(line)) and file:
            row, column, severity, message, rule = found.groups()
            if not rule and message.startswith("Parsing error"):
                rule = "fatal"
            level: Severity = "error" if severity == "error" else "warning"
            problems.append(
                Problem(file, number(row), number(column), None, rule or "", message, level)
            )
        elif _CRASH.fullmatch(line):
            return None
        elif found := _FILE.fullmatch(line):
            file = found[1]
        elif _END.fullmatch(line):
            complete = True
    if not problems and complete is None and not silent(text):
        return None
    return Reading(problems, counts=_counts(problems), complete=complete)


def _counts(problems: list[Problem]) -> dict[str, int]:
    return {level: sum(p.severity == level for p in problems) for level in ("error", "warning")}
