"""Chooses the parser for a tool, and puts bounds and paths right."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module

from bot.workspace.parsers.parsed import (
    LONGEST_MESSAGE,
    MOST_PROBLEMS,
    MOST_TESTS,
    TAIL,
    Parsed,
    Problem,
    Reading,
)
from bot.workspace.parsers.text import LONGEST, plain

Parser = Callable[[str], Reading | None]

# Tool, as it is called on a command line, to the module whose `read` knows what it prints.
TOOLS: Mapping[str, str] = {
    "pytest": "pytest", "junit": "junit", "coverage": "coverage", "ruff": "ruff",
    "ruff-format": "black", "black": "black", "flake8": "flake8", "mypy": "mypy",
    "pyright": "pyright", "bandit": "bandit", "semgrep": "semgrep", "pylint": "pylint",
    "jest": "jest", "vitest": "vitest", "mocha": "mocha", "node": "node_test", "tap": "node_test",
    "eslint": "eslint", "tsc": "tsc",
    "go": "go", "cargo": "cargo", "docker": "docker", "npm": "npm", "pnpm": "npm", "yarn": "npm",
    "pip": "pip", "uv": "pip",
}  # fmt: skip


def parse(tool: str, output: str, *, root: str = "", exit_code: int | None = None) -> Parsed:
    """What `output` of `tool` says.

    `tool`: one of TOOLS; "" tries them all and takes the first that knows it. `root`: where the
    tool ran, cut from the paths that it printed. `exit_code`: None when it is not known.
    """
    text = plain(output[-LONGEST:])
    for name in [tool] if tool else TOOLS:
        reading = _reading(name, text)
        if reading is not None and (tool or reading.problems or reading.tests or reading.coverage):
            return _parsed(name, text, reading, root, exit_code)
    known = not tool or tool in TOOLS
    reason = "no parser knows this output" if known else f"there is no parser for {tool[:40]}"
    return Parsed(tool, False, tail=text[-TAIL:], reason=reason, cut=len(text) > TAIL)


def _reading(tool: str, text: str) -> Reading | None:
    if tool not in TOOLS:
        return None
    read: Parser = import_module(f"bot.workspace.parsers.{TOOLS[tool]}").read
    try:
        return read(text)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None  # a shape that nobody thought of is not understood


def _parsed(tool: str, text: str, reading: Reading, root: str, exit_code: int | None) -> Parsed:
    problems = [_placed(problem, root) for problem in reading.problems[:MOST_PROBLEMS]]
    tests = reading.tests
    inside = root.rstrip("/") + "/" if root else ""
    cut = len(text) > TAIL or len(reading.problems) > MOST_PROBLEMS
    if tests is not None:
        cut |= len(tests) > MOST_TESTS
        tests = tuple(
            replace(t, id=t.id[:1000].removeprefix(inside), message=t.message[:LONGEST_MESSAGE])
            for t in tests[:MOST_TESTS]
        )
    coverage = reading.coverage
    if coverage is not None:
        coverage = {_path(file, root): lines for file, lines in coverage.items()}
    reason = _doubt(reading, exit_code)
    return Parsed(
        tool, not reason, tuple(problems), tests, dict(reading.counts), coverage, text[-TAIL:],
        reason, cut,
    )  # fmt: skip


def _doubt(reading: Reading, exit_code: int | None) -> str:
    """Why this reading is not the whole truth; "" when it may be."""
    wrong = bool(reading.problems)
    wrong |= any(t.status in {"failed", "error"} for t in reading.tests or ())
    wrong |= any(reading.counts.get(kind) for kind in ("failed", "errors", "error"))
    if reading.complete is False:
        return "it stops before its end"
    if exit_code and not wrong:
        return f"exit code {exit_code}, and nothing in the output says why"
    if reading.complete is None and exit_code is None and not wrong:
        return "silence, and no exit code"
    return ""


def _placed(problem: Problem, root: str) -> Problem:
    message = problem.message.strip()
    return replace(
        problem,
        file=_path(problem.file, root),
        rule=problem.rule[:200].removeprefix(root.rstrip("/") + "/" if root else ""),
        message=message if len(message) <= LONGEST_MESSAGE else message[:LONGEST_MESSAGE] + "…",
    )


def _path(path: str, root: str) -> str:
    """`path` relative to `root`, where it lies there; as it was printed where it does not."""
    path = path.strip()[:1000].removeprefix("file://")
    if not path:
        return ""
    if root and path.startswith(root.rstrip("/") + "/"):
        path = path[len(root.rstrip("/")) + 1 :]
    return posixpath.normpath(path)
