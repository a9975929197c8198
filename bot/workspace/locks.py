"""Locks between processes and threads that a dead holder cannot keep.

Promises: a lock ends with its holder, however that dies (the kernel drops it).
Never: deletes a lock file (that would let two holders hold two files of one name).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Busy(TimeoutError):
    """Somebody else held the lock for the whole time that we were ready to wait."""


def try_lock(path: Path) -> int | None:
    """An open file descriptor that holds the lock (close it to let go), or None."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return held


@contextmanager
def locked(path: Path, *, wait_s: float) -> Iterator[None]:
    """Hold `path` exclusively; Busy after `wait_s` seconds."""
    deadline = time.monotonic() + wait_s
    while (held := try_lock(path)) is None:
        if time.monotonic() >= deadline:
            raise Busy(f"{path.name} is held by another process")
        time.sleep(0.02)
    try:
        yield
    finally:
        os.close(held)
