"""go test (text, -v and -json), go build and go vet.

A test's id is its package and its name: `example.com/app/calc.TestAdd/one`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.workspace.declarations import text_of
from bot.workspace.parsers.parsed import Problem, Reading, Status, TestOutcome
from bot.workspace.parsers.text import documents, lines, number

_STATUS: dict[str, Status] = {
    "PASS": "passed", "FAIL": "failed", "SKIP": "skipped",
    "pass": "passed", "fail": "failed", "skip": "skipped",
}  # fmt: skip
_TEST = re.compile(r" *--- (PASS|FAIL|SKIP): (\S+) \([\d.]+s\)")
_RUN = re.compile(r"=== RUN +(\S+)")
_PACKAGE = re.compile(
    r"(ok|FAIL|---|\?) *\t(\S+)(?: ?\[(build failed|setup failed)\]|[ \t].*)?|(FAIL)"
)
_WHERE = re.compile(r" {4,}([\w.+-]+_test\.go):(\d+): (.*)")
_HEAD = re.compile(r"# (\S+)(?: \[.*\])?")
_COMPILER = re.compile(r"(?:vet: )?((?:\./|\.\./)*[^\s:]+\.go):(\d+)(?::(\d+))?: (.*)")
_PANIC = re.compile(r"(?:panic: |fatal error: )(.*)")
_ERROR = re.compile(r"go: (.*)|no required module provides .*|pattern .*: .*")


def read(text: str) -> Reading | None:
    """Tests, the lines where they failed, and what the compiler or vet complains about."""
    events = [row for row in documents(text) if "Action" in row]
    if events:
        return _json(events, text)
    return _Text().read(lines(text))


def _json(events: list[dict[str, object]], text: str) -> Reading:
    tests: dict[str, TestOutcome] = {}
    said: dict[tuple[str, str], list[str]] = {}
    packages: dict[str, Status] = {}
    reader = _Text()
    for row in events:
        package, test = text_of(row.get("Package")), text_of(row.get("Test"))
        action = text_of(row.get("Action"))
        if action in {"output", "build-output"}:
            key = (package, test)
            lines_ = said.setdefault(key, [])
            if len(lines_) < 200:
                lines_.append(text_of(row.get("Output")).rstrip("\n"))
        elif action in _STATUS and test:
            name = f"{package}.{test}"
            tests[name] = TestOutcome(name, _STATUS[action])
        elif action in _STATUS:
            packages[package] = _STATUS[action]
        elif action == "run" and test:
            name = f"{package}.{test}"
            tests.setdefault(name, TestOutcome(name, "error", "it did not end"))
    for (package, test), output in said.items():
        name = f"{package}.{test}" if test else ""
        reader.add_output(package, name, output)
    # What the compiler says stands outside of the JSON in older versions.
    reader.add_output("", "", [line for line in lines(text) if not line.startswith("{")])
    reader.tests = tests
    for package, status in packages.items():
        if status == "failed" and not any(
            test.status in {"failed", "error"} and name.startswith(f"{package}.")
            for name, test in tests.items()
        ):
            tests[package] = TestOutcome(package, "error", "the package was not tested")
    return reader.reading(complete=bool(packages) or bool(reader.problems))


class _Text:
    """Collects from lines, in whatever order they come."""

    def __init__(self) -> None:
        self.tests: dict[str, TestOutcome] = {}
        self.problems: list[Problem] = []
        self._messages: dict[str, Problem] = {}

    def read(self, all_lines: list[str]) -> Reading | None:
        """The tests of a package come before the line that names it."""
        waiting: list[str] = []
        complete: bool | None = None
        for line in all_lines:
            if (found := _PACKAGE.fullmatch(line)) and found[2]:
                complete = True
                self._package(found, waiting)
                waiting = []
            elif found and found[4]:
                complete = True
            else:
                waiting.append(line)
        self.add_output("", "", waiting)
        if complete is None and not self.problems and any(line.strip() for line in all_lines):
            return None
        return self.reading(complete)

    def _package(self, found: re.Match[str], said: list[str]) -> None:
        package = found[2]
        self.add_output(package, "", said)
        if found[3]:
            self.tests[package] = TestOutcome(package, "error", found[3])
        elif found[1] == "FAIL" and not any(
            test.status in {"failed", "error"} and name.startswith(f"{package}.")
            for name, test in self.tests.items()
        ):
            self.tests[package] = TestOutcome(package, "error", "the package failed")

    def add_output(self, package: str, test: str, said: Iterable[str]) -> None:
        """What was printed by `test` (its id) or, where that is "", by a package."""
        current, started = test, ""
        for line in said:
            if found := _TEST.fullmatch(line):
                current = f"{package}.{found[2]}"
                self.tests[current] = TestOutcome(current, _STATUS[found[1]])
                started = ""
            elif found := _RUN.fullmatch(line):
                started = current = f"{package}.{found[1]}"
            elif (found := _WHERE.fullmatch(line)) and current:
                self._messages.setdefault(
                    current, Problem(found[1], number(found[2]), None, None, current, found[3])
                )
            elif found := _PANIC.match(line):
                name = started or current or package
                message = f"panic: {found[1]}"
                self._messages[name] = Problem("", None, None, None, name, message)
                self.tests.setdefault(name, TestOutcome(name, "error", message))
            elif found := _COMPILER.fullmatch(line):
                file, row, column, message = found.groups()
                self.problems.append(
                    Problem(file, number(row), number(column), None, "compile", message)
                )
            elif found := _ERROR.fullmatch(line):
                self.problems.append(Problem("", None, None, None, "go", found[1] or line))

    def reading(self, complete: bool | None) -> Reading:
        """Failed tests with their messages; a parent of subtests is reported beside them."""
        bad = [t for t in self.tests.values() if t.status in {"failed", "error"}]
        found = [
            self._messages.get(
                t.id, Problem("", None, None, None, t.id, t.message or "failed")
            )
            for t in bad
        ]  # fmt: skip
        tests = [
            TestOutcome(t.id, t.status, t.message or self._messages[t.id].message)
            if t.id in self._messages else t
            for t in self.tests.values()
        ]  # fmt: skip
        counts = {
            "passed": sum(t.status == "passed" for t in tests),
            "failed": sum(t.status == "failed" for t in tests),
            "errors": sum(t.status == "error" for t in tests) + (not tests and bool(self.problems)),
            "skipped": sum(t.status == "skipped" for t in tests),
        }
        compiled = list(dict.fromkeys(self.problems))
        return Reading([*compiled, *found], tests or None, counts, complete=complete)
