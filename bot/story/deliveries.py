"""Which webhook deliveries were handled, by GitHub's delivery id, and how that ended.

Promises: one row a delivery, the last outcome in it; one that ended in an error does not count as
seen, so that it can be delivered or replayed again. Never holds a body.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

# Both databases know this ON CONFLICT, and both compile what PostgreSQL's insert says.
from sqlalchemy.dialects.postgresql import insert

from bot.story.database import Prepared, Store, reading, writing
from bot.story.schema import DELIVERIES, storable, stored


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that was handled; `error_id` is '' unless handling it failed."""

    guid: str
    event: str
    action: str
    received_at: datetime
    handled_at: datetime
    outcome: str
    error_id: str


_INSERT = insert(DELIVERIES)
_RECORD = Prepared(
    _INSERT.values(
        {column.name: bindparam(column.name) for column in DELIVERIES.c}
    ).on_conflict_do_update(
        index_elements=[DELIVERIES.c.guid],
        set_={name: _INSERT.excluded[name] for name in ("handled_at", "outcome", "error_id")},
    )
)


class Deliveries(Store):
    """The memory of deliveries."""

    def delivery_seen(self, guid: str) -> bool:
        """Whether the delivery was handled without an error."""
        query = select(DELIVERIES.c.error_id).where(DELIVERIES.c.guid == guid)
        with reading(self._engine) as connection:
            return connection.scalar(query) == ""

    def delivery(self, guid: str) -> Delivery | None:
        """How handling it ended; None where it never was."""
        query = select(DELIVERIES).where(DELIVERIES.c.guid == guid)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _delivery(row)

    def record_delivery(
        self,
        guid: str,
        event: str,
        action: str,
        *,
        received_at: datetime,
        outcome: str,
        error_id: str = "",
    ) -> None:
        """Keep how handling the delivery ended now; a later ending replaces an earlier one."""
        with writing(self._engine) as cursor:
            self._run(
                cursor,
                _RECORD,
                guid=storable(guid),
                event=storable(event),
                action=storable(action),
                received_at=stored(received_at),
                handled_at=stored(self._clock()),
                outcome=storable(outcome),
                error_id=error_id,
            )

    def failed_deliveries(self, limit: int = 100) -> list[Delivery]:
        """Deliveries whose handling ended in an error, newest first."""
        query = (
            select(DELIVERIES)
            .where(DELIVERIES.c.error_id != "")
            .order_by(DELIVERIES.c.handled_at.desc(), DELIVERIES.c.guid)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [_delivery(row) for row in connection.execute(query)]


def _delivery(row: Any) -> Delivery:
    return Delivery(
        guid=row.guid,
        event=row.event,
        action=row.action,
        received_at=datetime.fromisoformat(row.received_at),
        handled_at=datetime.fromisoformat(row.handled_at),
        outcome=row.outcome,
        error_id=row.error_id,
    )
