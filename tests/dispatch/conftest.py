"""Items of a backlog in the tests' world, and what begins them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.backlog.entry import Entry, Sightings
from bot.backlog.reading import Reading
from bot.backlog.store import Backlog
from bot.story.item_events import Family, ItemState
from bot.story.vocabulary import Person, Repository
from bot.wiring import House
from tests.world import REPO, World


def backlog(house: House) -> Backlog:
    return Backlog(house.journal)


def repository(house: House) -> Repository:
    return house.github.repository(REPO)


def person(world: World, login: str) -> Person:
    told = world.act("alice").request("GET", f"/users/{login}")
    return Person(id=told["id"], login=login)


def reading(*entries: Entry, source: str = "yaml", place: str = "backlog.yml") -> Reading:
    told = Sightings(source, place, REPO)
    for one in entries:
        told.add(one)
    return told.reading("d")


def entry(
    title: str, key: str = "", issue: int = 0, family: Family | None = None, **fields: Any
) -> Entry:
    named = (f"issue:{issue}",) if issue else ()
    body = fields.pop("body", "")
    told = {name: str(value) for name, value in fields.items()}
    return Entry(title, 1, body, told, key=key or title, family=family, identities=named)


def items(
    house: House,
    *entries: Entry,
    state: ItemState = ItemState.READY,
    place: str = "backlog.yml",
) -> list[int]:
    """Items of these entries, ready to be begun; their numbers."""
    kept, key = backlog(house), str(repository(house).id)
    kept.take(key, reading(*entries, place=place))
    numbers = sorted(one.number for one in kept.next(key, 100, tuple(ItemState)))
    for number in numbers:
        if kept.item(key, number).state is ItemState.NEW:
            kept.move(key, number, state)
    return numbers


def states(house: House, numbers: Sequence[int]) -> list[ItemState]:
    key = str(repository(house).id)
    return [backlog(house).item(key, number).state for number in numbers]
