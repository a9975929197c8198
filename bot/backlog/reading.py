"""What reading a source gives: sightings, and what could not be read with its line.

Promises: a fault in one entry costs that entry only; `complete` says whether an entry that is not
there is gone (a document that was read whole) or merely was not told of (one webhook, a fault).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.backlog.identity import words_of
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
    """One look at one place of one source; `digest` is of what was looked at.

    `elsewhere`: the words (`identity.words_of`) that other readings of the same look tell, so that
    an entry which moved there is not taken for one that was edited here. `vacated`: the places that
    hold nothing any more at that look, from where its entries may have come.
    """

    source: str
    place: str
    digest: str
    sightings: tuple[Sighting, ...] = ()
    faults: tuple[Fault, ...] = ()
    complete: bool = True
    elsewhere: frozenset[str] = frozenset()
    vacated: tuple[str, ...] = ()


def of_one_look(readings: Sequence[Reading]) -> list[Reading]:
    """Readings that were made at once: each knows what the others tell."""
    told = [frozenset(words_of(one.title) for one in each.sightings) for each in readings]
    seen = Counter(words for each in told for words in each)
    if len(readings) == 1:
        return list(readings)
    empty = [(one.source, one.place) for one in readings if one.complete and not one.sightings]
    return [
        replace(
            each,
            elsewhere=frozenset(w for w in seen if seen[w] > (w in mine)),
            vacated=tuple(place for source, place in empty if source == each.source and mine),
        )
        for each, mine in zip(readings, told, strict=True)
    ]
