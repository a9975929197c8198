"""What the journal tells of a lane: its last artefact, and a run that did not end (B6).

Promises: reads the end of the stream only, however long it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.story.journal import Journal
from bot.story.lane_events import LaneEnded, LaneReached, LaneStarted

KIND = "lane"
_TAIL = 60  # events that are enough nearly always


def stream_of(repository_id: int, lane: str) -> str:
    """The journal's stream of a lane."""
    return f"lane/{repository_id}/{lane}"


def place_of(stream: str) -> tuple[int, str] | None:
    """(repository's id, lane) of a stream; None for another stream."""
    kind, _, rest = stream.partition("/")
    number, _, lane = rest.partition("/")
    return (int(number), lane) if kind == KIND and number.isdigit() and lane else None


@dataclass(frozen=True)
class History:
    """`ended`: the last artefact, `at` its instant; `open`: a run that began after it."""

    ended: LaneEnded | None = None
    at: datetime | None = None
    open: LaneStarted | None = None
    since: datetime | None = None  # when the open run began
    reached: str = ""

    @property
    def run(self) -> int:
        """The number of the last run."""
        return max(self.ended.run if self.ended else 0, self.open.run if self.open else 0)

    @property
    def checkpoint(self) -> str:
        """Where the next run goes on."""
        if self.open is not None:
            return self.reached
        return self.ended.checkpoint if self.ended else ""


def history(journal: Journal, stream: str) -> History:
    """The lane's history."""
    row = journal.stream(stream)
    if row is None:
        return History()
    recorded = journal.load(stream, max(0, row.version - _TAIL))
    if row.version > _TAIL and not any(isinstance(one.event, LaneEnded) for one in recorded):
        recorded = journal.load(stream)
    return fold(recorded)


def fold(recorded: Iterable[Any]) -> History:
    """The history that things with .at and .event tell of, in order."""
    told = History()
    for one in recorded:
        event = one.event
        if isinstance(event, LaneStarted):
            told = History(told.ended, told.at, event, one.at, event.checkpoint)
        elif isinstance(event, LaneReached) and told.open is not None:
            told = History(told.ended, told.at, told.open, told.since, event.checkpoint)
        elif isinstance(event, LaneEnded):
            told = History(event, one.at)
    return told


def artefacts(journal: Journal, stream: str, most: int) -> list[tuple[datetime, LaneEnded]]:
    """The last artefacts, the newest first."""
    row = journal.stream(stream)
    after = max(0, row.version - most * _TAIL) if row else 0
    told = [(one.at, one.event) for one in journal.load(stream, after)]
    found = [(at, event) for at, event in told if isinstance(event, LaneEnded)]
    return found[::-1][:most]
