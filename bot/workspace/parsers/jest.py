"""jest's terminal output, and the JSON report that jest and vitest share.

A test's id is its file and its titles, joined by " > ".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from bot.workspace.declarations import table, text_of
from bot.workspace.parsers.parsed import Problem, Reading, Status, TestOutcome
from bot.workspace.parsers.text import count, document, first_line, lines, number, rows

BETWEEN = " > "
STATUS: dict[str, Status] = {
    "passed": "passed", "failed": "failed", "pending": "skipped", "skipped": "skipped",
    "todo": "skipped", "disabled": "skipped", "focused": "passed",
}  # fmt: skip
_FILE = re.compile(r"(?:PASS|FAIL) (\S.*?)(?: \([\d.]+ m?s\))?")
_TEST = re.compile(r"( +)(✓|√|✕|×|○|✎) (?:skipped |todo )?(.*?)(?: \([\d.]+ m?s\))?")
_MARK: dict[str, Status] = {
    "✓": "passed", "√": "passed", "✕": "failed", "×": "failed", "○": "skipped", "✎": "skipped",
}  # fmt: skip
_HEADING = re.compile(r"  ● (\S.*)")
_PLACE = re.compile(r"      at (?:.* )?\(?([^\s()]+):(\d+):(\d+)\)?")
_TOTAL = re.compile(r"Tests: +(\d.*)")
_SUITES = re.compile(r"Test Suites: +(\d.*)")
_COUNTED = re.compile(r"\b(\d{1,9}) (\w+)")
_BROKEN = "Test suite failed to run"


def read(text: str) -> Reading | None:
    """Every test from JSON and `--verbose`; otherwise those that failed."""
    return from_json(document(text)) or _text(text)


def from_json(value: Any) -> Reading | None:
    """The report of `--json` / `--reporter=json`; a file that did not load is an error."""
    if not isinstance(value, dict) or "numTotalTests" not in value:
        return None
    tests: list[TestOutcome] = []
    problems: list[Problem] = []
    for suite in rows(value, "testResults"):
        file = text_of(suite.get("name"))
        cases = rows(suite, "assertionResults")
        if text_of(suite.get("status")) == "failed" and not any(
            case.get("status") == "failed" for case in cases
        ):
            message = text_of(suite.get("message")) or "the file did not load"
            tests.append(TestOutcome(file, "error", message))
            problems.append(_problem(file, file, message))
        for case in cases:
            titles = case.get("ancestorTitles")
            above = [t for t in titles if isinstance(t, str) and t] if titles else []
            name = BETWEEN.join([file, *above, text_of(case.get("title"))])
            said = case.get("failureMessages")
            told = [m for m in said if isinstance(m, str)] if isinstance(said, list) else []
            status = STATUS.get(text_of(case.get("status")), "error")
            message = "\n".join(told)
            tests.append(TestOutcome(name, status, message))
            if status in {"failed", "error"}:
                problems.append(_problem(name, file, message, table(case, "location")))
    interrupted = value.get("wasInterrupted") is True
    return Reading(problems, tests, counted(tests), complete=not interrupted)


def counted(tests: list[TestOutcome]) -> dict[str, int]:
    """How many of `tests` ended how."""
    kinds = Counter(test.status for test in tests)
    return {
        "passed": kinds["passed"], "failed": kinds["failed"], "errors": kinds["error"],
        "skipped": kinds["skipped"],
    }  # fmt: skip


def _problem(
    name: str, file: str, message: str, location: Mapping[str, Any] | None = None
) -> Problem:
    place = re.search(re.escape(file) + r":(\d{1,7}):(\d{1,7})", message) if file else None
    place = place or re.search(
        r"\b" + re.escape(file.rpartition("/")[2]) + r":(\d{1,7}):(\d{1,7})", message
    )
    line, column = (number(place[1]), number(place[2])) if place else (None, None)
    if location and line is None:
        line, column = number(location.get("line")), number(location.get("column"))
    said = first_line(message.replace(f"● {_BROKEN}", "")) or "failed"
    return Problem(file, line, column, None, name, said)


def _text(text: str) -> Reading | None:
    tests: dict[str, TestOutcome] = {}
    listed: dict[str, str] = {}
    problems: dict[str, Problem] = {}
    counts: dict[str, int] = {}
    file, current = "", ""
    above: list[tuple[int, str]] = []
    for line in lines(text):
        if found := _FILE.fullmatch(line):
            file, current, above = found[1].removeprefix("./"), "", []
        elif found := _HEADING.fullmatch(line):
            current = _heading(found[1], file, listed, problems)
            if current:
                tests[current] = TestOutcome(current, "error" if current == file else "failed")
        elif current and (found := _PLACE.fullmatch(line)):
            _place(problems, current, found)
        elif current and line.startswith("    ") and not problems[current].message:
            problems[current] = _said(problems[current], line.strip())
        elif found := _TEST.fullmatch(line):
            name = BETWEEN.join([file, *_titles(above, len(found[1])), found[3]])
            tests[name] = TestOutcome(name, _MARK[found[2]])
            listed[name.replace(" › ", BETWEEN)] = name
        elif _totals(line, counts):
            current = ""
        elif found := re.fullmatch(r"( +)(\S.*)", line):
            above = [*((d, t) for d, t in above if d < len(found[1])), (len(found[1]), found[2])]
    if "total" not in counts:
        return None
    counts["errors"] = sum(test.status == "error" for test in tests.values())
    return Reading(list(problems.values()), list(tests.values()) or None, counts)


def _totals(line: str, counts: dict[str, int]) -> bool:
    """Take what the two lines of the summary add up."""
    if found := _TOTAL.fullmatch(line):
        counts |= {kind: count(n) for n, kind in _COUNTED.findall(found[1])}
    elif found := _SUITES.fullmatch(line):
        suites = {kind: count(n) for n, kind in _COUNTED.findall(found[1])}
        if suites.get("failed"):
            counts["suites_failed"] = suites["failed"]
    return found is not None


def _heading(said: str, file: str, listed: dict[str, str], problems: dict[str, Problem]) -> str:
    """Which failure a heading is about: a test, the file itself, or "" for the console."""
    if said == "Console":
        return ""
    plain = BETWEEN.join([file, *said.split(" › ")])
    # A title may itself hold the separator: the list of --verbose says how it was meant.
    name = file if said.startswith(_BROKEN) else listed.get(plain, plain)
    problems.setdefault(name, Problem(file, None, None, None, name, ""))
    return name


def _titles(above: list[tuple[int, str]], depth: int) -> list[str]:
    return [title for indent, title in above if indent < depth]


def _place(problems: dict[str, Problem], name: str, found: re.Match[str]) -> None:
    old = problems[name]
    if old.line is None and "node_modules" not in found[1]:
        problems[name] = Problem(
            found[1], number(found[2]), number(found[3]), None, old.rule, old.message
        )


def _said(problem: Problem, message: str) -> Problem:
    return Problem(problem.file, problem.line, problem.column, None, problem.rule, message)
