"""What comes next, and why (B2, B6).

Promises: the ranking is always up to date by itself; this lane works the scores out again when the
repository's rules or its scoring change, some items at a time, and tells the first items with their
sums. Time alone moves no decision but the order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from bot.backlog.item import INPUTS, Item
from bot.backlog.lanes.lane import Decision, Outcome, Shift, Wait
from bot.backlog.ruled import ruled
from bot.backlog.scoring import STANDARD, UnknownScoring, scoring
from bot.story.item_events import InputsRuled, ItemState
from bot.story.vocabulary import digest

NAME = "rank"
EVERY = timedelta(minutes=10)
BUDGET = timedelta(seconds=60)

SHOWN = 20
RULES = "rules"
_AT_ONCE = 100


def run(shift: Shift) -> Outcome:
    """Work out what changed rules mean; then the first items as they are worked on."""
    sign = _sign(shift)
    waits = [] if _installed(shift) else [Wait("scoring", f"no rule {_rule(shift)} is installed")]
    done = dict(shift.former.inputs).get(RULES) if shift.former else None
    if done != sign and (at := _work_out(shift, sign)) is not None:
        return Outcome(finished=False, checkpoint=at, waits=waits)
    counts = shift.backlog.counts(shift.key)
    ranked = shift.backlog.next(shift.key, SHOWN, (ItemState.READY,))
    decisions = [
        Decision(one.number, f"rank {place:02}", why(shift.backlog.item(shift.key, one.number)))
        for place, one in enumerate(ranked, 1)
    ]
    return Outcome(decisions, {RULES: sign}, counts, waits=waits)


def why(item: Item) -> str:
    """The sum that the score of an item is, and who says its parts."""
    won = item.inputs
    told = {name: one for name in INPUTS if (one := getattr(won, name)) is not None}
    numbers = {name: told[name].number if name in told else 1 for name in INPUTS}
    top = " + ".join(str(numbers[name]) for name in ("value", "time", "risk"))
    said = [f"{name}: {one.origin.by or one.origin.authority}" for name, one in told.items()]
    return f"({top}) / {numbers['size']} ({', '.join(said)})"


def _work_out(shift: Shift, sign: str) -> str | None:
    """Give every open item what the rules say; where to go on, None when it is through."""
    after = _after(shift.checkpoint, sign)
    while numbers := shift.backlog.open_after(shift.key, after, _AT_ONCE):
        apply_rules(shift, numbers)
        after = numbers[-1]
        at = json.dumps([sign, after])
        shift.reached(at)
        if shift.budget.over():
            return at
    return None


def apply_rules(shift: Shift, numbers: list[int]) -> list[int]:
    """Give items what the repository's rules say of them now; those that it changed."""
    rules = shift.config.backlog.wsjf

    def decide(item: Item) -> Sequence[InputsRuled]:
        inputs = ruled(item, rules)
        return () if item.ruled == inputs else (InputsRuled(inputs=inputs),)

    told: list[int] = []
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        told += shift.backlog.decide(shift.key, some, decide, anew=True)
    return told


def _sign(shift: Shift) -> str:
    told = [one.model_dump(mode="json") for one in shift.config.backlog.wsjf]
    return digest([_rule(shift) if _installed(shift) else STANDARD, told])


def _rule(shift: Shift) -> str:
    return shift.config.backlog.scoring.rule


def _installed(shift: Shift) -> bool:
    try:
        scoring(_rule(shift))
    except UnknownScoring:
        return False
    return True


def _after(checkpoint: str, sign: str) -> int:
    try:
        known, after = json.loads(checkpoint or "[0, 0]")
    except (ValueError, TypeError):
        return 0  # another version's
    return after if known == sign and isinstance(after, int) else 0
