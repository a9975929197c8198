"""A JUnit report, of pytest or of any other runner."""

from __future__ import annotations

from bot.workspace import junit
from bot.workspace.parsers.parsed import Problem, Reading, TestOutcome
from bot.workspace.parsers.text import first_line


def read(text: str) -> Reading | None:
    """Every case; None for what is no report, or one that brings its own document type."""
    start = text.find("<testsuite")
    if start == -1:
        return None
    try:
        cases = junit.cases(text[start:].encode())
    except junit.BadReport:
        return None
    tests = [TestOutcome(c.id, c.outcome, c.message or first_line(c.tail)) for c in cases]
    bad = [c for c in cases if c.outcome in {"failed", "error"}]
    problems = [
        Problem(c.file, c.line, None, None, c.id, c.message or first_line(c.tail)) for c in bad
    ]
    counts = {
        "passed": sum(c.outcome == "passed" for c in cases),
        "failed": sum(c.outcome == "failed" for c in cases),
        "errors": sum(c.outcome == "error" for c in cases),
        "skipped": sum(c.outcome == "skipped" for c in cases),
    }
    return Reading(problems, tests, counts)
