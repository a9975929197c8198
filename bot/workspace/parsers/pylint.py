"""pylint as json, json2 and text."""

from __future__ import annotations

import re

from bot.workspace.declarations import table, text_of
from bot.workspace.parsers.parsed import Problem, Reading, Severity
from bot.workspace.parsers.text import document, lines, number

_SEVERITY: dict[str, Severity] = {
    "fatal": "error", "error": "error", "warning": "warning", "refactor": "note",
    "convention": "note", "info": "note", "F": "error", "E": "error", "W": "warning",
}  # fmt: skip
_LINE = re.compile(r"([^:\s][^:\n]*):(\d+):(\d+): ([FEWRCI])\d{4}: (.*) \(([\w-]+)\)")
_END = re.compile(r"Your code has been rated at .*")


def read(text: str) -> Reading | None:
    """Rules by their names, as they are switched off in comments."""
    value = document(text)
    rows = value.get("messages") if isinstance(value, dict) else value
    if isinstance(rows, list):
        found = [row for row in rows if isinstance(row, dict) and "message" in row]
        if len(found) != len(rows):
            return None
        return Reading([_from_json(row) for row in found], counts={"findings": len(found)})
    problems = []
    complete = None
    for line in lines(text):
        if match := _LINE.fullmatch(line):
            file, row, column, kind, message, rule = match.groups()
            problems.append(
                Problem(file, number(row), int(column[:6]) + 1, None, rule, message,
                        _SEVERITY.get(kind, "note"))
            )  # fmt: skip
        elif _END.fullmatch(line):
            complete = True
    if not problems and complete is None and text.strip():
        return None
    return Reading(problems, counts={"findings": len(problems)}, complete=complete)


def _from_json(row: dict[str, object]) -> Problem:
    column = row.get("column")
    file = row.get("path") or table(row, "location").get("path")
    return Problem(
        text_of(file), number(row.get("line")),
        column + 1 if isinstance(column, int) and column >= 0 else None,
        number(row.get("endLine")), text_of(row.get("symbol")), text_of(row.get("message")),
        _SEVERITY.get(text_of(row.get("type")), "note"),
    )  # fmt: skip
