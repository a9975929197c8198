"""NEW items are made clear, and those that are clear and worth it are READY (B1, B6).

Promises: needs no model; an item that changes is looked at again; every move has its reason. An
item goes back when people hold it or raise the threshold. Never: touches what somebody works on, or
takes an item that is blocked for one that is not.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from bot.backlog.item import Item, happen
from bot.backlog.lanes.lane import Decision, Outcome, Shift
from bot.backlog.refining import held, is_news, refined
from bot.backlog.words import instant_of
from bot.story.item_events import ItemEvent, ItemMoved
from bot.story.item_events import ItemState as S
from bot.story.vocabulary import digest
from policies.ranking import microseconds, score

NAME = "refine"
EVERY = timedelta(minutes=5)
BUDGET = timedelta(seconds=60)

THRESHOLD = "threshold"
_LOOKED_AT = (S.NEW, S.REFINED, S.READY)
_MARGIN = timedelta(seconds=1)
_AT_ONCE = 25  # items in one commit


def run(shift: Shift) -> Outcome:
    """Look at the items that changed, then at those whose age has made them worth it."""
    place = shift.place
    threshold = shift.config.backlog.scoring.threshold
    sign = digest(threshold)
    before = dict(shift.former.inputs).get(THRESHOLD) if shift.former else None
    since = _since(place, shift.now) if before == sign else None
    goes_on = place.get("sign") == sign and {"began", "after"} <= place.keys()
    began = place["began"] if goes_on else shift.now.isoformat()
    ruled, inputs = shift.hands.triage(shift) if shift.hands.triage else ((), {})
    decisions: list[Decision] = [*ruled]
    numbers = _numbers(shift, since, place["after"] if goes_on else 0)
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        decisions += _refine(shift, some, threshold)
        at = {"at": place.get("at", ""), "began": began, "after": some[-1], "sign": sign}
        shift.reached(json.dumps(at, sort_keys=True))
        if shift.budget.over():
            return _outcome(decisions, {THRESHOLD: before or "", **inputs}, False, at)
    decisions += _older(shift, threshold)
    return _outcome(decisions, {THRESHOLD: sign, **inputs}, True, {"at": began})


def _outcome(
    decisions: list[Decision], inputs: dict[str, str], finished: bool, at: dict[str, Any]
) -> Outcome:
    counts: dict[str, int] = {}
    for one in decisions:
        counts[one.what] = counts.get(one.what, 0) + 1
    checkpoint = json.dumps(at, sort_keys=True)
    return Outcome(decisions, inputs, counts, finished, checkpoint)


def _numbers(shift: Shift, since: datetime | None, after: int) -> list[int]:
    """The items to look at, by number: all open ones, or those that something happened to."""
    rows = shift.office.journal.streams(
        states=[str(one) for one in _LOOKED_AT],
        repository=shift.key,
        updated_after=since,
        kind="item",
        limit=2**31,
    )
    return sorted(row.issue for row in rows if row.issue and row.issue > after)


def _refine(shift: Shift, numbers: list[int], threshold: float) -> list[Decision]:
    """Let each be what it says now; what that changed."""

    def decide(item: Item) -> list[ItemEvent]:
        if item.state not in _LOOKED_AT or item.merged_into is not None:
            return []  # somebody began to work on it just now
        events: list[ItemEvent] = []
        if is_news(item, told := refined(item, shift.hands.criteria)):
            item = _after(item, told, shift.now, events)
        if item.state is S.NEW:
            item = _after(item, _moved(item, S.REFINED, _said(item)), shift.now, events)
        if item.state is S.REFINED and not (why := _holds(shift, item, threshold)):
            reason = f"its score reaches {threshold:g}" if threshold else "nothing holds it"
            _after(item, _moved(item, S.READY, reason), shift.now, events)
        elif item.state is S.READY and (why := _holds(shift, item, threshold)):
            _after(item, _moved(item, S.REFINED, why), shift.now, events)
        return events

    told = shift.backlog.decide(shift.key, numbers, decide)
    return [_decided(number, event) for number, events in told.items() for event in events]


def _after(item: Item, event: ItemEvent, at: datetime, events: list[ItemEvent]) -> Item:
    events.append(event)
    return happen(item, event, at, item.version + 1) or item


def _moved(item: Item, target: S, reason: str) -> ItemMoved:
    return ItemMoved(source=item.state, target=target, reason=reason)


def _decided(number: int, event: ItemEvent) -> Decision:
    if not isinstance(event, ItemMoved):
        return Decision(number, "made clear")
    what = "back" if event.source is S.READY else event.target.value.lower()
    return Decision(number, what, event.reason)


def _holds(shift: Shift, item: Item, threshold: float) -> str:
    """Why it is not READY; '' where nothing keeps it from being so."""
    if item.questions:
        return f"a question is open: {item.questions[0]}"
    if label := held(item):
        return f"people hold it: label {label}"
    now, since = microseconds(shift.now), microseconds(item.since)
    worth = score(shift.backlog.base(item), since, now)
    return "" if worth >= Fraction(threshold) else f"its score is below {threshold:g}"


def _older(shift: Shift, threshold: float) -> list[Decision]:
    """Items that waited: age raises a score, and the first that is not worth it ends the look."""
    most = 200
    while True:
        waiting = shift.backlog.next(shift.key, most, (S.REFINED,))
        worth = [one.number for one in waiting if one.score >= Fraction(threshold)]
        if len(worth) < most:
            break
        most *= 4
    found: list[Decision] = []
    for start in range(0, len(worth), _AT_ONCE):
        if shift.budget.over():
            break
        found += _refine(shift, worth[start : start + _AT_ONCE], threshold)
    return found


def _said(item: Item) -> str:
    parts = [f"{len(item.criteria)} criteria" if item.criteria else "no criteria of its own"]
    return ", ".join([*parts, *(["a question is open"] if item.questions else [])])


def _since(place: dict[str, Any], now: datetime) -> datetime | None:
    """When the last finished run began; None: look at everything."""
    at = instant_of(place.get("at", ""))
    return at - _MARGIN if at is not None and at <= now else None
