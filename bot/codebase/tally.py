"""How one file is written, counted: question → answer → cases.

Promises: only the text, its language and whether it is a test decide; plain values, so that the
counts of a blob can be kept. Single words, which fit every way of naming, are not counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from bot.codebase.manifests import Read
from bot.codebase.style_signs import CONSTANTS, DEFINITIONS, SIGNS, TEST_SIGNS

MAX_CASES = 40  # of one answer in one file, so that one big file does not outvote the others
MAX_SOURCE = 300_000  # characters
WIDTH = "line length"
WIDTHS = (79, 88, 100, 120)

Tally = dict[str, dict[str, int]]
Asked = tuple[str, str, bool]
"""(path, language, whether it is a test)"""
Tallies = Callable[[Sequence[Asked]], dict[str, Tally]]


def read_tallies(asked: Iterable[Asked], read: Read) -> dict[str, Tally]:
    """Path → counts."""
    return {path: tally(language, test, read(path) or "") for path, language, test in asked}


def tally(language: str, test: bool, text: str) -> Tally:
    """The counts of one file; questions without a case are left out."""
    if len(text) > MAX_SOURCE:
        return {}
    signs = TEST_SIGNS if test else SIGNS
    found: Tally = {
        question: {
            answer: min(len(sign.findall(text)), MAX_CASES) for answer, sign in answers.items()
        }
        for question, answers in signs.get(language, {}).items()
    }
    if not test:
        found |= _naming(language, text) | _layout(text.splitlines())
    cases = {q: {a: n for a, n in answers.items() if n} for q, answers in found.items()}
    return {question: answers for question, answers in cases.items() if answers}


def _naming(language: str, text: str) -> Tally:
    patterns = dict(DEFINITIONS.get(language, {}))
    if language in CONSTANTS:
        patterns["constants"] = CONSTANTS[language]
    return {
        f"names of {what}": Counter(
            case for name in pattern.findall(text)[:MAX_CASES] if (case := case_of(name))
        )
        for what, pattern in patterns.items()
    }


def case_of(name: str) -> str | None:
    """The way of writing of a name; None for one that fits several (`run`, `x`, `ID`)."""
    bare = name.strip("_")
    for case, pattern in _CASES.items():
        if pattern.fullmatch(bare):
            return case
    return None


_CASES = {
    "snake_case": re.compile(r"[a-z0-9]+(_[a-z0-9]+)+"),
    "UPPER_SNAKE_CASE": re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+"),
    "kebab-case": re.compile(r"[a-z0-9]+(-[a-z0-9]+)+"),
    "camelCase": re.compile(r"[a-z][a-z0-9]*([A-Z][A-Za-z0-9]*)+"),
    "PascalCase": re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*"),
}


def _layout(lines: Sequence[str]) -> Tally:
    """Indentation and line length as they are, whatever a configuration says."""
    steps = _steps(lines)
    widths = Counter(len(line.expandtabs(4)) for line in lines if line)
    longest = WIDTHS[-1] + 1
    within = Counter[str]()
    for width, count in widths.items():
        within[str(next((n for n in WIDTHS if width <= n), longest))] += count
    usual = {steps.most_common(1)[0][0]: 1} if steps else {}
    return {"indentation": usual, WIDTH: dict(sorted(within.items()))}


def _steps(lines: Sequence[str]) -> Counter[str]:
    """How far lines are indented beyond the line before them."""
    steps: Counter[str] = Counter()
    before = ""
    for line in lines:
        if not line.strip():
            continue
        now = line[: len(line) - len(line.lstrip())]
        if now.startswith(before) and len(now) > len(before):
            more = now[len(before) :]
            if more == "\t":
                steps["tabs"] += 1
            elif more in ("  ", "    ", "        "):
                steps[f"{len(more)} spaces"] += 1
        before = now
    return steps
