"""mocha: its json reporter, and the list of failures that ends spec, dot and most others.

A test's id is its file and its full title; in terminal output, where no file is named, its titles.
"""

from __future__ import annotations

import re
from typing import Any

from bot.workspace.declarations import table, text_of
from bot.workspace.parsers import node_test
from bot.workspace.parsers.jest import BETWEEN
from bot.workspace.parsers.parsed import Problem, Reading, Status, TestOutcome
from bot.workspace.parsers.text import count, document, first_line, lines, number, rows

_TOTAL = re.compile(r"  (\d+) (passing|pending|failing)(?: \(.*\))?")
_WORDS = {"passing": "passed", "pending": "skipped", "failing": "failed"}
_PASSED = re.compile(r"( {2,})(✔|✓|√|-) (.*?)(?: \(\d+ms\))?")
_FAILED = re.compile(r"( {2,})\d+\) (.*)")
_TITLE = re.compile(r" {7,}(\S.*?)(:?)")
_FRAME = re.compile(r" +at (?:.* )?\(?(?:file://)?([^\s():]+):(\d+):(\d+)\)?")


def read(text: str) -> Reading | None:
    """The json reporter's tests, those that a terminal report names, or TAP."""
    return from_json(document(text)) or _text(text) or node_test.tap(text)


def from_json(value: Any) -> Reading | None:
    """A broken hook is an error of the test that it names."""
    if not isinstance(value, dict) or "passes" not in value or "stats" not in value:
        return None
    tests, problems = [], []
    kinds: tuple[tuple[str, Status], ...] = (
        ("passes", "passed"), ("pending", "skipped"), ("failures", "failed"),
    )  # fmt: skip
    for key, kind in kinds:
        for row in rows(value, key):
            file, title = text_of(row.get("file")), text_of(row.get("fullTitle"))
            name = BETWEEN.join(part for part in (file, title) if part)
            error = table(row, "err")
            message = text_of(error.get("message")) or text_of(error.get("stack"))
            hook = kind == "failed" and re.search(r'"(before|after) (all|each)" hook', title)
            tests.append(TestOutcome(name, "error" if hook else kind, message))
            if kind == "failed":
                problems.append(_problem(name, file, message, text_of(error.get("stack"))))
    stats = table(value, "stats")
    counts = {
        "passed": count(stats.get("passes")),
        "skipped": count(stats.get("pending")),
        "failed": count(stats.get("failures")),
    }
    return Reading(problems, tests, counts)


def _problem(name: str, file: str, message: str, stack: str) -> Problem:
    for found in map(_FRAME.fullmatch, lines(stack)):
        if found and (not file or file.endswith(found[1].rpartition("/")[2])):
            where = file or found[1]
            line, column = number(found[2]), number(found[3])
            return Problem(where, line, column, None, name, first_line(message))
    return Problem(file, None, None, None, name, first_line(message) or "failed")


def _text(text: str) -> Reading | None:
    counts: dict[str, int] = {}
    tests: dict[str, TestOutcome] = {}
    above: list[tuple[int, str]] = []
    all_lines = lines(text)
    for at, line in enumerate(all_lines):
        if found := _TOTAL.fullmatch(line):
            counts[_WORDS[found[2]]] = count(found[1])
        elif counts:
            if not line.strip() or _FAILED.fullmatch(line):
                return _failures(all_lines[at:], tests, counts)
        elif found := _PASSED.fullmatch(line):
            name = BETWEEN.join([*_titles(above, len(found[1])), found[3]])
            tests[name] = TestOutcome(name, "skipped" if found[2] == "-" else "passed")
        elif (found := re.fullmatch(r"( {2,})(\S.*)", line)) and not _FAILED.fullmatch(line):
            above = [*((d, t) for d, t in above if d < len(found[1])), (len(found[1]), found[2])]
    return Reading((), list(tests.values()) or None, counts) if counts else None


def _titles(above: list[tuple[int, str]], depth: int) -> list[str]:
    return [title for indent, title in above if indent < depth]


def _failures(
    rest: list[str], tests: dict[str, TestOutcome], counts: dict[str, int]
) -> Reading | None:
    """The list at the end: titles one below the other, the last with a colon, then what is said."""
    blocks: list[list[str]] = []
    for line in rest:
        if _FAILED.fullmatch(line) and line.startswith("  ") and line[2].isdigit():
            blocks.append([])
        if blocks:
            blocks[-1].append(line)
    problems = []
    for block in blocks:
        found = _FAILED.fullmatch(block[0])
        titles, body = [found[2] if found else ""], 1
        while not titles[-1].endswith(":") and body < len(block):
            if not _TITLE.fullmatch(block[body]):
                break
            titles.append(block[body].strip())
            body += 1
        name = BETWEEN.join([*titles[:-1], titles[-1].removesuffix(":")])
        said = [line for line in block[body:] if line.strip()]
        message = said[0].strip() if said else "failed"
        tests[name] = TestOutcome(name, "failed", message)
        problems.append(_problem(name, "", message, "\n".join(block[body:])))
    return Reading(problems, list(tests.values()) or None, counts)
