"""A process of its own that works on a journal: `python -m tests.journal.worker WHAT URL …`.

Prints one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime

from bot.story.database import open_database
from bot.story.journal import Head, Journal
from bot.story.outbox import Proposed
from tests.journal.samples import comment, said


def journal(url: str, die_at: str = "", after: int = 1) -> Journal:
    """A journal; the process kills itself at the boundary `die_at` when it comes `after` times."""
    left = [after]

    def boundary(name: str) -> None:
        if name == die_at:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return Journal(open_database(url), lambda: datetime.now(UTC), boundary)


def start(url: str, at: str) -> dict:
    """Only open the database, at this time of the machine's clock."""
    importlib.import_module("alembic.command")  # so that all are ready at the same time
    time.sleep(max(0.0, float(at) - time.time()))
    open_database(url)
    return {}


def append(url: str, stream: str, count: str) -> dict:
    """Append `count` events, one by one."""
    book = journal(url)
    for number in range(int(count)):
        book.append(stream, [said(number)], actor=str(os.getpid()), head=Head("CODING"))
    return {}


def contend(url: str, owner: str, *names: str) -> dict:
    """Try to claim each effect (a name with a slash) and acquire each stream; what was got."""
    book = journal(url)
    get = {True: book.claim, False: book.acquire}
    return {"got": [name for name in names if get["/" in name](name, owner, 60)]}


def die(url: str, boundary: str, after: str, stream: str) -> dict:
    """Append events with an effect each, and claim it, until killed at a boundary."""
    book = journal(url, boundary, int(after))
    for number in range(1, 100):
        effect = comment(stream, str(number))
        book.append(stream, [said(number)], actor="w", propose=[Proposed(effect)])
        book.claim(effect.key, "w", 60)
    return {}


def die_forked(url: str, stream: str) -> dict:
    """Fork a child that lives on for a while, then be killed in the middle of an append."""
    book = journal(url, "before:append", 2)
    book.append(stream, [said(1)], actor="w")
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.close(1)
        time.sleep(20)
        os._exit(0)
    time.sleep(0.2)
    book.append(stream, [said(2)], actor="w")
    return {}


if __name__ == "__main__":
    work = {f.__name__: f for f in (start, append, contend, die, die_forked)}
    print(json.dumps(work[sys.argv[1]](*sys.argv[2:])))
