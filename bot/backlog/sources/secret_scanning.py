"""Open secret-scanning alerts (B4). The secret itself is never read into an item."""

from __future__ import annotations

from bot.backlog.entry import Entry, Sightings
from bot.backlog.reading import Reading
from bot.backlog.sources.github_service import Reads, Told, looked, text
from bot.story.item_events import Family
from bot.story.vocabulary import Repository
from bot.texts.security import revocation

NAME = "secret_scanning"


def read(reads: Reads, repository: Repository) -> Reading:
    """The open alerts."""

    def each(one: Told, told: Sightings) -> None:
        if text(one, "state") in ("", "open"):
            told.add(_entry(one))

    return looked(NAME, repository, reads.secret_scanning_alerts, each)


def _entry(one: Told) -> Entry:
    number = text(one, "number")
    kind = text(one, "secret_type_display_name") or text(one, "secret_type") or "a secret"
    active = text(one, "validity") == "active"
    return Entry(
        f"Revoke a leaked secret: {kind} (alert {number})",
        0,
        revocation(kind, active),
        {"url": text(one, "html_url"), "created": text(one, "created_at")},
        key=number,
        family=Family.SECURITY,
        severity="critical" if active or not text(one, "validity") else "high",
        identities=(f"secret:{number}",),
        inputs={"size": (2, "revoke, replace, remove")},
    )
