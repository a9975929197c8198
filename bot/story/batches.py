"""Stories that were asked for together (S25), as the journal tells of them.

Promises: pure; a story is begun only when all that it comes after are done, and never more at once
than was asked for. A circle, an unknown name or a name twice is found before anything is begun.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any

from bot.story.api_events import (
    RequestedStory,
    RequestedStoryBegun,
    RequestedStoryLeft,
    StoriesRequested,
)
from bot.story.vocabulary import TERMINAL, State

KIND = "batch"
OPEN, ENDED = "OPEN", "ENDED"


class WrongBatch(ValueError):
    """What was asked for cannot be ordered. `rule`: twice | unknown | cycle; `names`: of which."""

    def __init__(self, rule: str, names: Sequence[str]) -> None:
        super().__init__(f"{rule}: {', '.join(names)}")
        self.rule, self.names = rule, tuple(names)


@dataclass
class Batch:
    """What was asked for, and how far it is."""

    stream: str
    asked: StoriesRequested | None = None
    asked_at: datetime | None = None
    begun: dict[str, int] = field(default_factory=dict)  # issue by name
    left: dict[str, str] = field(default_factory=dict)  # reason by name

    @property
    def items(self) -> tuple[RequestedStory, ...]:
        return self.asked.items if self.asked else ()

    @property
    def open(self) -> bool:
        """Whether something is still to be begun."""
        return any(one.name not in self.begun and one.name not in self.left for one in self.items)


def stream_of(batch_id: str) -> str:
    """The name of a batch's journal."""
    return f"{KIND}:{batch_id}"


def fold(stream: str, recorded: Iterable[Any]) -> Batch:
    """The batch that the events tell of."""
    batch = Batch(stream)
    for record in recorded:
        match record.event:
            case StoriesRequested() as asked:
                batch.asked, batch.asked_at = asked, record.at
            case RequestedStoryBegun(name=name, issue=issue):
                batch.begun[name] = issue
            case RequestedStoryLeft(name=name, reason=reason):
                batch.left[name] = reason
    return batch


def check(items: Sequence[RequestedStory], in_order: bool) -> None:
    """Raise WrongBatch unless there is an order (their own, where `in_order`) to do them in."""
    names = [one.name for one in items]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise WrongBatch("twice", twice)
    if unknown := sorted({name for one in items for name in one.after} - set(names)):
        raise WrongBatch("unknown", unknown)
    before = {one.name: set(one.after) for one in items}
    for one, following in itertools.pairwise(items):
        before[following.name] |= {one.name} if in_order else set()
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        raise WrongBatch("cycle", error.args[1]) from None


def ready(batch: Batch, states: Mapping[str, State | None]) -> list[RequestedStory]:
    """What can be begun now. `states`: of the stories that were begun, by name."""
    if batch.asked is None:
        return []
    running = sum(1 for state in states.values() if state not in TERMINAL)
    free = max(0, (1 if batch.asked.in_order else batch.asked.at_once) - running)
    can = [
        one
        for one in batch.items
        if one.name not in batch.begun
        and one.name not in batch.left
        and all(states.get(name) is State.DONE for name in comes_after(batch, one))
    ]
    return can[:free]


def comes_after(batch: Batch, item: RequestedStory) -> tuple[str, ...]:
    """All that have to be done before `item`: those it names, and in order the one before it."""
    names = [one.name for one in batch.items]
    place = names.index(item.name)
    before = (names[place - 1],) if batch.asked and batch.asked.in_order and place else ()
    return tuple(dict.fromkeys((*before, *item.after)))


def given_up(batch: Batch, item: RequestedStory) -> str:
    """The name of one that `item` comes after and that will not be begun, or ''."""
    return next((name for name in comes_after(batch, item) if name in batch.left), "")
