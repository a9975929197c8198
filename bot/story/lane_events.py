"""What can have happened to a lane of a repository: facts of `lane/<repository id>/<lane>` (B6).

Promises: as for `bot.story.events`; a run's artefact is its last fact. What was decided is in the
artefact and in its digest; when and by whom it was decided is not in that digest.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bot.story.vocabulary import Value


class LaneStarted(Value):
    """`checkpoint`: where it goes on, '' from the start; `by`: the process, by its lease's owner.

    `took_over`: the process that held the lane and did not end its run.
    """

    kind: Literal["lane_started"] = "lane_started"
    lane: str
    run: int
    checkpoint: str = ""
    by: str
    took_over: str = ""
    dry: bool = False


class LaneReached(Value):
    """The run got this far: whoever takes it over goes on here."""

    kind: Literal["lane_reached"] = "lane_reached"
    run: int
    checkpoint: str


class LaneEnded(Value):
    """The artefact of a run.

    `outcome`: done; unfinished, its time was over; waiting, for something that is away; failed.
    `inputs`: (name, digest) of what was looked at. `decisions`: (item, what, why), in order, as
    many as are kept; `decided`: the digest of all of them. `waits`: (what, reason, since), for
    people. `idle`: how many runs in a row decided nothing new. `error`: kind and number of a
    failure.
    """

    kind: Literal["lane_ended"] = "lane_ended"
    lane: str
    run: int
    outcome: Literal["done", "unfinished", "waiting", "failed"]
    checkpoint: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    decisions: tuple[tuple[int, str, str], ...] = ()
    decided: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    waits: tuple[tuple[str, str, datetime], ...] = ()
    seconds: float = 0.0
    by: str = ""
    idle: int = 0
    dry: bool = False
    error: str = ""


LaneEvent = LaneStarted | LaneReached | LaneEnded
