"""The reading end of the inbox: every delivery, until somebody has dealt with it (`W1`, `W2`).

Promises: what was appended (`bot.queue.append`) is kept until `done` or `bury`; a crash between
any two steps loses nothing and at most repeats a delivery; a delivery that keeps failing ends
among the dead letters, where it can be seen and replayed. Never: judges a payload, decides what is
a duplicate (the database remembers that).

A stream with one consumer group. All workers read under one consumer name: Redis still gives each
entry to one reader only, and a reader that died leaves no name behind to clean up.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from redis import Redis
from redis.exceptions import ResponseError

from bot.queue.append import RAISED, RAISED_SECONDS, STREAM
from bot.queue.delivery import Delivery, MalformedDelivery, parse_payload

DEAD = "towpath:dead"
GROUP = "towpath"
CONSUMER = "drain"
LARGEST_BODY = 25 * 1024 * 1024

_ALL: Any = ">"


@dataclass(frozen=True)
class Taken:
    """An entry handed to one reader; `attempt` counts from 1."""

    entry: str
    attempt: int
    fields: dict[bytes, bytes]

    @property
    def guid(self) -> str:
        return self.fields.get(b"guid", b"").decode(errors="replace")

    def delivery(self) -> Delivery:
        """The delivery in this entry. Raises `MalformedDelivery`."""
        try:
            body = self.fields[b"body"]
            if self.fields.get(b"encoding") == b"zlib":
                body = _inflate(body)
            received_at = datetime.fromtimestamp(float(self.fields[b"received_at"]), UTC)
            event = self.fields[b"event"].decode()
        except (KeyError, ValueError, OverflowError, zlib.error) as error:
            raise MalformedDelivery(f"the entry is damaged ({type(error).__name__})") from error
        return Delivery(self.guid, event, parse_payload(body), received_at)


@dataclass(frozen=True)
class Counts:
    """Entries: `waiting` for a first attempt, `taken` but not done, and `dead`."""

    waiting: int
    taken: int
    dead: int


@dataclass(frozen=True)
class DeadLetter:
    """A delivery given up on. `id` replays it; `error_id` finds it in the log."""

    id: str
    guid: str
    event: str
    reason: str
    error_id: str
    attempts: int


class Inbox:
    """The inbox of one installation. `redis` must not decode responses."""

    def __init__(
        self,
        redis: Redis,
        *,
        claim_after: float = 30.0,
        attempts: int = 5,
        new_id: Callable[[], str] = lambda: uuid4().hex[:12],
    ) -> None:
        """`claim_after`: seconds before a taken entry counts as dropped by its reader."""
        self._redis = redis
        self._claim_after_ms = int(claim_after * 1000)
        self.attempts = attempts
        self._new_id = new_id
        self._has_group = False

    def lower(self) -> None:
        """Forget that a drain was asked for. Called before the first look, never after it."""
        self._redis.delete(RAISED)

    def raise_(self) -> bool:
        """Ask for a drain; True when nobody had asked."""
        return bool(self._redis.set(RAISED, b"1", nx=True, ex=RAISED_SECONDS))

    def take(self, limit: int) -> list[Taken]:
        """Up to `limit` deliveries that nobody has seen yet, oldest first."""
        self._ensure_group()
        try:
            answer: Any = self._redis.xreadgroup(GROUP, CONSUMER, {STREAM: _ALL}, count=limit)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            self._has_group = False  # somebody emptied Redis under us
            return []
        entries = answer.values() if isinstance(answer, dict) else [rows for _, rows in answer]
        return [
            Taken(entry.decode(), 1, fields)
            for rows in entries
            for entry, fields in _flat(rows)
            if fields is not None
        ]

    def reclaim(self) -> Taken | None:
        """One delivery whose reader failed or died `claim_after` seconds ago, if there is one.

        One at a time: if it was this one that killed its reader, its neighbours get no blame.
        """
        self._ensure_group()
        cursor: Any = "0-0"
        while True:
            answer: Any = self._redis.xautoclaim(
                STREAM, GROUP, CONSUMER, self._claim_after_ms, start_id=cursor, count=1
            )
            cursor, rows = answer[0], answer[1]
            for entry, fields in rows:
                if fields is None:  # deleted but never acknowledged (Redis 6.2 says so this way)
                    self._redis.xack(STREAM, GROUP, entry)
                    continue
                (pending,) = self._redis.xpending_range(STREAM, GROUP, entry, entry, 1)
                return Taken(entry.decode(), int(pending["times_delivered"]), fields)
            if cursor in (b"0-0", "0-0"):
                return None

    def done(self, taken: Iterable[Taken]) -> None:
        """Forget deliveries that were dealt with. After the database has them, never before."""
        entries = [one.entry for one in taken]
        if entries:
            pipe = self._redis.pipeline(transaction=True)
            pipe.xack(STREAM, GROUP, *entries)
            pipe.xdel(STREAM, *entries)
            pipe.execute()

    def hand_back(self, taken: Iterable[Taken], *, at_once: bool) -> None:
        """Undo `take`: the attempt does not count.

        `reclaim` may return them at once, or after `claim_after` seconds.
        """
        pipe = self._redis.pipeline(transaction=False)
        for one in taken:
            pipe.xclaim(
                STREAM,
                GROUP,
                CONSUMER,
                0,
                [one.entry],
                idle=self._claim_after_ms if at_once else 0,
                retrycount=one.attempt - 1,
                justid=True,
            )
        pipe.execute()

    def bury(self, taken: Taken, reason: str) -> str:
        """Move a delivery to the dead letters. Returns the error id kept with it."""
        error_id = self._new_id()
        letter: dict[Any, Any] = {
            **taken.fields,
            b"reason": reason[:500],
            b"error_id": error_id,
            b"attempts": taken.attempt,
        }
        pipe = self._redis.pipeline(transaction=True)
        pipe.xadd(DEAD, letter)
        pipe.xack(STREAM, GROUP, taken.entry)
        pipe.xdel(STREAM, taken.entry)
        pipe.execute()
        return error_id

    def dead(self, limit: int = 100) -> list[DeadLetter]:
        """The newest dead letters first."""
        rows: Any = self._redis.xrevrange(DEAD, count=limit)
        return [_dead_letter(entry, fields) for entry, fields in rows]

    def find(self, guid: str, limit: int = 10_000) -> Taken | None:
        """A delivery that waits, is at work or was given up on, by its GUID; it stays there."""
        for stream in (STREAM, DEAD):
            rows: Any = self._redis.xrevrange(stream, count=limit)
            for entry, fields in rows:
                found = Taken(entry.decode(), 0, fields)
                if found.guid == guid:
                    return found
        return None

    def replay(self, letter: str) -> bool:
        """Put a dead letter back as a new delivery; False when there is none of that id."""
        rows: Any = self._redis.xrange(DEAD, letter, letter)
        if not rows:
            return False
        kept = {
            name: value
            for name, value in rows[0][1].items()
            if name not in (b"reason", b"error_id", b"attempts")
        }
        pipe = self._redis.pipeline(transaction=True)
        pipe.xadd(STREAM, kept)
        pipe.xdel(DEAD, letter)
        pipe.execute()
        return True

    def counts(self) -> Counts:
        """How much is where."""
        self._ensure_group()
        pipe = self._redis.pipeline(transaction=True)
        pipe.xlen(STREAM)
        pipe.xpending(STREAM, GROUP)
        pipe.xlen(DEAD)
        total, pending, dead = pipe.execute()
        return Counts(total - pending["pending"], pending["pending"], dead)

    def _ensure_group(self) -> None:
        if self._has_group:
            return
        try:
            self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        self._has_group = True


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(body, LARGEST_BODY)
    if inflater.unconsumed_tail:
        raise MalformedDelivery("the body is larger than any that was accepted")
    return inflated


def _flat(rows: Any) -> Sequence[tuple[bytes, dict[bytes, bytes] | None]]:
    """redis-py answers XREADGROUP as [rows] under RESP3 and as rows under RESP2."""
    if rows and isinstance(rows[0], list) and rows[0] and isinstance(rows[0][0], (list, tuple)):
        return [row for inner in rows for row in inner]
    return rows


def _dead_letter(entry: bytes, fields: dict[bytes, bytes]) -> DeadLetter:
    def text(name: bytes) -> str:
        return fields.get(name, b"").decode(errors="replace")

    return DeadLetter(
        entry.decode(),
        text(b"guid"),
        text(b"event"),
        text(b"reason"),
        text(b"error_id"),
        int(text(b"attempts") or 0),
    )
