"""An item that somebody adds by hand, whatever they add it with (B1, B13, W14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.backlog.entry import Entry, Sightings
from bot.backlog.store import Backlog
from bot.story.item_events import Authority, Input, Inputs, Provenance
from bot.story.vocabulary import digest


class Unusable(ValueError):
    """It is no item; `faults` say why."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


def add(
    backlog: Backlog,
    repository: str,
    title: str,
    *,
    body: str = "",
    family: str = "",
    labels: Sequence[str] = (),
    inputs: Mapping[str, int],
    by: str,
    source: str,
) -> tuple[int, bool]:
    """The item's number, and whether it was known. `inputs`: on the scale. Raises Unusable."""
    told = Sightings(source.replace(" ", "_"), source)
    fields = {"family": family} if family else {}
    told.add(Entry(title, 0, body, fields, labels=tuple(labels)))
    if not told.found:
        raise Unusable([fault.what for fault in told.faults])
    taken = backlog.take(repository, told.reading(digest(title), complete=False))
    named = taken.found + taken.joined + taken.changed
    number = named[0] if named else backlog.with_key(repository, told.found[0].key)
    if number is None:
        raise Unusable(["it cannot be found again"])
    if inputs:
        give(backlog, repository, number, inputs, by, source)
    return number, not taken.found


def give(
    backlog: Backlog, repository: str, number: int, inputs: Mapping[str, int], by: str, source: str
) -> None:
    """A person's inputs; they win over everything else. Raises NoItem."""
    origin = Provenance(authority=Authority.COMMAND, source=source, by=by)
    told = {name: Input(number=one, origin=origin) for name, one in inputs.items()}
    backlog.give(repository, number, Inputs(**told), by)
