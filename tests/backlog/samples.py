"""Sightings and readings to test with."""

from __future__ import annotations

from typing import Any

from bot.backlog.item import INPUTS
from bot.backlog.reading import Reading
from bot.story.item_events import Authority, Family, Input, Inputs, Provenance, Sighting
from bot.story.vocabulary import digest

REPO = "7"


def inputs(authority: Authority = Authority.ESTIMATE, **numbers: int) -> Inputs:
    origin = Provenance(authority=authority, reason="for the test")
    return Inputs(**{name: Input(number=n, origin=origin) for name, n in numbers.items()})


def sighting(title: str, place: str = "BACKLOG.md", **changes: Any) -> Sighting:
    told: dict[str, Any] = {
        "source": "markdown",
        "key": f"{place}#{digest(title)[:16]}",
        "place": place,
        "title": title,
        "family": Family.FEATURE,
        "family_origin": Provenance(authority=Authority.ESTIMATE),
        "inputs": inputs(**dict.fromkeys(INPUTS, 3)),
        **changes,
    }
    one = Sighting(**told)
    return one.model_copy(update={"digest": digest(one.model_dump(mode="json"))})


def reading(*sightings: Sighting, place: str = "BACKLOG.md", **changes: Any) -> Reading:
    at = digest([one.model_dump(mode="json") for one in sightings])
    return Reading("markdown", place, at, tuple(sightings), **changes)
