"""Which outside services are left alone now, for those who only look: `doctor` and `/readyz` (B9).

Never: makes or changes a database.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import inspect, make_url

from bot.settings import Settings
from bot.story.database import only_look
from bot.story.journal import Journal
from bot.story.services import Degraded, degraded


def degraded_services(settings: Settings) -> list[Degraded]:
    """By name; [] where nobody ever worked on this database. Raises what the database raises."""
    url = make_url(settings.effective_database_url)
    if url.drivername == "sqlite" and not Path(url.database or "").exists():
        return []
    engine = only_look(settings.effective_database_url)
    try:
        if not inspect(engine).has_table("streams"):
            return []
        return degraded(Journal(engine, lambda: datetime.now(UTC)))
    finally:
        engine.dispose()


def as_told(settings: Settings) -> list[dict[str, str]]:
    """The same for machines: `service`, `since`, `because`, `next_probe` (ISO 8601, UTC)."""
    return [
        {
            "service": one.service,
            "since": one.since.isoformat(),
            "because": one.because,
            "next_probe": one.probe.isoformat(),
        }
        for one in degraded_services(settings)
    ]
