"""semgrep as JSON."""

from __future__ import annotations

from bot.workspace.declarations import table, text_of
from bot.workspace.parsers.parsed import Problem, Reading, Severity
from bot.workspace.parsers.text import document, number, rows

_SEVERITY: dict[str, Severity] = {
    "ERROR": "error", "CRITICAL": "error", "HIGH": "error", "WARNING": "warning",
    "MEDIUM": "warning", "INFO": "note", "LOW": "note", "INVENTORY": "note",
}  # fmt: skip


def read(text: str) -> Reading | None:
    """A file that semgrep could not scan is a warning of rule "unreadable"."""
    value = document(text)
    if not isinstance(value, dict) or not isinstance(value.get("results"), list):
        return None
    if not isinstance(value.get("errors"), list) or "paths" not in value:
        return None
    problems = []
    for row in rows(value, "results"):
        extra, start, end = table(row, "extra"), table(row, "start"), table(row, "end")
        problems.append(
            Problem(
                text_of(row.get("path")), number(start.get("line")), number(start.get("col")),
                number(end.get("line")), text_of(row.get("check_id")),
                text_of(extra.get("message")),
                _SEVERITY.get(text_of(extra.get("severity")).upper(), "warning"),
            )
        )  # fmt: skip
    broken = rows(value, "errors")
    for row in broken:
        level: Severity = "error" if text_of(row.get("level")) == "error" else "warning"
        spans = rows(row, "spans")
        line = number(table(spans[0], "start").get("line")) if spans else None
        problems.append(
            Problem(
                text_of(row.get("path")), line, None, None, "unreadable",
                text_of(row.get("message")) or text_of(row.get("long_msg")), level,
            )
        )  # fmt: skip
    return Reading(
        problems, counts={"findings": len(problems) - len(broken), "unread": len(broken)}
    )
