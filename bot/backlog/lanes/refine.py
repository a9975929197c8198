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

from bot.backlog.item import Item
from bot.backlog.lanes.lane import Decision, Outcome, Shift
from bot.backlog.refining import held, is_news, refined
from bot.backlog.words import instant_of
from bot.story.item_events import ItemState as S
from bot.story.journal import Conflict
from bot.story.vocabulary import digest
from policies.ranking import microseconds, score

NAME = "refine"
EVERY = timedelta(minutes=5)
BUDGET = timedelta(seconds=60)

THRESHOLD = "threshold"
_LOOKED_AT = (S.NEW, S.REFINED, S.READY)
_MARGIN = timedelta(seconds=1)
_AT_ONCE = 200


def run(shift: Shift) -> Outcome:
    """Look at the items that changed, then at those whose age has made them worth it."""
    place = _place(shift.checkpoint)
    threshold = shift.config.backlog.scoring.threshold
    sign = digest(threshold)
    before = dict(shift.former.inputs).get(THRESHOLD) if shift.former else None
    since = _since(place, shift.now) if before == sign else None
    goes_on = place.get("sign") == sign and {"began", "after"} <= place.keys()
    began = place["began"] if goes_on else shift.now.isoformat()
    ruled, inputs = shift.hands.triage(shift) if shift.hands.triage else ((), {})
    decisions: list[Decision] = [*ruled]
    for number in _numbers(shift, since, place["after"] if goes_on else 0):
        decisions += _refine(shift, number, threshold)
        at = {"at": place.get("at", ""), "began": began, "after": number, "sign": sign}
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


def _refine(shift: Shift, number: int, threshold: float) -> list[Decision]:
    try:
        return _made_clear(shift, number, threshold)
    except Conflict:
        return [Decision(number, "left", "somebody changed it just now")]  # looked at again


def _made_clear(shift: Shift, number: int, threshold: float) -> list[Decision]:
    item = shift.backlog.item(shift.key, number)
    if item.state not in _LOOKED_AT or item.merged_into is not None:
        return []
    told = refined(item, shift.hands.criteria)
    found: list[Decision] = []
    if is_news(item, told):
        item = shift.backlog.refine(shift.key, number, told)
        found.append(Decision(number, "made clear", _said(item)))
    if item.state is S.NEW:
        item = shift.backlog.move(shift.key, number, S.REFINED, _said(item), expect=item.version)
        found.append(Decision(number, "refined", item.reason))
    return [*found, *_settle(shift, item, threshold)]


def _settle(shift: Shift, item: Item, threshold: float) -> list[Decision]:
    """READY where nothing holds it, REFINED where something does."""
    why = _holds(shift, item, threshold)
    if why and item.state is S.READY:
        item = shift.backlog.move(shift.key, item.number, S.REFINED, why, expect=item.version)
        return [Decision(item.number, "back", why)]
    if not why and item.state is S.REFINED:
        reason = f"its score reaches {threshold:g}" if threshold else "nothing holds it"
        shift.backlog.move(shift.key, item.number, S.READY, reason, expect=item.version)
        return [Decision(item.number, "ready", reason)]
    return []


def _holds(shift: Shift, item: Item, threshold: float) -> str:
    if item.questions:
        return f"a question is open: {item.questions[0]}"
    if label := held(item):
        return f"people hold it: label {label}"
    now, since = microseconds(shift.now), microseconds(item.since)
    worth = score(shift.backlog.base(item), since, now)
    return "" if worth >= Fraction(threshold) else f"its score is below {threshold:g}"


def _older(shift: Shift, threshold: float) -> list[Decision]:
    """Items that waited: age raises a score, and the first that is not worth it ends the look."""
    found: list[Decision] = []
    for one in shift.backlog.next(shift.key, _AT_ONCE, (S.REFINED,)):
        if one.score < Fraction(threshold) or shift.budget.over():
            break
        found += _settle(shift, shift.backlog.item(shift.key, one.number), threshold)
    return found


def _said(item: Item) -> str:
    parts = [f"{len(item.criteria)} criteria" if item.criteria else "no criteria of its own"]
    return ", ".join([*parts, *(["a question is open"] if item.questions else [])])


def _since(place: dict[str, Any], now: datetime) -> datetime | None:
    """When the last finished run began; None: look at everything."""
    at = instant_of(place.get("at", ""))
    return at - _MARGIN if at is not None and at <= now else None


def _place(checkpoint: str) -> dict[str, Any]:
    try:
        told = json.loads(checkpoint or "{}")
    except ValueError:
        return {}  # another version's
    return told if isinstance(told, dict) else {}
