"""What reading a source gives: sightings, and what could not be read with its line.

Promises: a fault in one entry costs that entry only; `complete` says whether an entry that is not
there is gone (a document that was read whole) or merely was not told of (one webhook, a fault).
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.story.item_events import Sighting


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a line (from 1; 0: the whole document). `what` is a plain sentence.

    `loses`: an entry may be missing because of it.
    """

    line: int
    what: str
    loses: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at one place of one source; `digest` is of what was looked at."""

    source: str
    place: str
    digest: str
    sightings: tuple[Sighting, ...] = ()
    faults: tuple[Fault, ...] = ()
    complete: bool = True
