"""Open code-scanning alerts: one item a rule and file (B4)."""

from __future__ import annotations

from bot.backlog.entry import Entry
from bot.backlog.reading import Reading
from bot.backlog.sources.github_service import Reads, Told, open_alerts, text
from bot.story.item_events import Family
from bot.story.vocabulary import Repository

NAME = "code_scanning"


def read(reads: Reads, repository: Repository) -> Reading:
    """The open alerts; those on one rule and file are one thing to mend."""
    return open_alerts(NAME, repository, reads.code_scanning_alerts, _entry)


def _entry(one: Told) -> Entry:
    rule = text(one, "rule", "id") or "a rule without an id"
    said = text(one, "rule", "description") or text(one, "rule", "name") or rule
    file = text(one, "most_recent_instance", "location", "path")
    line = text(one, "most_recent_instance", "location", "start_line")
    security = text(one, "rule", "security_severity_level")
    message = text(one, "most_recent_instance", "message", "text")
    return Entry(
        f"{said} ({rule}) in {file or 'the project'}",
        0,
        "\n\n".join(part for part in (message, f"{file}:{line}" if line else file) if part),
        {
            "url": text(one, "html_url"),
            "created": text(one, "created_at"),
            "file": file,
            "rule": rule,
        },
        key=f"{text(one, 'tool', 'name')}|{rule}|{file}",
        family=Family.SECURITY if security else Family.DEBT,
        severity=security or text(one, "rule", "severity"),
    )
