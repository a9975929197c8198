"""A fair lock between processes that write one SQLite file.

SQLite lets a writer that finds the file busy sleep and try again, and whoever tries at the right
moment wins: with four writers some wait a thousand times longer than most. Here a writer passes a
turnstile first. Only the one inside the turnstile waits for the room, and it keeps the turnstile
until it is in; so a writer that comes out cannot go straight back in before it.

Promises: at most one holder; the kernel frees both locks when a process dies; a child made by fork
holds no copy of them. Never waits with a time limit: what is done under it must be short.
"""

from __future__ import annotations

import fcntl
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

_OPEN: weakref.WeakSet[Turnstile] = weakref.WeakSet()
_inside = threading.local()


class Turnstile:
    """One connection's handle on the lock, not to be used by two threads at a time."""

    def __init__(self, path: str) -> None:
        """`path` is the lock file of the gate; the room's is beside it (`path` + "-room")."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._path = path
        self._gate = os.open(path, flags, 0o600)
        self._room = os.open(path + "-room", flags, 0o600)
        _OPEN.add(self)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the lock. RuntimeError inside a turn of the same thread: that would never end."""
        if getattr(_inside, "path", None) == self._path:
            raise RuntimeError("a write inside a write of the same thread")
        try:
            fcntl.flock(self._gate, fcntl.LOCK_EX)
            fcntl.flock(self._room, fcntl.LOCK_EX)
            fcntl.flock(self._gate, fcntl.LOCK_UN)
            _inside.path = self._path
            yield
        finally:  # both: a signal (a job's time limit) may have come anywhere above
            _inside.path = None
            fcntl.flock(self._room, fcntl.LOCK_UN)
            fcntl.flock(self._gate, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the files back; closing twice is fine."""
        if self in _OPEN:
            _OPEN.discard(self)
            os.close(self._gate)
            os.close(self._room)
            self._gate = self._room = -1  # a later turn fails, and locks nobody else's file


def _forget_in_child() -> None:
    # flock belongs to the open file, which a forked child shares: without this a long-lived child
    # would keep the lock of a killed parent.
    _inside.path = None
    for turnstile in list(_OPEN):
        turnstile.close()


os.register_at_fork(after_in_child=_forget_in_child)
