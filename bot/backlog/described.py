"""An item as a JSON object: for `--json`, the API and the snapshot. Keys are a contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.backlog.item import INPUTS, Item
from policies.ranking import ageing, microseconds, priority, score


def described(item: Item, base: int, now: datetime) -> dict[str, Any]:
    """Everything about an item. `base`: its score without the age, in 1/1560."""
    since, at = microseconds(item.since), microseconds(now)
    exact = score(base, since, at)
    won = item.inputs
    return {
        "number": item.number,
        "title": item.title,
        "body": item.body,
        "family": str(item.family),
        "state": str(item.state),
        "reason": item.reason,
        "wsjf": round(float(exact), 4),
        "priority": str(priority(exact)),
        "ageing": round(float(ageing(since, at)), 4),
        "scoring": {"factor": item.factor[0] / item.factor[1], "reason": item.factor_note},
        "inputs": {
            name: {"number": one.number, **one.origin.model_dump(mode="json")}
            for name in INPUTS
            if (one := getattr(won, name)) is not None
        },
        "origins": {name: one.model_dump(mode="json") for name, one in item.origins.items()},
        "labels": list(item.labels),
        "criteria": list(item.criteria),
        "questions": list(item.questions),
        "since": item.since.isoformat(),
        "first_seen": item.first_seen.isoformat(),
        "merged_into": item.merged_into,
        "sources": [
            {
                "source": one.source,
                "place": one.place,
                "line": one.line,
                "url": one.url,
                "identities": list(one.identities),
            }
            for one in item.known
        ],
    }
