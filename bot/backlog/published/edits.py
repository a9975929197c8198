"""What people changed in the file that we keep, and nothing else of it, is taken as input (B14).

Promises: an entry that is as we wrote it says nothing: it makes no item, moves no rank and keeps
none alive; what differs from what we wrote is a person's word, heard once. An item that began in
the file stays told of by it, until somebody takes its entry out. Entries of people are read like
those of any document. Never: writes the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.backlog.edges import UNDERWAY
from bot.backlog.entry import but_for_its_line
from bot.backlog.item import INPUTS, Item
from bot.backlog.published.file import is_cut, mark_of
from bot.backlog.published.ledger import fold, stream_of
from bot.backlog.reading import Reading
from bot.backlog.sources import yaml_records
from bot.backlog.sources.document import Document
from bot.backlog.store import Backlog, NoItem
from bot.story.effects import ProposeFile
from bot.story.item_events import (
    Authority,
    Input,
    Inputs,
    InputsGiven,
    ItemMoved,
    ItemState,
    Provenance,
    Sighting,
)
from bot.story.journal import Journal

ACTOR = "backlog file"


def heard(
    backlog: Backlog, journal: Journal, repository: str, document: Document, reading: Reading
) -> Reading:
    """The part of a reading of `document` that people are behind; what they changed is given.

    A document that is no file of ours is returned as it is.
    """
    mark = mark_of(document.text)
    if not mark:
        return reading
    written = _written(journal, repository, document.place, mark)
    base = _by_item(_read(document, written)) if written is not None else {}
    kept: list[Sighting] = []
    for told in reading.sightings:
        number = _number(told)
        item = _item(backlog, repository, number) if number else None
        if item is None:
            kept.append(told)
            continue
        mine = next(
            (
                one
                for one in item.sightings
                if (one.source, one.place) == (reading.source, reading.place)
            ),
            None,
        )
        ours = base.get(number)
        if written is None or (ours is not None and _said(ours) == _said(told)):
            kept += [mine] if mine is not None else []
            continue
        _give(backlog, journal, repository, item, told, ours, mark)
        kept += [told] if mine is not None else []
    whole = reading.complete and written is not None and not is_cut(document.text)
    return replace(reading, sightings=tuple(kept), complete=whole)


def _written(journal: Journal, repository: str, place: str, mark: str) -> str | None:
    """What we wrote under this mark; None where nobody knows any more."""
    key = fold(journal.load(stream_of(repository))).effects.get(mark)
    row = journal.effect(key) if key else None
    if row is None or not isinstance(row.effect, ProposeFile):
        return None
    return dict(row.effect.all_files).get(place)


def _read(document: Document, text: str) -> Sequence[Sighting]:
    former = Document(document.place, text.encode(), document.repository)
    return yaml_records.read(former).sightings


def _by_item(sightings: Sequence[Sighting]) -> Mapping[int, Sighting]:
    return {number: one for one in sightings if (number := _number(one))}


def _said(sighting: Sighting) -> str:
    return but_for_its_line(sighting.digest)


def _number(sighting: Sighting) -> int:
    names = (one for one in sighting.identities if one.startswith("item:"))
    return next((int(one.removeprefix("item:")) for one in names), 0)


def _item(backlog: Backlog, repository: str, number: int) -> Item | None:
    try:
        item = backlog.item(repository, number)
    except NoItem:
        return None
    if item.merged_into is not None:
        return _item(backlog, repository, item.merged_into)
    return item


def _give(
    backlog: Backlog,
    journal: Journal,
    repository: str,
    item: Item,
    told: Sighting,
    ours: Sighting | None,
    mark: str,
) -> None:
    events = [one.event for one in journal.load(item.stream)]
    given = {
        one.origin.place
        for event in events
        if isinstance(event, InputsGiven)
        for name in INPUTS
        if (one := getattr(event.inputs, name)) is not None
    }
    fresh = {}
    for name in INPUTS:
        now: Input | None = getattr(told.inputs, name)
        before: Input | None = getattr(ours.inputs, name) if ours is not None else None
        if now is None or now.origin.authority is not Authority.DOCUMENT:
            continue
        same = before is not None and before.origin.authority is Authority.DOCUMENT
        if same and before is not None and before.number == now.number:
            continue
        place = f"{told.place}@{mark}#{item.number}/{name}={now.number}"
        if place not in given:
            origin = Provenance(authority=Authority.DOCUMENT, source=told.source, place=place)
            fresh[name] = Input(number=now.number, origin=origin)
    if fresh:
        backlog.give(repository, item.number, Inputs(**fresh), ACTOR)
    done = told.state is ItemState.DONE and (ours is None or ours.state is not ItemState.DONE)
    reason = f"done in {told.place} (of {mark[:12]})"
    before_now = any(isinstance(event, ItemMoved) and event.reason == reason for event in events)
    if done and not before_now and item.state not in (*UNDERWAY, ItemState.DONE):
        backlog.move(repository, item.number, ItemState.DONE, reason, actor=ACTOR)
