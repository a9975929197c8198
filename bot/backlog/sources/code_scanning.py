"""Open code-scanning alerts: one item a rule and file, or an advisory and package (B4)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.backlog.entry import Entry, Sightings
from bot.backlog.reading import Reading
from bot.backlog.sources import leaked, reported
from bot.backlog.sources.github_service import Reads, Told, looked, names, text
from bot.story.item_events import Family
from bot.story.vocabulary import Repository

NAME = "code_scanning"
_SHOWN = 30


def read(reads: Reads, repository: Repository) -> Reading:
    """The open alerts; those on one rule and file are one thing to mend."""
    found: dict[str, list[Told]] = {}

    def each(one: Told, told: Sightings) -> None:
        if text(one, "state") in ("", "open"):
            found.setdefault(_key(one), []).append(one)

    def together(told: Sightings) -> None:
        for alerts in found.values():
            told.add(_entry(alerts))

    return looked(NAME, repository, reads.code_scanning_alerts, each, together)


def _file(one: Told) -> str:
    return text(one, "most_recent_instance", "location", "path")


def _rule(one: Told) -> str:
    return text(one, "rule", "id") or "a rule without an id"


def _said(one: Told) -> str:
    return text(one, "most_recent_instance", "message", "text")


def _key(one: Told) -> str:
    vulnerable = reported.vulnerable(_rule(one), _said(one))
    if vulnerable is not None:
        return f"{vulnerable.identifier}|{vulnerable.package}"
    return f"{text(one, 'tool', 'name')}|{_rule(one)}|{_file(one)}"


def _entry(alerts: Sequence[Told]) -> Entry:
    one = alerts[0]
    rule, file, tool = _rule(one), _file(one), text(one, "tool", "name")
    severity = text(one, "rule", "security_severity_level")
    about = {"url": text(one, "html_url"), "created": text(one, "created_at")}
    vulnerable = reported.vulnerable(rule, _said(one))
    if vulnerable is not None:
        return reported.upgrade(vulnerable, _said(one), file, about, severity, 0)
    where = [
        f"{file}:{text(each, 'most_recent_instance', 'location', 'start_line')}".rstrip(":")
        for each in alerts
    ]
    place = {**about, "file": file, "rule": rule}
    level = severity or text(one, "rule", "severity")
    if leaked.is_certain(rule, tool=tool) or leaked.is_guess(rule):
        told = leaked.body(rule, where[:_SHOWN])
        title, family = leaked.title(rule, file), Family.SECURITY
        return Entry(title, 0, told, place, key=_key(one), family=family, severity=level)
    said = text(one, "rule", "description") or text(one, "rule", "name") or rule
    rows = [f"- {at} {_said(each)}".rstrip() for at, each in zip(where, alerts, strict=True)]
    tags = names((one.get("rule") or {}).get("tags"))
    security = bool(severity) or "security" in tags or reported.is_security(tool)
    return Entry(
        f"{said} ({rule}) in {file or 'the project'}",
        0,
        "\n".join(rows[:_SHOWN]) if file else _said(one),
        place,
        key=_key(one),
        family=Family.SECURITY if security else Family.DEBT,
        severity=level,
    )
