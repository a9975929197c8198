"""A fair lock between processes that write one SQLite file.

SQLite lets a writer that finds the file busy sleep and try again, and whoever tries at the right
moment wins: with four writers some wait for seconds. Here a writer passes a turnstile first. Only
the one inside the turnstile waits for the room, and it keeps the turnstile until it is in; so a
writer that comes out cannot go straight back in before it.

Promises: at most one holder; the kernel frees both locks when a process dies; a child made by fork
holds no copy of them. Never waits with a time limit: what is done under it must be short.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from types import TracebackType

_OPEN: weakref.WeakSet[Turnstile] = weakref.WeakSet()


class Turnstile:
    """One waiter's handle, for one connection, not to be shared between threads."""

    def __init__(self, path: str) -> None:
        """`path` is the lock file of the gate; the room's is beside it (`path` + "-room")."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._gate = os.open(path, flags, 0o600)
        self._room = os.open(path + "-room", flags, 0o600)
        _OPEN.add(self)

    def __enter__(self) -> None:
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._room, fcntl.LOCK_EX)
        finally:  # also when a signal (a job's time limit) interrupts the wait
            fcntl.flock(self._gate, fcntl.LOCK_UN)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        fcntl.flock(self._room, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the files back; closing twice is fine."""
        if self in _OPEN:
            _OPEN.discard(self)
            os.close(self._gate)
            os.close(self._room)


def _forget_in_child() -> None:
    # flock belongs to the open file, which a forked child shares: without this a long-lived child
    # would keep the lock of a killed parent.
    for turnstile in list(_OPEN):
        turnstile.close()


os.register_at_fork(after_in_child=_forget_in_child)
