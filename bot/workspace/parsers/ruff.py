"""`ruff check` as json, json-lines, github, concise (formerly text) and full."""

from __future__ import annotations

import re

from bot.workspace.declarations import table, text_of
from bot.workspace.parsers.parsed import Problem, Reading
from bot.workspace.parsers.text import count, document, documents, lines, number

_LINE = re.compile(
    r"([^:\s][^:\n]*):(\d+):(\d+): (?:([A-Z]+\d+|invalid-syntax|SyntaxError):? )(?:\[\*\] )?(.*)"
)
_TITLE = re.compile(r"([A-Z]+\d+|invalid-syntax)(?:: | \[\*\] | )(\S.*)")
_ARROW = re.compile(r" *--> ([^:\s][^:\n]*):(\d+):(\d+)")
_GITHUB = re.compile(
    r"::(?:error|warning|notice) title=[^,]*,file=([^,]+),line=(\d+)(?:,col=(\d+))?"
    r"(?:,endLine=(\d+))?[^:]*::(?:[^:]*:\d+:\d+: )?(?:([A-Z]+\d+|[\w-]+):? )?(.*)"
)
_END = re.compile(r"Found (\d+) errors?.*")


def read(text: str) -> Reading | None:
    """Every diagnostic is an error: that ruff reports it is the project's own choice."""
    value = document(text)
    if isinstance(value, list):
        if not all(isinstance(row, dict) and "filename" in row for row in value):
            return None
        return _of([_from_json(row) for row in value])
    found = [row for row in documents(text) if "filename" in row and "location" in row]
    if found:
        return _of([_from_json(row) for row in found])
    return _text(text)


def _of(problems: list[Problem]) -> Reading:
    return Reading(problems, counts={"error": len(problems)})


def _from_json(row: dict[str, object]) -> Problem:
    start, end = table(row, "location"), table(row, "end_location")
    end_line = number(end.get("row"))
    if end_line and number(end.get("column")) == 1 and end_line > (number(start.get("row")) or 0):
        end_line -= 1  # it ends before that line begins
    return Problem(
        text_of(row.get("filename")), number(start.get("row")), number(start.get("column")),
        end_line, text_of(row.get("code")) or "invalid-syntax", text_of(row.get("message")),
    )  # fmt: skip


def _text(text: str) -> Reading | None:
    problems: list[Problem] = []
    title = ("", "")
    complete = None
    counts: dict[str, int] = {}
    for line in lines(text):
        if found := _GITHUB.fullmatch(line):
            file, row, column, end, rule, message = found.groups()
            problems.append(
                Problem(file, number(row), number(column), number(end), rule or "", message)
            )
        elif found := _LINE.fullmatch(line):
            file, row, column, rule, message = found.groups()
            problems.append(Problem(file, number(row), number(column), None, rule, message))
        elif found := _TITLE.fullmatch(line):
            title = (found[1], found[2])
        elif (found := _ARROW.fullmatch(line)) and title[0]:
            problems.append(Problem(found[1], number(found[2]), number(found[3]), None, *title))
            title = ("", "")
        elif line == "All checks passed!":
            complete = True
        elif found := _END.fullmatch(line):
            complete, counts = True, {"error": count(found[1])}
    if not problems and complete is None and text.strip():
        return None
    return Reading(problems, counts=counts or {"error": len(problems)}, complete=complete)
