"""An item as the numbers need it (O3, B1).

Promises: a look at every item is cheap; only one that got done is folded whole, as it was at the
moment it got done. What is told of it later changes no number of the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.backlog.edges import UNDERWAY
from bot.backlog.item import Item, fold_item
from bot.metrics.facts import Fact
from bot.story.events import EVENT
from bot.story.item_events import ItemState
from bot.story.journal import Recorded


@dataclass
class Life:
    """From when an item is known to its end. `since`: as for its rank.

    `issues`: those that it is.
    `worked`: it was under way until it got done. `returned`: it was done, and came back.
    `done`: how it was when it got done; None for one that is open, or is another one.
    """

    stream: str
    since: datetime
    state: str
    moved: datetime
    issues: frozenset[int] = frozenset()
    merged: bool = False
    worked: bool = False
    returned: tuple[tuple[datetime, datetime | None], ...] = ()  # when, and done again
    done: Item | None = None

    @property
    def repository(self) -> str:
        return self.stream.removeprefix("item/").rpartition("/")[0]


def life_of(stream: str, facts: Sequence[Fact]) -> Life | None:
    """The life of the item of a stream; None where no item was found in it."""
    life: Life | None = None
    last = 0  # the fact that it got done
    for at, fact in enumerate(facts):
        if fact.kind == "item_found":
            seen = fact.told["sighting"]
            since = _since(fact.at, seen.get("created"))
            life = Life(stream, since, ItemState.NEW, fact.at, issues=_issues(seen))
        elif life is None:
            continue
        elif fact.kind == "item_seen":
            told = fact.told
            for one in (told["sighting"].get("created"), told.get("since")):
                life.since = _since(life.since, one)
            life.issues |= _issues(told["sighting"])
        elif fact.kind == "item_started":
            life.issues |= {fact.told["issue"]}
        elif fact.kind == "item_merged":
            life.merged = True
        elif fact.kind == "item_moved":
            _move(life, fact)
            last = at
    if life is not None and life.state == ItemState.DONE and not life.merged:
        life.done = fold_item(_recorded(fact) for fact in facts[: last + 1])
    return life


def _move(life: Life, fact: Fact) -> None:
    told: dict[str, Any] = fact.told
    source, target = told["source"], told["target"]
    if source == ItemState.DONE:
        life.returned = (*life.returned, (fact.at, None))
    life.worked = target == ItemState.DONE and source in UNDERWAY
    if target == ItemState.DONE and life.returned and life.returned[-1][1] is None:
        life.returned = (*life.returned[:-1], (life.returned[-1][0], fact.at))
    life.state, life.moved = target, fact.at


def _since(at: datetime, created: str | None) -> datetime:
    """A source may know that a thing is older than our first look; nothing makes it younger."""
    return at if created is None else min(at, datetime.fromisoformat(created))


def _issues(sighting: dict[str, Any]) -> frozenset[int]:
    told = (one.partition(":") for one in sighting.get("identities", ()))
    return frozenset(int(n) for kind, _, n in told if kind == "issue" and n.isdecimal())


def _recorded(fact: Fact) -> Recorded:
    return Recorded(fact.seq, fact.at, "", EVENT.validate_json(fact.data), "")
