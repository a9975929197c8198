"""Gate: leaks, nulls, races and swallowed errors in new code (Q8, §27.4), by our Semgrep rules."""

from __future__ import annotations

from bot.codebase.roles import role_of
from bot.gates.change import Change
from bot.gates.gate import Seen, counted, in_order, skipped
from bot.gates.scan import semgrep
from bot.gates.scanners import scanned
from bot.gates.security import is_deeper, severity_of
from bot.gates.workbench import Workbench


class Analysis:
    """Changed files, product code."""

    name = "analysis"
    scope = "changed files"

    def run(self, change: Change, bench: Workbench) -> Seen:
        if not scanned(change):
            return skipped("no code that the rules read was changed")
        findings = in_order(
            one.problem.finding(severity_of(one))
            for one in semgrep(change, bench)
            if is_deeper(one) and role_of(one.problem.file) == "source"
        )
        return Seen(counted(findings, "nothing found", "finding"), findings)
