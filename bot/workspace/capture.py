"""Run one process to its end and keep a bounded part of what it says.

Promises: memory stays bounded whatever the process prints; the wall clock and the allowance for
output end the whole process group; both ends of the output are kept.
Never: waits for a pipe that an escaped grandchild keeps open.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

KEPT = 64 * 1024  # bytes at either end


@dataclass(frozen=True)
class Captured:
    """`status`: as from wait (negative for a signal); None when we ended it. `ended`: why."""

    status: int | None
    head: bytes
    tail: bytes
    total: int
    duration_s: float
    ended: str | None


class _Ends:
    """The first and last bytes of a stream."""

    def __init__(self) -> None:
        self.head, self.tail, self.total = bytearray(), bytearray(), 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = KEPT - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        self.tail += data
        if len(self.tail) > 2 * KEPT:
            del self.tail[:-KEPT]

    def read(self, stream: IO[bytes]) -> bool:
        """Take what a non-blocking stream has; False at its end."""
        data = stream.read(1 << 16)
        self.add(data or b"")
        return data != b""

    def end(self) -> bytes:
        return bytes(self.tail[-KEPT:])


def capture(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    wall_s: float,
    output: int,
    cwd: str = "/",
    pass_fds: Sequence[int] = (),
    watch: Callable[[], str | None] = lambda: None,
    watch_every_s: float = 1.0,
) -> Captured:
    """Run `argv`; stdin is empty, stdout and stderr are one stream.

    `output`: bytes it may print in all. `watch` is asked every so often; a word from it ends the
    run and becomes `ended`, beside "wall" and "output".
    """
    started = time.monotonic()
    process = subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        umask=0o022,  # what one account makes here, another runs
        env=dict(env),
        cwd=cwd,
        pass_fds=tuple(pass_fds),
        start_new_session=True,
    )
    assert process.stdout is not None
    stream, ends, ended = process.stdout, _Ends(), None
    os.set_blocking(stream.fileno(), False)
    leader = os.pidfd_open(process.pid)
    next_look = started + watch_every_s
    try:
        with selectors.DefaultSelector() as ready:
            ready.register(stream, selectors.EVENT_READ)
            ready.register(leader, selectors.EVENT_READ)
            while ended is None:
                now = time.monotonic()
                if now >= started + wall_s:
                    ended = "wall"
                    break
                events = ready.select(max(min(started + wall_s, next_look) - now, 0.001))
                came = {key.fileobj for key, _ in events}
                if stream in came and not ends.read(stream):
                    ready.unregister(stream)  # it closed its output, and may still work
                elif ends.total > output:
                    ended = "output"
                elif leader in came and stream not in came:
                    break
                elif time.monotonic() >= next_look:
                    ended = watch()
                    next_look = time.monotonic() + watch_every_s
    finally:
        os.close(leader)
        status = _end(process)
    duration = time.monotonic() - started
    return Captured(
        None if ended else status, bytes(ends.head), ends.end(), ends.total, duration, ended
    )


def _end(process: subprocess.Popen[bytes]) -> int:
    """Kill every member of its group, then reap it: in that order its id cannot be another's."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    status = process.wait()
    if process.stdout is not None:
        process.stdout.close()
    return status


def disk_used(places: Iterable[Path]) -> int:
    """Bytes on disk below `places`; what vanishes while we look counts nothing."""
    total = 0
    folders = [str(place) for place in places if place.is_dir()]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    about = entry.stat(follow_symlinks=False)
                    total += about.st_blocks * 512
                    if stat.S_ISDIR(about.st_mode):
                        folders.append(entry.path)
        except OSError:
            continue
    return total
