"""An item of the backlog as a fold of its facts (B1, B2, B5).

Promises: pure; two readers of one stream see the same item. Of several values for a field the one
with the strongest authority wins (a person before a label, a label before a document, any of them
before an estimate); among equals a person's latest, else the larger input and the earliest text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.backlog.edges import HELD, UNDERWAY, check_move
from bot.story.item_events import (
    STRENGTH,
    Authority,
    Family,
    Input,
    Inputs,
    InputsGiven,
    InputsRuled,
    ItemFound,
    ItemGone,
    ItemMerged,
    ItemMoved,
    ItemRefined,
    ItemSeen,
    ItemStarted,
    ItemState,
    Provenance,
    Sighting,
)
from bot.story.vocabulary import Value

_ISSUE = re.compile(r"issue:[1-9][0-9]{0,14}\Z", re.ASCII)
INPUTS = ("value", "time", "risk", "size")


def stream_of(repository: str, number: int) -> str:
    """The journal's stream of an item."""
    return f"item/{repository}/{number}"


class Item(Value):
    """One thing to do. `sightings`: what sources say now; `gone`: what they said and took back.

    `since` is the instant that ageing counts from: when a source says it was created, at the
    latest when it was first seen. `origins`: who stands behind title, body and family.
    """

    repository: str
    number: int
    state: ItemState = ItemState.NEW
    reason: str = ""
    sightings: tuple[Sighting, ...]
    gone: tuple[Sighting, ...] = ()
    given: Inputs = Inputs()
    ruled: Inputs = Inputs()
    factor: tuple[int, int] = (1, 1)  # of the repository's own scoring, and why
    factor_note: str = ""
    estimated_size: Input | None = None
    criteria: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    merged_into: int | None = None
    started: ItemStarted | None = None  # the last time
    starts: int = 0
    first_seen: datetime
    since: datetime
    moved_at: datetime
    version: int = 0

    @property
    def stream(self) -> str:
        return stream_of(self.repository, self.number)

    @property
    def held(self) -> bool:
        """Whether a person holds it back."""
        return self.state is ItemState.BLOCKED and self.reason.startswith(HELD)

    @property
    def known(self) -> tuple[Sighting, ...]:
        """What describes it: the sources that hold it, else those that did."""
        return self.sightings or self.gone

    @property
    def title(self) -> str:
        return self.known[0].title

    @property
    def body(self) -> str:
        return next((one.body for one in self.known if one.body), "")

    @property
    def issue(self) -> int:
        """The issue that its work is done at; 0: there is none yet."""
        if self.started is not None:
            return self.started.issue
        names = [name for one in self.known for name in one.identities]
        numbers = [int(name[6:]) for name in names if _ISSUE.match(name)]
        return min(numbers, default=0)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted({label for one in self.known for label in one.labels}))

    @property
    def family(self) -> Family:
        return self._family.family

    @property
    def _family(self) -> Sighting:
        return max(self.known, key=lambda one: STRENGTH[one.family_origin.authority])

    @property
    def origins(self) -> dict[str, Provenance]:
        """Where title, body and family come from."""
        first = self.known[0]
        told = next((one for one in self.known if one.body), first)
        return {
            "title": _told_by(first),
            "body": _told_by(told),
            "family": self._family.family_origin,
        }

    @property
    def inputs(self) -> Inputs:
        """The inputs that won. None only where no source gave or estimated one."""
        return Inputs(**{name: self._input(name) for name in INPUTS})

    def _input(self, name: str) -> Input | None:
        given = getattr(self.given, name)
        if given is not None:
            return given
        told = [found for one in self.known if (found := getattr(one.inputs, name)) is not None]
        if (ruled := getattr(self.ruled, name)) is not None:
            told.append(ruled)
        if name == "size" and self.estimated_size is not None:
            told.insert(0, self.estimated_size)
        if not told:
            return None
        strongest = max(STRENGTH[one.origin.authority] for one in told)
        equals = [one for one in told if STRENGTH[one.origin.authority] == strongest]
        if name == "size" and self.estimated_size in equals:
            return self.estimated_size  # made from what the item asks for, not from its kind alone
        return max(equals, key=lambda one: one.number)


def _told_by(sighting: Sighting) -> Provenance:
    place = f"{sighting.place}:{sighting.line}" if sighting.line else sighting.place
    return Provenance(authority=Authority.DOCUMENT, source=sighting.source, place=place)


def fold_item(recorded: Iterable[Any]) -> Item | None:
    """The item that `recorded` (things with .seq, .at and .event, in order) tell of."""
    item: Item | None = None
    for record in recorded:
        item = happen(item, record.event, record.at, record.seq)
    return item


def happen(item: Item | None, event: Any, at: datetime, seq: int) -> Item | None:
    """The item after one more event. Facts of other kinds change nothing."""
    if isinstance(event, ItemFound):
        seen = event.sighting
        return Item(
            repository=event.repository,
            number=event.number,
            sightings=(seen,),
            first_seen=at,
            since=_earlier(at, seen.created),
            moved_at=at,
            version=seq,
        )
    if item is None:
        return None
    changes = _changes(item, event, at)
    return item.model_copy(update={**changes, "version": seq})


def _changes(item: Item, event: Any, at: datetime) -> dict[str, Any]:
    if isinstance(event, ItemSeen):
        return _seen(item, event)
    if isinstance(event, ItemGone):
        left = tuple(one for one in item.sightings if one.key != event.key)
        went = tuple(one for one in item.sightings if one.key == event.key)
        return {"sightings": left, "gone": (*item.gone, *went)}
    if isinstance(event, ItemMoved):
        check_move(event.source, event.target, event.reason)
        return {"state": event.target, "reason": event.reason, "moved_at": at}
    if isinstance(event, InputsGiven):
        told = {name: one for name in INPUTS if (one := getattr(event.inputs, name)) is not None}
        return {"given": item.given.model_copy(update=told)}
    if isinstance(event, InputsRuled):
        return {"ruled": event.inputs, "factor": event.factor, "factor_note": event.note}
    if isinstance(event, ItemRefined):
        refined = {"criteria": event.criteria, "questions": event.questions}
        return refined | ({"estimated_size": event.size} if event.size else {})
    if isinstance(event, ItemStarted):
        return {"started": event, "starts": item.starts + 1}
    if isinstance(event, ItemMerged):
        return {"merged_into": event.into}
    return {}


def _seen(item: Item, event: ItemSeen) -> dict[str, Any]:
    seen = event.sighting
    replaced = event.replaces or seen.key
    kept = [seen if one.key == replaced else one for one in item.sightings]
    if not any(one.key == replaced for one in item.sightings):
        kept.append(seen)
    gone = tuple(one for one in item.gone if one.key not in (replaced, seen.key))
    since = _earlier(_earlier(item.since, seen.created), event.since)
    return {"sightings": tuple(kept), "gone": gone, "since": since}


def _earlier(at: datetime, created: datetime | None) -> datetime:
    """A source may know that a thing is older than our first look; nothing makes it younger."""
    return min(at, created) if created is not None else at


def is_free(item: Item) -> bool:
    """Whether nobody works on it."""
    return item.state not in UNDERWAY
