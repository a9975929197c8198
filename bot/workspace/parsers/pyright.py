"""pyright and basedpyright, as JSON and as text."""

from __future__ import annotations

import re

from bot.workspace.declarations import table, text_of
from bot.workspace.parsers.parsed import Problem, Reading, Severity
from bot.workspace.parsers.text import count, document, lines, number, rows

_SEVERITY: dict[str, Severity] = {"error": "error", "warning": "warning", "information": "note"}
_LINE = re.compile(
    r"\s+([^:\s][^:\n]*):(\d+):(\d+) - (error|warning|information): (.*?)(?: \((report\w+)\))?\s*"
)
_RULE = re.compile(r"(.*?) ?\((report\w+)\)\s*")
_END = re.compile(r"(\d+) errors?, (\d+) warnings?, (\d+) (?:informations?|notes?) *")


def read(text: str) -> Reading | None:
    """A message of several lines is kept whole."""
    value = document(text)
    if isinstance(value, dict) and "generalDiagnostics" in value:
        summary = table(value, "summary")
        counts = {"error": count(summary.get("errorCount")),
                  "warning": count(summary.get("warningCount"))}  # fmt: skip
        return Reading([_from_json(r) for r in rows(value, "generalDiagnostics")], counts=counts)
    return _text(text)


def _from_json(row: dict[str, object]) -> Problem:
    # Its lines and columns are counted from 0.
    start, end = table(row, "range", "start"), table(row, "range", "end")
    return Problem(
        text_of(row.get("file")), _one_more(start.get("line")), _one_more(start.get("character")),
        _one_more(end.get("line")), text_of(row.get("rule")), text_of(row.get("message")),
        _SEVERITY.get(text_of(row.get("severity")), "error"),
    )  # fmt: skip


def _one_more(value: object) -> int | None:
    return number(value + 1) if isinstance(value, int) and not isinstance(value, bool) else None


def _text(text: str) -> Reading | None:
    problems: list[Problem] = []
    counts: dict[str, int] = {}
    open_ = False
    for line in lines(text):
        if found := _LINE.fullmatch(line):
            file, row, column, severity, message, rule = found.groups()
            level = _SEVERITY[severity]
            problems.append(
                Problem(file, number(row), number(column), None, rule or "", message, level)
            )
            open_ = not rule
        elif found := _END.fullmatch(line):
            counts = {"error": count(found[1]), "warning": count(found[2])}
        elif open_ and re.match(r"\s{3}", line):  # some of them no-break spaces
            last = problems[-1]
            more = _RULE.fullmatch(line.strip())
            said, rule = (more[1], more[2]) if more else (line.strip(), "")
            problems[-1] = Problem(
                last.file, last.line, last.column, None, rule, f"{last.message} {said}",
                last.severity,
            )  # fmt: skip
            open_ = not rule
    if not counts and not problems:
        return None
    return Reading(problems, counts=counts, complete=bool(counts) or None)
