"""Gate: every acceptance criterion has a passing test, and every new test a criterion (Q7, §17.2).

A test names its criterion (`C1`, `AC-1`, `criterion 1` in its name, marks, docstring or a comment),
or says the same words. Forward: a criterion without a passing test fails. Backward: a new test that
serves no criterion is told, and only told.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.codebase.roles import role_of
from bot.gates.change import Change, Criterion
from bot.gates.gate import GateFinding, Seen, skipped
from bot.gates.test_run import test_run
from bot.gates.workbench import Workbench

LEAST_SHARED = 0.5  # share of a criterion's words that a test must say
_STOP_WORDS = """
a an and are as at be been but by can could do does for from given had has have if in into is
it its may must no not of on or shall should so such than that the their then there they this
to was were when where which while who will with without would user users system test tests
return returns returned new also any all each every only same still able via using use
"""
_STOP = frozenset(_STOP_WORDS.split())
_JS_TEST = re.compile(r"\b(?:it|test)\s*(?:\.\w+)?\s*\(\s*(['\"`])(.+?)\1")


@dataclass(frozen=True)
class _Candidate:
    """A test that may serve a criterion. `text`: its name, docstring, marks and body."""

    file: str
    line: int
    name: str
    text: str
    is_new: bool


class Criteria:
    """The story's criteria against the tests of the head that changed, then all others."""

    name = "criteria"
    scope = "whole"

    def run(self, change: Change, bench: Workbench) -> Seen:
        if not change.criteria:
            return skipped("no story was given")
        run = test_run(change, bench)
        tests = list(_candidates(change))
        bad = {one.id for one in run.report.failures} if run else set()
        passing = [one for one in tests if not any(_is(one, failed) for failed in bad)]
        if run is not None and run.passed and bench.plan.runner == "pytest":
            ran = {re.sub(r"\[.*\]$", "", one).rpartition("::")[2] for one in run.passed}
            passing = [one for one in passing if not one.file.endswith(".py") or one.name in ran]
        findings, mapped, served = [], {}, set()
        for criterion in change.criteria:
            fitting = [one for one in passing if _serves(one, criterion)]
            mapped[criterion.id] = [f"{one.file}::{one.name}" for one in fitting][:10]
            served |= {(one.file, one.name) for one in fitting}
            if not fitting:
                words = f"no passing test for {criterion.id}: {criterion.text[:200]}"
                findings.append(GateFinding("", None, "criteria/unmapped", words))
        for one in tests:
            if one.is_new and (one.file, one.name) not in served:
                words = f"{one.name} serves no criterion of the story"
                findings.append(GateFinding(one.file, one.line, "criteria/backward", words, "note"))
        number = sum(bool(tests) for tests in mapped.values())
        said = f"{number} of {len(change.criteria)} criteria have a passing test"
        return Seen(said, tuple(findings), "", {"tests": mapped})


def _is(test: _Candidate, failed: str) -> bool:
    return failed.startswith(test.file) and re.sub(r"\[.*\]$", "", failed).endswith(test.name)


def _serves(test: _Candidate, criterion: Criterion) -> bool:
    number = re.sub(r"\D", "", criterion.id)
    # Numbers are a story's own: an older test that says C3 speaks of another story's third one.
    if (
        number
        and test.is_new
        and re.search(
            rf"(?i)(?<![a-z0-9])(?:ac|c|criterion|criteria|acceptance)[\s_#:(\"'-]*0*{number}(?![0-9])",
            test.text,
        )
    ):
        return True
    if not test.is_new and not _same_sentence(test, criterion):
        return False
    wanted = _words(criterion.text)
    if not wanted:
        return False
    said = _words(test.text)
    return len(wanted & said) / len(wanted) >= LEAST_SHARED


def _same_sentence(test: _Candidate, criterion: Criterion) -> bool:
    """An older test serves it only where it says most of it."""
    wanted = _words(criterion.text)
    return bool(wanted) and len(wanted & _words(test.text)) / len(wanted) >= 0.8


def _words(text: str) -> set[str]:
    """Words and numbers as stems, names taken apart."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).replace("_", " ").lower()
    return {
        _stem(word) for word in re.findall(r"[a-z]{2,}|\d+(?:\.\d+)?", apart) if word not in _STOP
    }


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ings", "ing", "edly", "ies", "ied", "es", "ed", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") or word


def _candidates(change: Change) -> Iterator[_Candidate]:
    """Tests of changed files first, then of all others."""
    names = [path for path in sorted(change.head_names) if role_of(path) == "test"
             and path.isprintable()]  # fmt: skip
    names.sort(key=lambda path: path not in change.files)
    texts = change.mirror.read_many(change.head, names[:1500], limit=500_000)
    for path in names[:1500]:
        text = texts.get(path, b"").decode("utf-8", "replace")
        new = change.files[path].new_lines if path in change.files else frozenset()
        if path.endswith(".py"):
            yield from _python(path, text, new)
        elif re.search(r"\.[cm]?[jt]sx?$", path):
            yield from _script(path, text, new)


def _python(path: str, text: str, new: frozenset[int]) -> Iterator[_Candidate]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    lines = text.splitlines()
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not node.name.startswith("test"):
            continue
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        while first > 1 and lines[first - 2].lstrip().startswith("#"):
            first -= 1
        last = node.end_lineno or node.lineno
        said = "\n".join(lines[first - 1 : last])
        yield _Candidate(
            path, node.lineno, node.name, said, bool(new & set(range(first, last + 1)))
        )


def _script(path: str, text: str, new: frozenset[int]) -> Iterator[_Candidate]:
    for found in _JS_TEST.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        end = text.find("\n});", found.end())
        body = text[found.start() : end if 0 < end < found.start() + 4000 else found.start() + 1500]
        before = text[max(0, found.start() - 300) : found.start()].rsplit("\n\n", 1)[-1]
        last = line + body.count("\n")
        yield _Candidate(
            path, line, found[2], before + body, bool(new & set(range(line, last + 1)))
        )
