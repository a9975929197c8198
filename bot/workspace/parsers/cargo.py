"""cargo test, and cargo build, check and clippy as text and as JSON lines.

A test's id is its target and its name: `src/lib.rs tests::adds`, `tests/outside.rs result`.
"""

from __future__ import annotations

import re

from bot.workspace.declarations import table, text_of
from bot.workspace.parsers.parsed import Problem, Reading, Severity, Status, TestOutcome
from bot.workspace.parsers.text import count, documents, lines, number, rows

_STATUS: dict[str, Status] = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}
_TARGET = re.compile(r" +Running (?:unittests )?(\S+)(?: \(.*\))?|   (Doc-tests) (\S+)")
_TEST = re.compile(
    r"test (\S.*?)(?: - should panic)?(?: - compile(?: fail)?)? \.\.\. (ok|FAILED|ignored)(?:, .*)?"
)
_RESULT = re.compile(r"test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored;.*")
_STDOUT = re.compile(r"---- (\S.*?) stdout ----")
_PANICKED = re.compile(
    r"thread '.*?'(?: \(\d+\))? panicked at (?:'(.*)', )?([^:\s]+):(\d+):(\d+):?"
)
_LEVEL = re.compile(r"(error|warning)(?:\[(\w+)\])?: (.*)")
_ARROW = re.compile(r" *--> ([^:\s][^:\n]*):(\d+):(\d+)")
_FINISHED = re.compile(r" +Finished .*")
_SUMMARY = re.compile(
    r"could not compile .*|.* generated \d+ warnings?.*|build failed.*|aborting due to .*"
    r"|test failed.*|doctest failed.*|\d+ targets? failed.*|unused .* patch.*"
)
_SEVERITY: dict[str, Severity] = {"error": "error", "warning": "warning"}


def read(text: str) -> Reading | None:
    """Rule: the error's code or the lint's name."""
    messages = [row for row in documents(text) if "reason" in row]
    problems = [
        problem
        for row in messages
        if row.get("reason") == "compiler-message"
        if (problem := _from_json(table(row, "message")))
    ]
    ended = [row for row in messages if row.get("reason") == "build-finished"]
    reader = _Text()
    plain = [line for line in lines(text) if not line.startswith("{")]
    reader.read(plain)
    return reader.reading(problems, True if ended else None, bool(messages) or not text.strip())


def _from_json(message: dict[str, object]) -> Problem | None:
    level = text_of(message.get("level"))
    spans = rows(message, "spans")
    said = text_of(message.get("message"))
    if level not in {"error", "warning"} or (not spans and _SUMMARY.fullmatch(said)):
        return None
    first = next((s for s in spans if s.get("is_primary")), spans[0] if spans else {})
    return Problem(
        text_of(first.get("file_name")), number(first.get("line_start")),
        number(first.get("column_start")), number(first.get("line_end")),
        text_of(table(message, "code").get("code")), said, _SEVERITY[level],
    )  # fmt: skip


class _Text:
    def __init__(self) -> None:
        self.tests: dict[str, TestOutcome] = {}
        self.problems: list[Problem] = []
        self.counts: dict[str, int] = {}
        self.finished = self.stopped = False
        self._open: dict[str, Problem] = {}
        self._target = ""
        self._failing = ""
        self._waits: tuple[str, str, str] | None = None

    def read(self, all_lines: list[str]) -> None:
        for line in all_lines:
            if not (self._test(line) or self._compiler(line)):
                self._finished(line)

    def _test(self, line: str) -> bool:
        if found := _TARGET.fullmatch(line):
            self._target, self._failing = found[1] or f"{found[2]} {found[3]}", ""
        elif found := _TEST.fullmatch(line):
            name = f"{self._target} {found[1]}".strip()
            self.tests[name] = TestOutcome(name, _STATUS[found[2]])
        elif found := _STDOUT.fullmatch(line):
            self._failing = f"{self._target} {found[1]}".strip()
        elif (found := _PANICKED.fullmatch(line)) and self._failing:
            message, file, row, column = found.groups()
            self._open[self._failing] = Problem(
                file, number(row), number(column), None, self._failing, message or ""
            )
        elif found := _RESULT.fullmatch(line):
            for kind, said in zip(("passed", "failed", "skipped"), found.groups(), strict=True):
                self.counts[kind] = self.counts.get(kind, 0) + count(said)
            self._failing = ""
        elif self._failing and line.strip():
            self._message(line.strip())
        else:
            return False
        return True

    def _message(self, line: str) -> None:
        """The first thing said after a panic's place, or by a test that returned an error."""
        old = self._open.get(self._failing)
        if old is None and line.startswith("Error: "):
            old = Problem("", None, None, None, self._failing, "")
        if old is not None and not old.message:
            self._open[self._failing] = Problem(
                old.file, old.line, old.column, None, old.rule, line
            )

    def _compiler(self, line: str) -> bool:
        if found := _LEVEL.fullmatch(line):
            level, rule, message = found.groups()
            self._flush()
            if not _SUMMARY.fullmatch(message):
                self._waits = (level, rule or "", message)
            self.stopped |= level == "error"
        elif (found := _ARROW.fullmatch(line)) and self._waits:
            level, rule, message = self._waits
            self.problems.append(
                Problem(found[1], number(found[2]), number(found[3]), None, rule, message,
                        _SEVERITY[level])
            )  # fmt: skip
            self._waits = None
        else:
            return False
        return True

    def _finished(self, line: str) -> None:
        if _FINISHED.fullmatch(line):
            self.finished = True

    def _flush(self) -> None:
        if self._waits:
            level, rule, message = self._waits
            self.problems.append(Problem("", None, None, None, rule, message, _SEVERITY[level]))
            self._waits = None

    def reading(
        self, more: list[Problem], complete: bool | None, understood: bool
    ) -> Reading | None:
        self._flush()
        if self.finished or self.counts or (self.stopped and (self.problems or more)):
            complete = True
        if not (understood or complete or self.problems or more):
            return None
        failed = [
            self._open.get(t.id, Problem("", None, None, None, t.id, "failed"))
            for t in self.tests.values()
            if t.status == "failed"
        ]
        tests = [
            TestOutcome(t.id, t.status, self._open[t.id].message) if t.id in self._open else t
            for t in self.tests.values()
        ]
        problems = list(dict.fromkeys([*more, *self.problems]))
        self.counts.setdefault("error", sum(p.severity == "error" for p in problems))
        return Reading([*problems, *failed], tests or None, self.counts, complete=complete)
