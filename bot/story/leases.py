"""Leases: at most one worker advances a stream, and one that was too slow cannot write (S5).

Promises: `acquire` gives a fence higher than every earlier one of that stream; an append that shows
an old fence is refused in the transaction that would have written. The expiry only decides when
another may take over: a clock that jumps can cost time, never a second writer. An expiry further
off than any lease lasts was written by a clock that was wrong, and counts as over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, bindparam, literal, null, or_, select, update

# Both databases know this ON CONFLICT, and both compile what PostgreSQL's insert says.
from sqlalchemy.dialects.postgresql import insert

from bot.story.chain import GENESIS
from bot.story.database import Prepared, Store, writing
from bot.story.schema import STREAMS, stored


class Lease(NamedTuple):
    """The right to advance `stream`, shown at each append."""

    stream: str
    owner: str
    fence: int


class FenceLost(Exception):
    """The lease on `stream` was taken over or given back; whoever showed it must stop."""

    def __init__(self, stream: str) -> None:
        super().__init__(f"the lease on {stream} is not the current one")
        self.stream = stream


_OF = STREAMS.c.stream == bindparam("of")
_FREE = or_(
    STREAMS.c.lease_owner.is_(None),
    STREAMS.c.lease_expires <= bindparam("now"),
    STREAMS.c.lease_expires > bindparam("absurd"),
)
_CURRENT = and_(
    _OF, STREAMS.c.lease_owner == bindparam("owner"), STREAMS.c.lease_fence == bindparam("fence")
)

_EXISTS = Prepared(select(STREAMS.c.version).where(_OF))
_TAKE = Prepared(
    update(STREAMS)
    .where(_OF, _FREE)
    .values(
        lease_owner=bindparam("owner"),
        lease_fence=STREAMS.c.lease_fence + literal(1),
        lease_expires=bindparam("until"),
    )
    .returning(STREAMS.c.lease_fence)
)
_EXTEND = Prepared(update(STREAMS).where(_CURRENT).values(lease_expires=bindparam("until")))
_GIVE_BACK = Prepared(
    update(STREAMS).where(_CURRENT).values(lease_owner=null(), lease_expires=null())
)
ADD_STREAM = Prepared(
    insert(STREAMS)
    .values(
        stream=bindparam("of"),
        kind="story",
        state="",
        title="",
        repository="",
        version=0,
        head_hash=GENESIS,
        updated_at=bindparam("now"),
        lease_fence=0,
    )
    .on_conflict_do_nothing()
)


def absurd(now: datetime, ttl: float) -> datetime:
    """No lease of `ttl` seconds can end after this instant."""
    return now + timedelta(seconds=max(10 * ttl, 600))


class Leases(Store):
    """Leases on streams, also on those without an event yet."""

    def acquire(self, stream: str, owner: str, ttl: float) -> Lease | None:
        """The lease for `ttl` seconds, or None while another has it (or `owner` itself)."""
        now = self._clock()
        values = {
            "of": stream,
            "owner": owner,
            "now": stored(now),
            "until": stored(now + timedelta(seconds=ttl)),
            "absurd": stored(absurd(now, ttl)),
        }
        with writing(self._engine) as cursor:
            taken = self._run(cursor, _TAKE, **values).fetchone()
            if taken is None and self._run(cursor, _EXISTS, of=stream).fetchone() is None:
                self._run(cursor, ADD_STREAM, of=stream, now=values["now"])
                taken = self._run(cursor, _TAKE, **values).fetchone()
        return None if taken is None else Lease(stream, owner, taken[0])

    def renew(self, lease: Lease, ttl: float) -> bool:
        """Let the lease end `ttl` seconds from now; False if it is not the current one any more."""
        until = stored(self._clock() + timedelta(seconds=ttl))
        with writing(self._engine) as cursor:
            self._run(
                cursor, _EXTEND, of=lease.stream, owner=lease.owner, fence=lease.fence, until=until
            )
            return cursor.rowcount == 1

    def release(self, lease: Lease) -> None:
        """Give the lease back; one that is not the current one is left alone."""
        with writing(self._engine) as cursor:
            self._run(cursor, _GIVE_BACK, of=lease.stream, owner=lease.owner, fence=lease.fence)
