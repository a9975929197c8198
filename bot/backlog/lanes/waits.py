"""What keeps the work on a repository from going on, for people to see (B10, B14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.backlog.lanes import NAMES
from bot.backlog.lanes.history import history, stream_of
from bot.backlog.lanes.lane import Wait
from bot.story.journal import Journal
from bot.story.services import degraded

PUBLISH = "publish"  # it tells of the others


def waits_of(journal: Journal, repository_id: int) -> Iterator[Wait]:
    """Services that are away, then what each lane waited for in its last run."""
    for away in degraded(journal):
        yield Wait(away.service, away.because, away.since)
    lanes = [lane for lane in NAMES if lane != PUBLISH]
    yield from (Wait(*one) for one in last_waits(journal, repository_id, lanes))


def last_waits(
    journal: Journal, repository_id: int, lanes: Iterable[str] = NAMES
) -> Iterator[tuple[str, str, datetime]]:
    """What each lane waited for in its last run, why, and since when."""
    for lane in lanes:
        ended = history(journal, stream_of(repository_id, lane)).ended
        yield from ended.waits if ended else ()
