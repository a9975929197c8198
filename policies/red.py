"""Do the new tests fail for the right reason? (S14)

Promises: pure; a test is right where it fails because the behaviour is missing, wrong where it
cannot run: a broken test proves nothing, neither before the change nor after it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.story.vocabulary import FailedTest, TestSummary


class Red(StrEnum):
    """What the run of the new tests on the code before the change shows."""

    RIGHT = "right"  # at least one fails because something is missing, none is broken
    PASSES = "passes"  # all pass: nothing is missing, or nothing is tested
    WRONG = "wrong"  # some cannot run
    NO_RUN = "no_run"  # nothing was collected, or the run ended before its end


@dataclass(frozen=True)
class Verdict:
    """`wrong`: id and reason of the tests that cannot run."""

    red: Red
    wrong: tuple[tuple[str, str], ...] = ()


_FIXTURE = re.compile(r"fixture '([^']+)' not found")
_SYNTAX = re.compile(r"\b(SyntaxError|IndentationError|TabError)\b")
_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
_NO_NAME = re.compile(r"ImportError: cannot import name '(\w+)' from '?([\w.]+)")
_NAME = re.compile(r"\bNameError: name '(\w+)' is not defined")
_PLACE = re.compile(r"^([^\s:]+\.py):(\d+): ", re.MULTILINE)


def judge(summary: TestSummary, files: Sequence[str], own: frozenset[str]) -> Verdict:
    """The verdict on a run of the new tests in `files` at the base.

    `own`: top-level modules of the project, with those that its plan will make.
    """
    if not summary.ran:
        return Verdict(Red.NO_RUN)
    if summary.ok:
        return Verdict(Red.PASSES if summary.passed else Red.NO_RUN)
    if not summary.failures:
        return Verdict(Red.NO_RUN)
    told = {one.id: one for one in summary.details}
    wrong = []
    for name in summary.failures:
        why = _broken(told[name], files, own) if name in told else ""
        if why:
            wrong.append((name, why))
    return Verdict(Red.WRONG, tuple(wrong)) if wrong else Verdict(Red.RIGHT)


def _broken(test: FailedTest, files: Sequence[str], own: frozenset[str]) -> str:
    """Why the test cannot run; '' where it fails as it should."""
    text = f"{test.message}\n{test.tail}"
    if found := _FIXTURE.search(text):
        return f"there is no fixture {found[1]}"
    if _SYNTAX.search(text) and _ends_in(test, files):
        return "the test does not parse"
    if (found := _NO_MODULE.search(text)) and found[1].partition(".")[0] not in own:
        return f"it imports {found[1]}, which is neither installed nor part of the project"
    if (found := _NO_NAME.search(text)) and found[2].partition(".")[0] not in own:
        return f"it imports {found[1]} from {found[2]}, which has no such name"
    if (found := _NAME.search(text)) and _ends_in(test, files):
        return f"it uses {found[1]}, which it never defines or imports"
    return ""


def _ends_in(test: FailedTest, files: Sequence[str]) -> bool:
    """Whether the error was raised in the test's own file."""
    places = _PLACE.findall(test.tail)
    if not places:
        return True
    last = places[-1][0]
    return any(last == one or last.endswith(f"/{one}") for one in files)
