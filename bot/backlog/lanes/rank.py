"""What comes next, and why (B2, B6).

Promises: the ranking itself is always up to date; this lane takes care of what it is made from when
the repository's own rules change, and tells the first items with their sums. Time alone moves no
decision: only the order and what it was made from are told.
"""

from __future__ import annotations

from datetime import timedelta

from bot.backlog.item import INPUTS, Item
from bot.backlog.lanes.lane import Decision, Outcome, Shift
from bot.story.item_events import ItemState

NAME = "rank"
EVERY = timedelta(minutes=10)
BUDGET = timedelta(seconds=60)

SHOWN = 20


def run(shift: Shift) -> Outcome:
    """The first items in the order in which they are worked on."""
    counts = shift.backlog.counts(shift.key)
    ranked = shift.backlog.next(shift.key, SHOWN, (ItemState.READY, ItemState.REFINED))
    decisions = [
        Decision(one.number, f"rank {place:02}", why(shift.backlog.item(shift.key, one.number)))
        for place, one in enumerate(ranked, 1)
    ]
    return Outcome(decisions, counts=counts)


def why(item: Item) -> str:
    """The sum that the score of an item is, and where its parts are from."""
    won = item.inputs
    told = {name: one for name in INPUTS if (one := getattr(won, name)) is not None}
    numbers = {name: told[name].number if name in told else 1 for name in INPUTS}
    origins = ", ".join(
        f"{name} by {one.origin.by or one.origin.authority}" for name, one in told.items()
    )
    top = " + ".join(str(numbers[name]) for name in ("value", "time", "risk"))
    return f"({top}) / {numbers['size']}: {origins}" if origins else f"({top}) / {numbers['size']}"
