"""The outbox: effects that were proposed, and what became of them (P1, S6).

Promises: an effect is stored in the transaction of the events that propose it, once a key; at a
time one owner performs it; only that owner's claim can settle it, and a performed effect is never
touched again. A time further off than anything waits was noted by a clock that was wrong: what it
puts off is due, and a claim that it ends lasts as long as a new one.
Never: performs anything itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, literal, null, or_, select, update

# Both databases know this ON CONFLICT, and both compile what PostgreSQL's insert says.
from sqlalchemy.dialects.postgresql import insert

from bot.story.chain import canonical
from bot.story.database import Cursor, Prepared, Store, reading, writing
from bot.story.effects import EFFECT, Effect
from bot.story.schema import EFFECTS, instant, storable, stored

LONGEST = timedelta(hours=2)  # that a try is put off or a claim lasts; GitHub's limit takes one


class EffectStatus(StrEnum):
    """Where an effect is. `failed` is final without a `not_before`, else tried again from then."""

    PROPOSED = "proposed"
    DENIED = "denied"
    WAITING = "waiting"
    PERFORMING = "performing"
    PERFORMED = "performed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Proposed:
    """An effect for the outbox; `status` is what the policies said: proposed, denied or waiting."""

    effect: Effect
    status: str = EffectStatus.PROPOSED
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An effect as the outbox holds it; `owner` and `claim_expires` while it is performing."""

    effect: Effect
    stream: str
    position: int
    status: EffectStatus
    attempts: int
    not_before: datetime | None
    owner: str | None
    claim_expires: datetime | None
    result: dict[str, Any] | None
    error: str

    def waits_until(self, now: datetime) -> datetime | None:
        """When it is tried (again), or its claim ends; None: nothing is waited for."""
        until = self.not_before or self.claim_expires
        return until if until is not None and now < until <= now + LONGEST else None


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an effect.

    With `claim` (what `claim` returned) that claim must still be the current one; without, nobody
    may be performing the effect: so waiting ones are opened (`proposed`) and open ones denied.
    `not_before` with `failed` means: to be tried again from then. `uncounted`: nothing was tried,
    so that the claim counts as no attempt.
    """

    key: str
    status: str
    result: dict[str, Any] | None = None
    error: str = ""
    not_before: datetime | None = None
    claim: OutboxRow | None = None
    uncounted: bool = False


class ClaimLost(Exception):
    """The effect `key` is not this one's to settle: claimed anew, performed, or not there."""

    def __init__(self, key: str) -> None:
        super().__init__(f"effect {key} cannot be settled by this claim")
        self.key = key


_TIME = or_(EFFECTS.c.not_before <= bindparam("now"), EFFECTS.c.not_before > bindparam("far"))
_DUE = or_(
    and_(EFFECTS.c.status == literal("proposed"), or_(EFFECTS.c.not_before.is_(None), _TIME)),
    and_(EFFECTS.c.status == literal("failed"), _TIME),
    and_(EFFECTS.c.status == literal("performing"), EFFECTS.c.claim_expires <= bindparam("now")),
)
_TOO_LONG = and_(
    EFFECTS.c.status == literal("performing"), EFFECTS.c.claim_expires > bindparam("far")
)


def _claiming(which: ColumnElement[bool]) -> Prepared:
    return Prepared(
        update(EFFECTS)
        .where(EFFECTS.c.key == bindparam("of"), which)
        .values(
            status="performing",
            attempts=EFFECTS.c.attempts + literal(1),
            not_before=null(),
            claim_owner=bindparam("owner"),
            claim_expires=bindparam("until"),
        )
        .returning(*EFFECTS.c)
    )


_CLAIM = _claiming(_DUE)
_TAKE_OVER = _claiming(or_(_DUE, EFFECTS.c.status == literal("performing")))
_PUT_RIGHT = Prepared(
    update(EFFECTS)
    .where(EFFECTS.c.key == bindparam("of"), _TOO_LONG)
    .values(claim_expires=bindparam("until"))
)
_OUTCOME = {
    "status": bindparam("status"),
    "result": bindparam("result"),
    "error": bindparam("error"),
    "not_before": bindparam("not_before"),
    "claim_owner": null(),
    "claim_expires": null(),
}
_OF = and_(EFFECTS.c.key == bindparam("of"), EFFECTS.c.stream == bindparam("in"))
_SETTLE_CLAIMED = Prepared(
    update(EFFECTS)
    .where(
        _OF,
        EFFECTS.c.status == literal("performing"),
        EFFECTS.c.claim_owner == bindparam("owner"),
        EFFECTS.c.attempts == bindparam("attempts"),
    )
    .values(_OUTCOME | {"attempts": bindparam("counted")})
)
_SETTLE_UNCLAIMED = Prepared(
    update(EFFECTS)
    .where(
        _OF,
        EFFECTS.c.status != literal("performing"),
        EFFECTS.c.status != literal("performed"),
    )
    .values(_OUTCOME)
)
_STREAM_OF = Prepared(select(EFFECTS.c.stream).where(EFFECTS.c.key == bindparam("of")))
_PROPOSE = Prepared(
    insert(EFFECTS)
    .values(
        key=bindparam("of"),
        stream=bindparam("in"),
        kind=bindparam("kind"),
        payload=bindparam("payload"),
        status=bindparam("status"),
        attempts=0,
        not_before=bindparam("not_before"),
        error="",
    )
    .on_conflict_do_nothing()
)


_BY_KEY = Prepared(select(EFFECTS).where(EFFECTS.c.key == bindparam("of")))
_OPEN = Prepared(
    select(EFFECTS)
    .where(
        EFFECTS.c.stream == bindparam("of"),
        or_(
            EFFECTS.c.status == literal("proposed"),
            and_(EFFECTS.c.status == literal("failed"), EFFECTS.c.not_before.is_not(None)),
        ),
    )
    .order_by(EFFECTS.c.position)
)
_DUE_OF = Prepared(
    select(EFFECTS)
    .where(or_(_DUE, _TOO_LONG), EFFECTS.c.stream == bindparam("of"))
    .order_by(EFFECTS.c.position)
)


class Outbox(Store):
    """Claiming and reading effects; they are proposed and settled by `Journal.append`."""

    def claim(self, key: str, owner: str, ttl: float, take_over: bool = False) -> OutboxRow | None:
        """The effect to perform, `owner`'s alone for `ttl` seconds; None unless it is due.

        Due: proposed, failed to be tried again by now, or claimed by one whose time is over (look
        before repeating: `attempts` is above 1 then). Counts one attempt. `take_over` takes it
        from whoever performs it: for the holder of the stream's lease, whose predecessor is dead.
        """
        now = self._clock()
        until = stored(now + timedelta(seconds=ttl))
        self._boundary("before:claim")
        with writing(self._engine) as cursor:
            statement = _TAKE_OVER if take_over else _CLAIM
            row = self._run(cursor, statement, of=key, owner=owner, until=until, **_at(now))
            if (found := row.fetchone()) is None:  # whoever has it may be at it: for that long
                self._run(cursor, _PUT_RIGHT, of=key, until=until, far=_at(now)["far"])
        self._boundary("after:claim")
        return None if found is None else _outbox_row(found)

    def effect(self, key: str) -> OutboxRow | None:
        """The effect with this key."""
        return next(iter(self._rows(_BY_KEY, of=key)), None)

    def effects(self, stream: str) -> list[OutboxRow]:
        """All effects of a stream, in the order in which they were proposed."""
        query = select(EFFECTS).where(EFFECTS.c.stream == stream).order_by(EFFECTS.c.position)
        with reading(self._engine) as connection:
            return [_outbox_row(row) for row in connection.execute(query)]

    def due_effects(
        self,
        now: datetime,
        limit: int,
        stream: str | None = None,
        kinds: Collection[str] | None = None,
    ) -> list[OutboxRow]:
        """At most `limit` effects to be claimed at `now`, oldest proposal first."""
        if stream is not None:
            due = self._rows(_DUE_OF, of=stream, **_at(now))
            return [row for row in due if kinds is None or row.effect.kind in kinds][:limit]
        query = select(EFFECTS).where(or_(_DUE, _TOO_LONG))
        query = query.order_by(EFFECTS.c.position).limit(limit)
        if kinds is not None:
            query = query.where(EFFECTS.c.kind.in_(sorted(kinds)))
        with reading(self._engine) as connection:
            return [_outbox_row(row) for row in connection.execute(query, _at(now))]

    def open_effects(self, stream: str, kinds: Collection[str]) -> list[OutboxRow]:
        """Effects of these kinds that wait to be tried (again), oldest proposal first."""
        return [row for row in self._rows(_OPEN, of=stream) if row.effect.kind in kinds]

    def _rows(self, statement: Prepared, **values: Any) -> list[OutboxRow]:
        with self._looking(once=True) as cursor:
            return [_outbox_row(row) for row in self._run(cursor, statement, **values).fetchall()]

    def _propose(self, cursor: Cursor, stream: str, proposed: Sequence[Proposed]) -> None:
        for one in proposed:
            self._run(
                cursor,
                _PROPOSE,
                **{"in": stream},
                of=one.effect.key,
                kind=one.effect.kind,
                payload=canonical(one.effect.model_dump(mode="json")),
                status=EffectStatus(one.status).value,
                not_before=_stored(one.not_before),
            )
            if cursor.rowcount == 0:
                holder = self._run(cursor, _STREAM_OF, of=one.effect.key).fetchone()
                if holder[0] != stream:
                    raise ValueError(f"effect key {one.effect.key} belongs to {holder[0]}")

    def _settle(self, cursor: Cursor, stream: str, settled: Sequence[Settled]) -> None:
        for one in settled:
            values: dict[str, Any] = {
                "of": one.key,
                "in": stream,
                "status": EffectStatus(one.status).value,
                "result": None if one.result is None else canonical(one.result),
                "error": storable(one.error),
                "not_before": _stored(one.not_before),
            }
            if one.claim is None:
                self._run(cursor, _SETTLE_UNCLAIMED, **values)
            else:
                owner, attempts = one.claim.owner, one.claim.attempts
                counted = attempts - one.uncounted
                self._run(
                    cursor,
                    _SETTLE_CLAIMED,
                    **values,
                    owner=owner,
                    attempts=attempts,
                    counted=counted,
                )
            if cursor.rowcount != 1:
                raise ClaimLost(one.key)


def _at(now: datetime) -> dict[str, str]:
    return {"now": stored(now), "far": stored(now + LONGEST)}


def _stored(at: datetime | None) -> str | None:
    return None if at is None else stored(at)


def _outbox_row(row: Any) -> OutboxRow:
    position, _key, stream, _kind, payload, status, attempts, not_before, *claim = row
    owner, claim_expires, result, error = claim
    return OutboxRow(
        effect=EFFECT.validate_json(payload),
        stream=stream,
        position=position,
        status=EffectStatus(status),
        attempts=attempts,
        not_before=instant(not_before),
        owner=owner,
        claim_expires=instant(claim_expires),
        result=None if result is None else json.loads(result),
        error=error,
    )
