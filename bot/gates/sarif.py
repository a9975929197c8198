"""Results as SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.gates.gate import GateResult
from bot.gates.runner import Judged

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}


def sarif(judged: Judged) -> dict[str, Any]:
    """One run; a gate that could not look is a notification, so that nobody reads it as a pass."""
    rules: dict[str, dict[str, Any]] = {}
    results, notifications = [], []
    for one in judged.results:
        if one.status == "error":
            notifications.append(
                {"level": "error", "message": {"text": f"{one.name}: {one.summary}"}}
            )
            continue
        for finding in one.findings:
            rule = rules.setdefault(finding.rule, {"id": finding.rule, "name": one.name})
            results.append(_result(one, finding, rule["id"]))
    driver = {
        "name": "Towpath",
        "rules": [rules[name] for name in sorted(rules)],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": driver},
            "results": results,
            "invocations": [{
                "executionSuccessful": not notifications,
                "toolExecutionNotifications": notifications,
            }],
        }],
    }  # fmt: skip


def _result(one: GateResult, finding: Any, rule: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ruleId": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "properties": {"gate": one.name, "blocking": one.blocking},
    }
    if finding.file:
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.file)}}
        if finding.line:
            place["region"] = {"startLine": finding.line}
            if finding.end_line and finding.end_line >= finding.line:
                place["region"]["endLine"] = finding.end_line
        told["locations"] = [{"physicalLocation": place}]
    return told
