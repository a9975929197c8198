"""bandit as JSON and as text."""

from __future__ import annotations

import re

from bot.workspace.declarations import text_of
from bot.workspace.parsers.parsed import Problem, Reading, Severity
from bot.workspace.parsers.text import document, lines, number, rows

_SEVERITY: dict[str, Severity] = {"HIGH": "error", "MEDIUM": "warning", "LOW": "note"}
_ISSUE = re.compile(r">> Issue: \[(B\d+):[\w-]*\] (.*)")
_LEVEL = re.compile(r" +Severity: (\w+) .*")
_PLACE = re.compile(r" +Location: ([^:]+):(\d+)(?::(\d+))?")
_TOTAL = re.compile(r"Run metrics:|Files skipped \(\d+\):")


def read(text: str) -> Reading | None:
    """A file that bandit could not read is an error of rule "unreadable"."""
    value = document(text)
    if isinstance(value, dict):
        if not isinstance(value.get("results"), list) or "metrics" not in value:
            return None
        problems = [_from_json(row) for row in rows(value, "results")]
        problems += [
            Problem(text_of(row.get("filename")), None, None, None, "unreadable",
                    text_of(row.get("reason")))
            for row in rows(value, "errors")
        ]  # fmt: skip
        return Reading(problems, counts=_counts(problems))
    return _text(text)


def _from_json(row: dict[str, object]) -> Problem:
    line, column = number(row.get("line_number")), row.get("col_offset")
    covered = row.get("line_range")
    last = number(covered[-1]) if isinstance(covered, list) and covered else None
    return Problem(
        text_of(row.get("filename")), line,
        column + 1 if isinstance(column, int) and column >= 0 else None, last,
        text_of(row.get("test_id")), text_of(row.get("issue_text")),
        _SEVERITY.get(text_of(row.get("issue_severity")).upper(), "warning"),
    )  # fmt: skip


def _text(text: str) -> Reading | None:
    problems: list[Problem] = []
    rule, message, severity = "", "", ""
    complete = False
    for line in lines(text):
        if found := _ISSUE.fullmatch(line):
            rule, message = found.groups()
        elif found := _LEVEL.fullmatch(line):
            severity = found[1].upper()
        elif (found := _PLACE.fullmatch(line)) and rule:
            column = (number(found[3]) or 0) + 1 if found[3] else None
            level = _SEVERITY.get(severity, "warning")
            problems.append(Problem(found[1], number(found[2]), column, None, rule, message, level))
            rule = ""
        elif _TOTAL.fullmatch(line):
            complete = True
        elif complete and (found := re.fullmatch(r"\t(\S.*) \((.*)\)", line)):
            problems.append(Problem(found[1], None, None, None, "unreadable", found[2]))
    if not problems and not complete:
        return None
    return Reading(problems, counts=_counts(problems), complete=complete)


def _counts(problems: list[Problem]) -> dict[str, int]:
    return {
        level: sum(p.severity == level for p in problems) for level in ("error", "warning", "note")
    }
