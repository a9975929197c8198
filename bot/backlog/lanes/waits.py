"""What keeps the work on a repository from going on, for people to see (B10, B14)."""

from __future__ import annotations

from collections.abc import Iterator

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
    for lane in NAMES:
        ended = history(journal, stream_of(repository_id, lane)).ended
        if lane != PUBLISH and ended is not None:
            yield from (Wait(*one) for one in ended.waits)
