"""The event loop that the providers' libraries run on: one a process, in a thread of its own.

Promises: connections are kept between calls; a process that was forked gets a loop of its own; who
is interrupted while waiting takes the call down with it. Never runs more than what it is given.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_running: tuple[int, asyncio.AbstractEventLoop] | None = None


def loop() -> asyncio.AbstractEventLoop:
    """The loop of this process, started when first asked for."""
    global _running
    with _lock:
        if _running is None or _running[0] != os.getpid():
            made = asyncio.new_event_loop()
            threading.Thread(target=made.run_forever, name="models", daemon=True).start()
            _running = (os.getpid(), made)
        return _running[1]


def run(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns or raises. An exception in the waiting thread cancels the work."""
    waited = asyncio.run_coroutine_threadsafe(work, loop())
    try:
        return waited.result()
    except BaseException:
        waited.cancel()
        raise


def _after_fork() -> None:
    """A lock that another thread held while this process was forked would never be let go."""
    global _lock, _running
    _lock, _running = threading.Lock(), None


os.register_at_fork(after_in_child=_after_fork)
