"""node's own test runner: TAP, its spec reporter, and the lines that our reporter writes.

A test's id is its titles joined by " > ", after its file where the output names that.
"""

from __future__ import annotations

import re

from bot.workspace.declarations import text_of
from bot.workspace.parsers.jest import BETWEEN, STATUS
from bot.workspace.parsers.parsed import Problem, Reading, Status, TestOutcome
from bot.workspace.parsers.text import count, documents, first_line, lines, number

_TAP = re.compile(
    r"( *)(not ok|ok) \d+(?: -)? ?(.*?)(?: # (SKIP|TODO|skip|todo)\b.*)?(?: # time=.*)?"
)
_SUBTEST = re.compile(r"( *)# Subtest: (.*)")
_LOCATION = re.compile(r" *location: '?(?:file://)?([^'\n]+?):(\d+):(\d+)'?")
_ERROR = re.compile(r" *error: (?:'(.*)'|(\|-))")
_SUITE = re.compile(r" *type: 'suite'")
_TOTAL = re.compile(r"(?:#|ℹ) (tests|pass|fail|cancelled|skipped|todo) (\d+)")
_PLAN = re.compile(r"1\.\.\d+.*")
_SPEC = re.compile(r"( *)(✔|✖|﹣|▶) (.*?)(?: \([\d.]+ms\))?( # .*)?")
_AT = re.compile(r"test at (?:file://)?(\S+):(\d+):(\d+)")
_OURS = {"test", "file", "status"}


def read(text: str) -> Reading | None:
    """Tests without the suites that hold them; a test marked as to do counts as skipped."""
    return _ours(text) or tap(text) or _spec(text)


def _ours(text: str) -> Reading | None:
    found = [row for row in documents(text) if row.keys() >= _OURS]
    tests, problems = [], []
    for row in found:
        file = text_of(row.get("file"))
        name = BETWEEN.join(part for part in (file, text_of(row.get("test"))) if part)
        status, message = STATUS.get(text_of(row["status"]), "error"), text_of(row.get("message"))
        tests.append(TestOutcome(name, status, message))
        if status in {"failed", "error"}:
            line, column = number(row.get("line")), number(row.get("column"))
            said = first_line(message) or "failed"
            problems.append(Problem(file, line, column, None, name, said))
    return Reading(problems, tests, _counts(tests)) if found else None


def tap(text: str) -> Reading | None:
    """Any TAP stream, with the nesting and the blocks that node gives it."""
    tests: dict[str, TestOutcome] = {}
    places: dict[str, Problem] = {}
    above: list[tuple[int, str]] = []
    suites: set[str] = set()
    current, wants, planned = "", False, False
    for line in lines(text):
        if wants and line.strip():
            wants, tests[current] = False, _said(tests[current], line.strip())
        elif found := _SUBTEST.fullmatch(line):
            depth = len(found[1])
            above = [*((d, t) for d, t in above if d < depth), (depth, found[2])]
        elif found := _TAP.fullmatch(line):
            current = _named(found, above)
            tests[current] = TestOutcome(current, _tap_status(found))
            suites |= {BETWEEN.join(current.split(BETWEEN)[:-1])}
        elif current and (found := _LOCATION.fullmatch(line)):
            places[current] = Problem(
                found[1], number(found[2]), number(found[3]), None, current, ""
            )
        elif current and (found := _ERROR.fullmatch(line)):
            wants = found[2] is not None
            tests[current] = _said(tests[current], found[1] or "")
        elif current and _SUITE.fullmatch(line):
            suites.add(current)
        elif _PLAN.fullmatch(line):
            planned = True
    if not tests or not planned:
        return None
    real = [test for name, test in tests.items() if name not in suites]
    return Reading(_problems(real, places), real, _counts(real))


def _said(test: TestOutcome, message: str) -> TestOutcome:
    return TestOutcome(test.id, test.status, test.message or message)


def _named(found: re.Match[str], above: list[tuple[int, str]]) -> str:
    depth = len(found[1])
    return BETWEEN.join([*(title for d, title in above if d < depth), found[3]])


def _tap_status(found: re.Match[str]) -> Status:
    if found[4]:
        return "skipped"
    return "passed" if found[2] == "ok" else "failed"


def _problems(tests: list[TestOutcome], places: dict[str, Problem]) -> list[Problem]:
    nowhere = Problem("", None, None, None, "", "")
    bad = [test for test in tests if test.status == "failed"]
    return [
        Problem(
            (at := places.get(test.id, nowhere)).file, at.line, at.column, None, test.id,
            test.message or "failed",
        )
        for test in bad
    ]  # fmt: skip


def _counts(tests: list[TestOutcome]) -> dict[str, int]:
    return {
        "passed": sum(t.status == "passed" for t in tests),
        "failed": sum(t.status == "failed" for t in tests),
        "errors": sum(t.status == "error" for t in tests),
        "skipped": sum(t.status == "skipped" for t in tests),
    }


_MARKS: dict[str, Status] = {"✔": "passed", "✖": "failed", "﹣": "skipped"}


def _spec(text: str) -> Reading | None:
    tests: dict[str, TestOutcome] = {}
    places: dict[str, Problem] = {}
    by_title: dict[str, list[str]] = {}
    suites: set[str] = set()
    above: list[tuple[int, str]] = []
    totals: dict[str, int] = {}
    at: re.Match[str] | None = None
    for line in lines(text):
        if found := _TOTAL.fullmatch(line):
            totals[found[1]] = count(found[2])
        elif found := _AT.fullmatch(line):
            at = found
        elif found := _SPEC.fullmatch(line):
            if totals:  # the failures once more, with their places
                _put(by_title.get(found[3], []), places, at)
                at = None
                continue
            depth = len(found[1])
            name = BETWEEN.join([*(t for d, t in above if d < depth), found[3]])
            above = [(d, t) for d, t in above if d < depth]
            if found[2] == "▶":
                above.append((depth, found[3]))
                suites.add(name)
            elif name not in suites:  # a suite is named once more at its end
                by_title.setdefault(found[3], []).append(name)
                todo = (found[4] or "").startswith(" # TODO")
                tests[name] = TestOutcome(name, "skipped" if todo else _MARKS[found[2]])
    if "tests" not in totals:
        return None
    found_tests = list(tests.values())
    return Reading(_problems(found_tests, places), found_tests or None, _counts(found_tests))


def _put(names: list[str], places: dict[str, Problem], at: re.Match[str] | None) -> None:
    if at is None:
        return
    for name in names[:100]:
        places[name] = Problem(at[1], number(at[2]), number(at[3]), None, name, "")
