"""Gate: no new way in for an attacker (Q4): our Semgrep rules and Bandit, new findings only."""

from __future__ import annotations

from bot.codebase.roles import role_of
from bot.gates.change import Change
from bot.gates.gate import GateFinding, Seen, Severity, counted, in_order, skipped
from bot.gates.scan import Alarm, bandit, semgrep
from bot.gates.scanners import scanned
from bot.gates.workbench import Workbench

# Of Bandit's tests, those that are wrong in any product code, whatever their own severity says.
_SERIOUS_TESTS = """
B102 B202 B301 B302 B303 B304 B305 B306 B307 B312 B313 B314 B315 B316 B317 B318 B319 B320 B321
B323 B324 B401 B412 B413 B501 B502 B503 B504 B505 B506 B507 B508 B509 B601 B602 B605 B608 B609
B610 B611 B612 B701 B702 B703 B704 B615
"""
_SERIOUS = frozenset(_SERIOUS_TESTS.split())
# Said by other gates, or true of nearly every program.
_ELSEWHERE = frozenset(
    {
        "B101",
        "B105",
        "B106",
        "B107",
        "B110",
        "B112",
        "B403",
        "B404",
        "B603",
        "B607",
        "B405",
        "B406",
        "B407",
        "B408",
        "B409",
        "B410",
        "B411",
        "B606",
    }
)


class Security:
    """Changed files, product code; in tests and examples a finding only warns."""

    name = "security"
    scope = "changed files"

    def run(self, change: Change, bench: Workbench) -> Seen:
        if not scanned(change):
            return skipped("no code that a scanner reads was changed")
        findings = [_of_rules(one) for one in semgrep(change, bench) if not is_deeper(one)]
        for one in bandit(change, bench):
            test = one.problem.rule.partition(":")[0]
            if test not in _ELSEWHERE:
                high = one.level == "HIGH" or test in _SERIOUS
                sure = one.about.get("confidence") != "LOW"
                findings.append(
                    _told(one, "error" if high and (sure or test == "B608") else "warning")
                )
        unique = in_order(findings)
        return Seen(counted(unique, "nothing found", "finding"), unique)


def is_deeper(alarm: Alarm) -> bool:
    """Is it of the other gate (leaks, null, concurrency) rather than of this one?"""
    return str(alarm.about.get("dimension", "security")).lower() != "security"


def severity_of(alarm: Alarm) -> Severity:
    """What our rules say blocks: ERROR, and WARNING of which they are sure."""
    sure = str(alarm.about.get("confidence", "")).upper() == "HIGH"
    if alarm.level == "ERROR" or (alarm.level == "WARNING" and sure):
        return "error"
    return "warning" if alarm.level == "WARNING" else "note"


def _of_rules(alarm: Alarm) -> GateFinding:
    return _told(alarm, severity_of(alarm))


def _told(alarm: Alarm, severity: Severity) -> GateFinding:
    product = role_of(alarm.problem.file) == "source"
    return alarm.problem.finding(severity if product or severity == "note" else "warning")
