"""What a reading means for the backlog: found, changed, gone, the same thing as another (B5).

Promises: the same reading twice writes nothing the second time; an entry that was edited or moved
keeps its item; only a reading that is `complete` can make an entry be gone; an item that somebody
works on is not moved from under them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.backlog.edges import EDGES, UNDERWAY
from bot.backlog.entry import but_for_its_line
from bot.backlog.identity import conflict, edited, is_by_words, words_key, words_of
from bot.backlog.item import INPUTS, Item
from bot.backlog.reading import Fault, Reading
from bot.backlog.shelf import Shelf
from bot.story.item_events import (
    Inputs,
    InputsGiven,
    ItemEvent,
    ItemFound,
    ItemGone,
    ItemMerged,
    ItemMoved,
    ItemSeen,
    ItemState,
    Sighting,
    SourceRead,
)


@dataclass
class Taken:
    """What a reading changed, by the numbers of the items."""

    found: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    joined: list[int] = field(default_factory=list)  # one more source for an item that was there
    merged: list[int] = field(default_factory=list)  # items that turned out to be another one
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)


def taking(shelf: Shelf, reading: Reading) -> Taken:
    """Let the reading happen to the items of the shelf."""
    taken = Taken(faults=list(reading.faults))
    known = shelf.in_place(reading.source, reading.place)
    told = _once(reading.sightings, taken)
    held = {number for key, (number, _) in known.items() if key in told}
    vanished = {key: number for key, (number, _) in known.items() if key not in told}
    fresh = [one for key, one in told.items() if key not in known]
    unknown = [one for one in fresh if not _others(shelf, one, held)]
    # Only of a whole reading is it known that what is missing is not there.
    if reading.complete and not known:
        vanished |= _on_their_way(shelf, reading, fresh)
    pairs = _edited(shelf, vanished, unknown, reading) if reading.complete else {}
    for sighting in told.values():
        if sighting.key in known:
            number, digest = known[sighting.key]
            if digest == sighting.digest:
                taken.unchanged += 1
            elif but_for_its_line(digest) == but_for_its_line(sighting.digest):
                _see(shelf, taken, [number], sighting)  # only its line is another one
                taken.unchanged += 1
            else:
                _see(shelf, taken, [number, *_named(shelf, sighting, number)], sighting)
                taken.changed.append(number)
            continue
        old = pairs.get(sighting.key, "")
        if old:
            number = vanished.pop(old)
            _see(shelf, taken, [number], sighting, old)
            taken.changed.append(number)
        elif numbers := _others(shelf, sighting, held):
            number = _see(shelf, taken, numbers, sighting)
            taken.joined.append(number)
        else:
            number = _find(shelf, sighting)
            taken.found.append(number)
        held.add(number)
    if reading.complete and known:
        for key, number in vanished.items():
            _lose(shelf, taken, key, number, reading)
    _remember(shelf, reading)
    return taken


def _once(sightings: Sequence[Sighting], taken: Taken) -> dict[str, Sighting]:
    told: dict[str, Sighting] = {}
    for one in sightings:
        first = told.setdefault(one.key, one)
        if first is not one:
            same = f"the same entry as in line {first.line}"
            taken.faults.append(Fault(one.line, same, loses=False))
    return told


def _on_their_way(shelf: Shelf, reading: Reading, fresh: Sequence[Sighting]) -> dict[str, int]:
    """What stood in a place that is empty now, where at least half of it is told here as it was."""
    told = {words_of(one.title) for one in fresh}
    found: dict[str, int] = {}
    for place in reading.vacated:
        there = shelf.in_place(reading.source, place)
        missing = {
            key: number
            for key, (number, _) in there.items()
            if (item := shelf.item(number)) and words_of(item.title) not in told
        }
        if 2 * len(missing) <= len(there):
            found |= missing
    return found


def _edited(
    shelf: Shelf, vanished: Mapping[str, int], unknown: Sequence[Sighting], reading: Reading
) -> dict[str, str]:
    """Fresh entries that are vanished ones with other words.

    One that was moved to where it is told now is none: what is here is another thing.
    """
    if not vanished or not unknown:
        return {}
    gone = []
    for key, number in vanished.items():
        item = shelf.item(number)
        for one in item.sightings if item else ():
            if one.key == key and not _told_elsewhere(item, one, reading):
                gone.append(one)
    return edited(gone, unknown)


def _told_elsewhere(item: Item | None, sighting: Sighting, reading: Reading) -> bool:
    words = words_of(sighting.title)
    others = [one for one in item.sightings if one.key != sighting.key] if item else []
    return words in reading.elsewhere or any(words_of(one.title) == words for one in others)


def _others(shelf: Shelf, sighting: Sighting, held: set[int]) -> list[int]:
    """The items that stand for the same thing already: by name, else by words."""
    return _named(shelf, sighting) or _worded(shelf, sighting, held)


def _named(shelf: Shelf, sighting: Sighting, but: int = 0) -> list[int]:
    numbers: dict[int, None] = {}
    for key in (sighting.key, *sighting.identities):
        if key.startswith("item:"):  # a backlog.yml of ours names its items by their numbers
            item = shelf.item(int(key.removeprefix("item:")))
            if item is not None and item.merged_into is None and item.number != but:
                numbers[item.number] = None
            continue
        for known in shelf.with_key(key):
            if not known.number or known.number == but:
                continue
            if key == sighting.key and is_by_words(key):
                if not _called_otherwise(shelf.item(known.number), sighting):
                    numbers[known.number] = None
            elif not key.startswith("ticket:") or _alike(shelf.item(known.number), sighting):
                numbers[known.number] = None
    return list(numbers)


def _called_otherwise(item: Item | None, sighting: Sighting) -> bool:
    """Whether the words were the item's once, and it was given others since."""
    words = words_of(sighting.title)
    told = item.sightings if item else ()
    return bool(told) and all(words_of(one.title) != words for one in told)


def _alike(item: Item | None, sighting: Sighting) -> bool:
    """Two documents may count their entries alike: with a number, a word has to be shared too."""
    words = {word for word in words_of(sighting.title).split() if len(word) > 3}
    return item is not None and not words.isdisjoint(words_of(item.title).split())


def _worded(shelf: Shelf, sighting: Sighting, held: set[int]) -> list[int]:
    key = words_key(sighting.title)
    for known in shelf.with_key(key) if key else ():
        if known.number in held:
            continue
        item = shelf.item(known.number)
        if item is None or (item.state is ItemState.DONE and item.sightings):
            continue  # done, and still told of: what is told now is another wish
        if _called_otherwise(item, sighting):
            continue
        names = [name for one in item.known for name in one.identities]
        if not conflict(names, sighting.identities):
            return [known.number]
    return []


def _find(shelf: Shelf, sighting: Sighting) -> int:
    number = shelf.number()
    events: list[ItemEvent] = [
        ItemFound(repository=shelf.repository, number=number, sighting=sighting)
    ]
    if sighting.state is not None and sighting.state is not ItemState.NEW:
        events += _move(ItemState.NEW, sighting)
    shelf.tell(None, events, number)
    return number


def _see(
    shelf: Shelf, taken: Taken, numbers: Sequence[int], sighting: Sighting, replaces: str = ""
) -> int:
    item = _merged(shelf, taken, numbers)
    before = next((s for s in item.sightings if s.key in (replaces, sighting.key)), None)
    events: list[ItemEvent] = [ItemSeen(sighting=sighting, replaces=replaces)]
    told = sighting.state or ItemState.NEW
    if item.state is ItemState.DONE and told is not ItemState.DONE:
        unticked = before is not None and before.state is ItemState.DONE
        if unticked or not item.sightings:  # it came back
            events.append(_moved(item.state, ItemState.NEW, f"again in {sighting.place}"))
    elif item.state not in UNDERWAY and (before is None or before.state != sighting.state):
        if sighting.state is not None:
            events += _move(item.state, sighting)
        elif before is not None and item.state is ItemState.BLOCKED and not item.held:
            events.append(_moved(item.state, ItemState.NEW, f"free again in {sighting.place}"))
    shelf.tell(item, events)
    return item.number


def _merged(shelf: Shelf, taken: Taken, numbers: Sequence[int]) -> Item:
    """One item of several that are the same thing: the one being worked on, else the oldest."""
    items = [item for number in dict.fromkeys(numbers) if (item := shelf.item(number))]
    items.sort(key=lambda i: (i.state not in UNDERWAY, i.state is ItemState.DONE, i.number))
    into, *rest = items
    for other in rest:
        if other.state in UNDERWAY:
            continue  # two people's work: theirs to bring together
        events: list[ItemEvent] = [
            ItemSeen(sighting=one, since=other.since) for one in other.sightings
        ]
        theirs = {
            name: getattr(other.given, name) for name in INPUTS if getattr(into.given, name) is None
        }
        if any(theirs.values()):
            events.append(InputsGiven(inputs=Inputs(**theirs)))
        into = shelf.tell(into, events)
        reason = f"the same thing as item {into.number}"
        last: list[ItemEvent] = [ItemMerged(into=into.number)]
        if other.state is not ItemState.DONE:
            last.append(_moved(other.state, ItemState.DONE, reason))
        shelf.tell(other, last)
        taken.merged.append(other.number)
    return into


def _lose(shelf: Shelf, taken: Taken, key: str, number: int, reading: Reading) -> None:
    item = shelf.item(number)
    if item is None:
        return
    reason = f"no longer in {reading.place}"
    events: list[ItemEvent] = [ItemGone(key=key, reason=reason)]
    mine = next((one for one in item.sightings if one.key == key), None)
    moved = mine is not None and words_of(mine.title) in reading.elsewhere
    alone = not moved and all(one.key == key for one in item.sightings)
    if alone and item.state not in UNDERWAY and item.state is not ItemState.DONE:
        events.append(_moved(item.state, ItemState.DONE, reason))
    shelf.tell(item, events)
    taken.gone.append(number)


def _move(source: ItemState, sighting: Sighting) -> list[ItemEvent]:
    """Follow what a source says. Work that goes on elsewhere is not ours to begin."""
    target, reason = sighting.state, sighting.reason or f"said by {sighting.place}"
    if target in UNDERWAY:
        target, reason = ItemState.BLOCKED, f"under way elsewhere: {reason}"
    if target is None or target is source or target not in EDGES[source]:
        return []
    return [_moved(source, target, reason)]


def _moved(source: ItemState, target: ItemState, reason: str) -> ItemMoved:
    return ItemMoved(source=source, target=target, reason=reason)


def _remember(shelf: Shelf, reading: Reading) -> None:
    faults = tuple((one.line, one.what) for one in reading.faults)
    shelf.note_reading(
        SourceRead(
            source=reading.source,
            place=reading.place,
            digest=reading.digest,
            entries=len(reading.sightings),
            faults=faults,
        )
    )
