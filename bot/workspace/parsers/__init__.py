"""Reads what tools print: tests, linters, type checkers, coverage, builds, installers. (T3)

Promises: an answer for any text, in linear time and bounded size; an output that no parser knows
keeps its tail and says `understood=False`; so does one that contradicts its exit code.
Never: raises, runs anything, or takes the absence of complaints for success: a linter that crashed
prints none either.
"""

from bot.workspace.parsers.parsed import Lines, Parsed, Problem, Severity, Status, TestOutcome
from bot.workspace.parsers.reading import TOOLS, parse

__all__ = [
    "TOOLS", "Lines", "Parsed", "Problem", "Severity", "Status", "TestOutcome", "parse",
]  # fmt: skip
