"""Gate: the project's tests (Q1). Regressions fail; flaky tests and old failures only warn."""

from __future__ import annotations

from bot.gates.change import Change
from bot.gates.gate import CannotLook, GateFinding, Seen, skipped
from bot.gates.test_run import TestRun, test_run
from bot.gates.workbench import Workbench


class Tests:
    """All of them, those of what changed first."""

    __test__ = False
    name = "tests"
    scope = "whole"

    def run(self, change: Change, bench: Workbench) -> Seen:
        run = test_run(change, bench)
        if run is None:
            return skipped("the project has no tests")
        if run.broken == "no tests found":
            if run.base_broken:
                return skipped("no tests were collected, at the base neither")
            gone = GateFinding("", None, "tests/none", "no test is collected any more")
            return Seen("no test is collected any more", (gone,))
        if run.broken and (run.base_broken or not run.report.ran):
            raise CannotLook("the tests", f"{run.broken}: {run.report.tail[-400:]}")
        findings = [
            GateFinding(one.file, one.line, f"tests/{_kind(one.id)}", _said(one.id, one.message))
            for one in run.blamed
        ]
        if run.broken:
            findings.append(GateFinding("", None, "tests/did-not-end", _tail(run)))
        findings += [
            GateFinding("", None, "tests/flaky", f"{one} passes when it runs again", "warning")
            for one in run.flaky
        ]
        findings += [
            GateFinding("", None, "tests/failed-before", f"{one} fails on the base too", "warning")
            for one in run.before
        ]
        return Seen(_summary(run), tuple(findings), "", _evidence(run), lasting=not run.flaky)


def _kind(test: str) -> str:
    return "failed" if "::" in test else "cannot-run"


def _said(test: str, message: str) -> str:
    return f"{test} fails: {' '.join(message.split())[:400]}".rstrip(": ")


def _tail(run: TestRun) -> str:
    return f"{run.broken}: {' '.join(run.report.tail.split())[-400:]}"


def _summary(run: TestRun) -> str:
    report = run.report
    parts = [f"{report.passed} passed"]
    if run.blamed:
        parts.append(f"{len(run.blamed)} failed")
    for number, word in (
        (len(run.before), "failed before"), (len(run.flaky), "flaky"), (report.skipped, "skipped"),
    ):  # fmt: skip
        if number:
            parts.append(f"{number} {word}")
    first = f"; {len(run.related)} test files of what changed ran first" if run.related else ""
    return ", ".join(parts) + first + (f"; {run.broken}" if run.broken else "")


def _evidence(run: TestRun) -> dict[str, object]:
    report = run.report
    return {
        "passed": report.passed,
        "failed": report.failed + report.errors,
        "skipped": report.skipped,
        "seconds": round(report.duration_s, 2),
        "flaky": list(run.flaky),
        "failed_before": list(run.before),
        "related": list(run.related)[:50],
    }
