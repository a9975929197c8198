"""vitest's terminal output and its JSON report."""

from __future__ import annotations

import re

from bot.workspace.parsers import jest
from bot.workspace.parsers.parsed import Problem, Reading, Status, TestOutcome
from bot.workspace.parsers.text import count, document, lines, number

_MARKED = re.compile(r" ([✓×↓√]) (\S[^>]*? > .*?)(?: \d+(?:\.\d+)?m?s)?(?: \[skipped\])?")
_MARK: dict[str, Status] = {"✓": "passed", "√": "passed", "×": "failed", "↓": "skipped"}
_FAIL = re.compile(r" FAIL  (\S.*?)(?: \[ .* \])?")
_MESSAGE = re.compile(r"(\w*(?:Error|Exception)\w*: .*)")
_PLACE = re.compile(r" ❯ (?:.* )?([^\s:]+):(\d+):(\d+)")
_TOTAL = re.compile(r" +Tests  (.*?)(?: \(\d+\))?")
_FILES = re.compile(r" Test Files  (.*?)(?: \(\d+\))?")
_ERRORS = re.compile(r" +Errors  (\d+) errors?")
_COUNTED = re.compile(r"\b(\d{1,9}) (\w+)")


def read(text: str) -> Reading | None:
    """Every test from JSON and `--reporter=verbose`; otherwise those that failed."""
    return jest.from_json(document(text)) or _text(text)


def _text(text: str) -> Reading | None:
    tests: dict[str, TestOutcome] = {}
    problems: dict[str, Problem] = {}
    counts: dict[str, int] = {}
    complete, current = False, ""
    for line in lines(text):
        if found := _FAIL.fullmatch(line):
            current = found[1]
            broken = jest.BETWEEN not in current
            tests[current] = TestOutcome(current, "error" if broken else "failed")
            file = current.split(jest.BETWEEN)[0]
            problems[current] = Problem(file, None, None, None, current, "")
        elif current and (found := _MESSAGE.fullmatch(line)) and not problems[current].message:
            old = problems[current]
            problems[current] = Problem(old.file, None, None, None, current, found[1])
            tests[current] = TestOutcome(current, tests[current].status, found[1])
        elif current and (found := _PLACE.fullmatch(line)):
            old = problems[current]
            if old.line is None and "node_modules" not in found[1]:
                problems[current] = Problem(
                    found[1], number(found[2]), number(found[3]), None, current, old.message
                )
        elif found := _MARKED.fullmatch(line):
            tests[found[2]] = TestOutcome(found[2], _MARK[found[1]])
        elif found := _FILES.fullmatch(line):
            complete, current = True, ""
        elif found := _TOTAL.fullmatch(line):
            counts |= {kind: count(n) for n, kind in _COUNTED.findall(found[1])}
        elif found := _ERRORS.fullmatch(line):
            problems["unhandled"] = Problem(
                "", None, None, None, "unhandled", f"{found[1]} errors outside of the tests"
            )
    if not complete and not problems:
        return None
    counts["errors"] = sum(test.status == "error" for test in tests.values())
    return Reading(list(problems.values()), list(tests.values()) or None, counts, complete=complete)
