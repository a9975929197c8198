"""What models cost, counted from the journal (M4).

Promises: a sum over the recorded results of model calls, so it cannot differ from the journal; a
call of unknown price adds nothing here (its tokens are limited per story). Never writes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from bot.story.database import reading
from bot.story.schema import EVENTS, STREAMS, stored

_OVERLAP = timedelta(minutes=5)
_CALL = '"effect":"call_model"'


@dataclass(frozen=True)
class Spending:
    """US dollars since the beginning of the day and of the month (UTC) that `now` is in."""

    day_usd: float = 0.0
    month_usd: float = 0.0
    organisation_usd: float = 0.0  # of the month, in the repositories of one owner


class Ledger:
    """Counts, and remembers what it has counted: an event never changes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._counted: dict[tuple[str, int], tuple[str, str, float]] = {}
        self._since = ""

    def spending(self, owner: str, now: datetime) -> Spending:
        """What was spent in the day and month of `now`; `owner` as in `owner/name`."""
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        month, today = stored(day.replace(day=1)), stored(day)
        self._count(month)
        costs = list(self._counted.values())
        return Spending(
            day_usd=sum(cost for at, _, cost in costs if at >= today),
            month_usd=sum(cost for _, _, cost in costs),
            organisation_usd=sum(cost for _, whose, cost in costs if whose == owner),
        )

    def _count(self, month: str) -> None:
        """Take in what was recorded since the last look.

        An append that was under way then may carry an earlier instant than one already seen, so a
        look begins a while before the last one ended.
        """
        self._counted = {k: v for k, v in self._counted.items() if v[0] >= month}
        since = max(month, self._since)
        query = (
            select(EVENTS.c.stream, EVENTS.c.seq, EVENTS.c.at, EVENTS.c.data, STREAMS.c.repository)
            .join(STREAMS, STREAMS.c.stream == EVENTS.c.stream)
            .where(
                EVENTS.c.kind.in_(("effect_performed", "effect_failed")),
                EVENTS.c.at >= since,
                EVENTS.c.data.contains(_CALL, autoescape=True),
            )
        )
        with reading(self._engine) as connection:
            for stream, seq, at, data, repository in connection.execute(query):
                cost = _cost(json.loads(data))
                self._counted[stream, seq] = (at, repository.partition("/")[0], cost)
        if self._counted:
            newest = datetime.fromisoformat(max(at for at, _, _ in self._counted.values()))
            self._since = stored(newest - _OVERLAP)


def _cost(event: dict[str, object]) -> float:
    told = event.get("result")
    used = (told if isinstance(told, dict) else event).get("usage")
    cost = used.get("cost_usd") if isinstance(used, dict) else None
    return float(cost) if isinstance(cost, int | float) else 0.0
