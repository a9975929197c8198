"""What mended a failure like this one before, in the same repository (S17).

Promises: a view of the journal as it was at an instant, so it is the same however often it is asked
for; a fix counts only where the story that it belongs to was done afterwards, and where the failure
did not come back. Never writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from bot.story.database import reading
from bot.story.events import AttemptFailed, Committed, Transitioned
from bot.story.journal import Journal, Recorded
from bot.story.schema import EVENTS, stored
from bot.story.vocabulary import State

LOOKED_AT = 5  # stories with such a failure, the newest first
_KIND = "attempt_failed"


@dataclass(frozen=True)
class Fix:
    """`failure`: what was said; `parent` to `sha`: what was changed, `message` of that commit."""

    failure: str
    message: str
    parent: str
    sha: str


def known_fix(
    engine: Engine, journal: Journal, stream: str, fingerprint: str, at: datetime
) -> Fix | None:
    """The newest fix of a failure with this fingerprint that other stories of the repository of
    the story `stream` knew at the instant `at`.
    """
    repository = stream.rpartition(":")[0]
    query = (
        select(EVENTS.c.stream, EVENTS.c.at)
        .where(
            EVENTS.c.stream.startswith(f"{repository}:", autoescape=True),
            EVENTS.c.stream != stream,
            EVENTS.c.kind == _KIND,
            EVENTS.c.data.contains(f'"fingerprint":"{fingerprint}"', autoescape=True),
            EVENTS.c.at <= stored(at),
        )
        .order_by(EVENTS.c.at.desc(), EVENTS.c.stream)
        .limit(LOOKED_AT * 4)
    )
    with reading(engine) as connection:
        streams = dict.fromkeys(row.stream for row in connection.execute(query))
    for one in list(streams)[:LOOKED_AT]:
        told = [record for record in journal.load(one) if record.at <= at]
        if (found := _fix(told, fingerprint)) is not None:
            return found
    return None


def _fix(told: list[Recorded], fingerprint: str) -> Fix | None:
    failed: AttemptFailed | None = None
    found: Fix | None = None
    for record in told:
        event = record.event
        if isinstance(event, AttemptFailed) and event.fingerprint == fingerprint:
            failed, found = event, None  # what was tried before did not hold
        elif isinstance(event, Committed) and failed:
            if event.task == f"repair-{failed.iteration}":
                found = Fix(failed.message, event.message, event.parent, event.sha)
        elif isinstance(event, Transitioned) and event.target is State.ANALYZING:
            failed = found = None  # the attempts are counted anew
        elif isinstance(event, Transitioned) and event.target is State.DONE:
            return found
    return None
