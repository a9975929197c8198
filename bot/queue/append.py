"""The writing end of the inbox: one delivery in, on disk, in one round trip (`W1`).

Promises: when `append` returned, the queue server has the delivery; when it raised, the sender
must be told to send it again. It gives up within `TIMEOUT_SECONDS`, and while the server hangs
nobody else waits for it either. Never: parses a body, queues a job.

It speaks through redis-py's connections but not through its client and pool, which would cost the
web process more than checking the signature does (`benchmarks/intake.py`).
"""

from __future__ import annotations

import time
import zlib
from collections import deque
from collections.abc import Callable
from functools import partial

from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as TimedOut
from redis.retry import Retry

STREAM = "towpath:deliveries"
RAISED = "towpath:drain"  # set while a drain is queued, so that a burst queues one
RAISED_SECONDS = 30
COMPRESS_FROM = 64 * 1024  # below, zlib costs the web process more than it saves the server
TIMEOUT_SECONDS = 2.0
PAUSE_SECONDS = 1.0  # after a time-out, refuse at once for this long


class QueueUnavailable(RuntimeError):
    """The delivery is not known to be kept."""


class Appender:
    """Appends deliveries; safe to share between threads."""

    def __init__(self, redis_url: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        pool = ConnectionPool.from_url(
            redis_url,
            protocol=2,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        # The pool only reads the URL for us: it would count dropped connections as open ones.
        self._new_connection = partial(pool.connection_class, **pool.connection_kwargs)
        self._idle: deque[AbstractConnection] = deque()
        self._monotonic = monotonic
        self._paused_until = 0.0

    def append(self, guid: str, event: str, body: bytes, received_at: float) -> bool:
        """Keep a delivery; True when no drain is queued yet, so the caller must queue one.

        `received_at`: seconds since 1970. Raises `QueueUnavailable`.
        """
        if self._monotonic() < self._paused_until:
            raise QueueUnavailable("the queue server did not answer a moment ago")
        try:
            return self._append(guid, event, body, received_at)
        except RedisError as error:
            if isinstance(error, TimedOut):
                self._paused_until = self._monotonic() + PAUSE_SECONDS
            raise QueueUnavailable(type(error).__name__) from error

    def _append(self, guid: str, event: str, body: bytes, received_at: float) -> bool:
        fields: tuple[str | bytes, ...] = ("body", body)
        if len(body) >= COMPRESS_FROM:
            fields = ("encoding", "zlib", "body", zlib.compress(body, 1))
        add = ("XADD", STREAM, "*", "guid", guid, "event", event, "received_at", received_at)
        ask = ("SET", RAISED, "1", "NX", "EX", RAISED_SECONDS)
        commands: list[tuple[object, ...]] = [(*add, *fields), ask]
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._say(self._new_connection(), commands)
        try:
            return self._say(connection, commands)
        except LostConnection:
            # The server was restarted while the connection lay idle. If the delivery did arrive
            # after all, the second copy is a repeated hint, which every reader can take.
            return self._say(self._new_connection(), commands)

    def _say(self, connection: AbstractConnection, commands: list[tuple[object, ...]]) -> bool:
        try:
            # one write: in pieces, the server would wake up for each
            connection.send_packed_command([b"".join(connection.pack_commands(commands))])
            connection.read_response()
            raised = connection.read_response()
        except BaseException:
            connection.disconnect()  # half a conversation must not be continued by somebody else
            raise
        self._idle.append(connection)
        return raised is not None
