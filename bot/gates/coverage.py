"""Gate: tests reach enough of the new lines (Q2). Only lines that hold statements count."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from bot.gates.change import Change
from bot.gates.gate import CannotLook, GateFinding, Seen, Severity, skipped
from bot.gates.test_run import Lines, measured_sources, test_run
from bot.gates.workbench import Workbench
from policies.gates import enough_coverage


class Coverage:
    """New lines of product code, all files together."""

    name = "coverage"
    scope = "new lines"

    def run(self, change: Change, bench: Workbench) -> Seen:
        wanted = measured_sources(change)
        if not wanted:
            return skipped("no new lines of Python product code")
        run = test_run(change, bench)
        if run is None:
            return skipped("the project has no tests that could be measured")
        if run.coverage is None:
            if bench.plan.runner == "pytest":
                raise CannotLook("coverage", run.unmeasured)
            return skipped(run.unmeasured)
        covered, missed, findings = 0, 0, []
        for path in wanted:
            lines = run.coverage.get(path) or _never_imported(change, path)
            new = change.files[path].new_lines
            covered += len(new & lines.ran)
            gone = sorted(new & lines.missed)
            missed += len(gone)
            findings += [(path, first, last) for first, last in _ranges(gone)]
        enough = enough_coverage(covered, missed, bench.choices.coverage)
        severity: Severity = "note" if enough else "error"
        if not enough and run.before and not run.report.passed:
            severity = "warning"  # no test runs here, at the base neither: nothing was measured
        told = [
            GateFinding(path, first, "coverage/not-reached", _words(first, last), severity, last)
            for path, first, last in findings
        ]
        total = covered + missed
        share = covered / total if total else 1.0
        summary = f"{covered} of {total} new statements are reached by tests ({share:.0%})"
        evidence = {"covered": covered, "missed": missed, "share": round(share, 4),
                    "least": bench.choices.coverage}  # fmt: skip
        return Seen(summary if total else "no new statements", tuple(told), "", evidence)


def _words(first: int, last: int) -> str:
    where = f"line {first}" if first == last else f"lines {first} to {last}"
    return f"no test reaches {where}"


def _never_imported(change: Change, path: str) -> Lines:
    """A file that no test imports: all of its statements were missed."""
    text = change.head_text(path) or ""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return Lines(frozenset(), change.files[path].new_lines)
    missed = {
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not _says_nothing(node)
    }
    return Lines(frozenset(), frozenset(missed))


def _says_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _ranges(lines: Iterable[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for line in lines:
        if found and line <= found[-1][1] + 1:
            found[-1] = (found[-1][0], line)
        else:
            found.append((line, line))
    return found
