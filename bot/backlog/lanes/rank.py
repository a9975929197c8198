"""What comes next, and why (B2, B6).

Promises: the ranking is always up to date by itself; this lane works the scores out again when the
repository's rules or its scoring change, some items at a time, and tells the first items with their
sums. Time alone moves no decision but the order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from bot.backlog.item import INPUTS, Item
from bot.backlog.lanes.lane import Decision, Outcome, Shift, Wait
from bot.backlog.ruled import ruled
from bot.backlog.scoring import STANDARD, UnknownScoring, release, scoring
from bot.backlog.words import instant_of
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
    since = _since(shift, sign) if done == sign else None
    at = _work_out(shift, sign) if since is None else _work_out_changed(shift, sign, since)
    if at is not None:
        return Outcome(finished=False, checkpoint=at, waits=waits)
    counts = shift.backlog.counts(shift.key)
    ranked = shift.backlog.next(shift.key, SHOWN, (ItemState.READY,))
    decisions = [
        Decision(one.number, f"rank {place:02}", why(shift.backlog.item(shift.key, one.number)))
        for place, one in enumerate(ranked, 1)
    ]
    through = json.dumps([sign, 0, shift.now.isoformat()])
    return Outcome(decisions, {RULES: sign}, counts, checkpoint=through, waits=waits)


def why(item: Item) -> str:
    """The sum that the score of an item is, and who says its parts."""
    won = item.inputs
    told = {name: one for name in INPUTS if (one := getattr(won, name)) is not None}
    numbers = {name: told[name].number if name in told else 1 for name in INPUTS}
    top = " + ".join(str(numbers[name]) for name in ("value", "time", "risk"))
    own = f" × {Fraction(*item.factor)} ({item.factor_note})" if item.factor_note else ""
    said = [f"{name}: {one.origin.by or one.origin.authority}" for name, one in told.items()]
    return f"({top}) / {numbers['size']} ({', '.join(said)}){own}"


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


def _work_out_changed(shift: Shift, sign: str, since: datetime) -> str | None:
    """The same for what changed since then, whoever changed it; if that is too much, for all."""
    numbers = shift.backlog.changed_since(shift.key, since)
    for first in range(0, len(numbers), _AT_ONCE):
        if first and shift.budget.over():
            return json.dumps([sign, 0])
        apply_rules(shift, numbers[first : first + _AT_ONCE])
    return None


def apply_rules(shift: Shift, numbers: list[int]) -> list[int]:
    """Give items what the repository's rules and scoring say of them now; those it changed."""
    rules = shift.config.backlog.wsjf

    def decide(item: Item) -> Sequence[InputsRuled]:
        inputs = ruled(item, rules)
        boost = shift.backlog.boost(item.model_copy(update={"ruled": inputs}))
        factor = boost.factor.as_integer_ratio()
        if (item.ruled, item.factor, item.factor_note) == (inputs, factor, boost.reason):
            return ()
        return (InputsRuled(inputs=inputs, factor=factor, note=boost.reason),)

    told: list[int] = []
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        told += shift.backlog.decide(shift.key, some, decide, anew=True)
    return told


def _sign(shift: Shift) -> str:
    told = [one.model_dump(mode="json") for one in shift.config.backlog.wsjf]
    rule = _rule(shift) if _installed(shift) else STANDARD
    return digest([rule, release(rule), told])


def _rule(shift: Shift) -> str:
    return shift.config.backlog.scoring.rule


def _installed(shift: Shift) -> bool:
    try:
        scoring(_rule(shift))
    except UnknownScoring:
        return False
    return True


def _since(shift: Shift, sign: str) -> datetime | None:
    """When the last run that came to its end began; None: not known, so all is worked out."""
    try:
        known, _, at = json.loads(shift.checkpoint)
    except (ValueError, TypeError):
        return None
    since = instant_of(at) if known == sign else None
    return since if since is not None and since <= shift.now else None


def _after(checkpoint: str, sign: str) -> int:
    try:
        known, after, *_ = json.loads(checkpoint or "[0, 0]")
    except (ValueError, TypeError):
        return 0  # another version's
    return after if known == sign and isinstance(after, int) else 0
