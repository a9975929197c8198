"""The repository's own security advisories that are not settled: triage and draft (B4)."""

from __future__ import annotations

from typing import Any

from bot.backlog.entry import Entry, Sightings
from bot.backlog.reading import Reading
from bot.backlog.sources.github_service import Reads, Told, looked, text
from bot.story.item_events import Family
from bot.story.vocabulary import Repository

NAME = "advisories"


def read(reads: Reads, repository: Repository) -> Reading:
    """Those in triage or draft; a published one is dealt with, a closed one is none."""

    def each(one: Told, told: Sightings) -> None:
        if text(one, "state") in ("triage", "draft"):
            told.add(_entry(one))

    return looked(NAME, repository, reads.security_advisories, each)


def _entry(one: Told) -> Entry:
    ghsa, cve = text(one, "ghsa_id"), text(one, "cve_id")
    packages = [text(item, "package", "name") for item in _list(one.get("vulnerabilities"))] or [""]
    named = [name for name in (ghsa, cve) if name]
    return Entry(
        f"{ghsa}: {text(one, 'summary')}",
        0,
        text(one, "description"),
        {"url": text(one, "html_url"), "created": text(one, "created_at")},
        key=ghsa,
        family=Family.SECURITY,
        severity=text(one, "severity") or "high",
        identities=tuple(
            f"advisory:{name.upper()}|{package.casefold()}"
            for name in named
            for package in dict.fromkeys(packages)
        ),
    )


def _list(data: Any) -> list[Any]:
    return data if isinstance(data, list) else []
