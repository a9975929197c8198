"""pytest's terminal output.

The ids in it are what the tests themselves could print too: where it matters, read the JUnit report
that was written beside it.
"""

from __future__ import annotations

import re

from bot.workspace.parsers.parsed import Problem, Reading, Status, TestOutcome
from bot.workspace.parsers.text import count, lines, number

_STATUS: dict[str, Status] = {
    "PASSED": "passed", "FAILED": "failed", "ERROR": "error", "SKIPPED": "skipped",
    "XFAIL": "skipped", "XPASS": "passed",
}  # fmt: skip
_WORDS = "|".join(_STATUS)
_VERBOSE = re.compile(rf"(.*) ({_WORDS})(?: \(.*\))?")
_SPREAD = re.compile(rf"\[gw\d+\](?: \[ *\d+%\])? ({_WORDS}) (\S.*)")
_SUMMARY = re.compile(rf"({_WORDS}) (\S.*)")
_END = re.compile(
    r"=*\s*((?:\d+ [a-z]+(?:, )?)+|no tests ran|no tests collected.*) in [\d.]+s?(?: seconds)?.*"
)
_COUNTED = re.compile(r"\b(\d{1,9}) ([a-z]+)")
_KINDS = {"error": "errors", "warning": "warnings"}
_HEADER = re.compile(r"(?:ERROR (?:collecting|at \w+ of) )?(.+)")
_AT = re.compile(r"([^\s:][^:\n]*\.py):(\d+): (.*)")
_COVERAGE = re.compile(r"(?:FAIL |ERROR: |Coverage failure: )(.*(?:[Rr]equired|fail-under).*)")
_USAGE = re.compile(r"ERROR: (.+)|INTERNALERROR> (\w[\w.]*(?:Error|Exception).*)")


def read(text: str) -> Reading | None:
    """Tests by their ids, as far as they are named: only `-v` and `-rA` name those that passed."""
    outcomes: dict[str, TestOutcome] = {}
    problems: list[Problem] = []
    places: dict[str, tuple[str, int | None]] = {}
    counts: dict[str, int] | None = None
    section = ""
    for line in lines(text):
        if line.startswith("__") and line.endswith("__"):
            found = _HEADER.fullmatch(line.strip("_").strip())
            section = found[1] if found else ""
        elif found := _AT.fullmatch(line):
            places[section] = (found[1], number(found[2]))
        elif found := _verbose(line):
            outcomes[found[1]] = TestOutcome(found[1], _STATUS[found[2]])
        elif found := _SPREAD.fullmatch(line):
            outcomes[found[2]] = TestOutcome(found[2].strip(), _STATUS[found[1]])
        elif found := _SUMMARY.fullmatch(line):
            name, message = _id_and_message(found[2])
            if found[1] != "SKIPPED":  # that line names a place, no test
                outcomes[name] = TestOutcome(name, _STATUS[found[1]], message)
        elif found := _COVERAGE.fullmatch(line):
            problems.append(Problem("", None, None, None, "coverage", found[1]))
        elif found := _USAGE.fullmatch(line):
            problems.append(Problem("", None, None, None, "pytest", found[1] or found[2]))
        elif found := _END.fullmatch(line):
            counts = {_KINDS.get(k, k): count(n) for n, k in _COUNTED.findall(found[1])}
    if counts is None:
        return Reading(problems, counts={"errors": 1}) if problems else None
    failed = [t for t in outcomes.values() if t.status in {"failed", "error"}]
    problems += [_problem(test, places) for test in failed]
    return Reading(problems, list(outcomes.values()) or None, counts)


def _verbose(line: str) -> re.Match[str] | None:
    """A line of `-v`, where the percentage at its end is only decoration."""
    line = line.rstrip()
    if line.endswith("%]"):
        line = line[: line.rindex("[")].rstrip() if "[" in line else line
    found = _VERBOSE.fullmatch(line) if "::" in line else None
    return found if found and "::" in found[1] and not found[1].startswith(("[", " ")) else None


def _id_and_message(said: str) -> tuple[str, str]:
    """A line of the summary; a parameter in brackets may itself hold the separator."""
    opened, closed = said.find("["), said.find("] - ")
    first = said.find(" - ")
    if first == -1 or (0 <= opened < first and said.endswith("]") and closed == -1):
        return said.strip(), ""
    cut = closed + 1 if 0 <= opened < first < closed else first
    return said[:cut].strip(), said[cut + 3 :].strip()


def _problem(test: TestOutcome, places: dict[str, tuple[str, int | None]]) -> Problem:
    file, _, name = test.id.partition("::")
    at, line = places.get(name.replace("::", "."), places.get(file, (file, None)))
    # A failure deep in a library belongs to the test; one elsewhere in the project to its place.
    if at.startswith("/"):
        at, line = file, None
    return Problem(at, line, None, None, test.id, test.message or test.status)
