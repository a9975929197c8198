"""What the others missed is put right: both sides say the same again (B6).

Promises: the journal decides; what is done elsewhere is DONE here, and the views hold what the
journal holds. Never: moves what somebody works on.
"""

from __future__ import annotations

from datetime import timedelta

from bot.backlog.edges import UNDERWAY
from bot.backlog.lanes.lane import Decision, Outcome, Shift
from bot.backlog.tracker import rounds as tracker
from bot.story.item_events import ItemState

NAME = "reconcile"
EVERY = timedelta(minutes=15)
BUDGET = timedelta(seconds=60)

GONE = "no source tells of it any more"
_AT_ONCE = 200


def run(shift: Shift) -> Outcome:
    """Views first, then tickets of ours in Jira, then items that nobody speaks of."""
    decisions = _views(shift)
    told = Outcome() if shift.checkpoint else tracker.reconcile(shift)
    decisions += told.decisions
    after = int(shift.checkpoint) if shift.checkpoint.isdigit() else 0
    while numbers := shift.backlog.unsourced_after(shift.key, after, _AT_ONCE):
        for number in numbers:
            decisions += _left(shift, number)
        after = numbers[-1]
        shift.reached(str(after))
        if shift.budget.over():
            return Outcome(decisions, finished=False, checkpoint=str(after), waits=told.waits)
    return Outcome(decisions, counts=shift.backlog.counts(shift.key), waits=told.waits)


def _left(shift: Shift, number: int) -> list[Decision]:
    """An item that every source took back while something stood in the way of closing it."""
    item = shift.backlog.item(shift.key, number)
    if item.state in UNDERWAY or item.state is ItemState.DONE or item.sightings:
        return []
    reason = f"the same thing as item {item.merged_into}" if item.merged_into else GONE
    shift.backlog.move(shift.key, number, ItemState.DONE, reason, expect=item.version)
    return [Decision(number, "done", reason)]


def _views(shift: Shift) -> list[Decision]:
    """The tables are made anew where they have lost an item that the journal knows."""
    if sum(shift.backlog.counts(shift.key).values()) == shift.backlog.recorded(shift.key):
        return []
    shift.backlog.rebuild(shift.key)
    return [Decision(0, "rebuilt", "the views had not all items of the journal")]
