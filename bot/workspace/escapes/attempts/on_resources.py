"""Attempts on what the machine has: processes, memory, disk, output, time."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import time

from .registry import Targets, attempt


@attempt
def fork_bomb(t: Targets) -> str | None:
    made: list[int] = []
    try:
        while len(made) < t["most_processes"] * 3:
            pid = os.fork()
            if pid == 0:
                time.sleep(30)
                os._exit(0)
            made.append(pid)
    finally:
        for pid in made:
            os.kill(pid, signal.SIGKILL)
    return f"{len(made)} processes"


@attempt
def memory_bomb(t: Targets) -> str | None:
    held = bytearray(t["most_memory"] * 3)
    held[:: mmap.PAGESIZE] = b"x" * len(held[:: mmap.PAGESIZE])
    return f"{len(held)} bytes"


@attempt
def memory_bomb_of_many(t: Targets) -> str | None:
    """Many processes, each below a limit that is counted by process."""
    children = []
    for _ in range(6):
        pid = os.fork()
        if pid == 0:
            held = bytearray(t["most_memory"] // 2)
            held[:: mmap.PAGESIZE] = b"x" * len(held[:: mmap.PAGESIZE])
            time.sleep(1)
            os._exit(0)
        children.append(pid)
    ends = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    return "all held theirs" if not any(ends) else None


@attempt
def one_huge_file(t: Targets) -> str | None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open("huge", "wb", buffering=0) as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    return f"{os.path.getsize('huge')} bytes"


@attempt
def many_files(t: Targets) -> str | None:
    for number in range(64):
        with open(f"part-{number}", "wb") as file:
            file.write(bytes(1 << 20))
    time.sleep(2.7)  # longer than the pause between two looks at the disk
    return "64 MiB stayed"


@attempt
def fill_the_temporary_folder(t: Targets) -> str | None:
    for folder in ("/tmp", "/dev/shm"):  # noqa: S108 - the very places
        with contextlib.suppress(OSError), open(f"{folder}/{t['nonce']}", "wb") as file:
            try:
                for _ in range(64):
                    file.write(bytes(1 << 20))
                file.flush()
                return folder
            finally:
                os.unlink(file.name)
    return None


@attempt
def output_bomb(t: Targets) -> str | None:
    for _ in range(32):
        os.write(1, b"x" * (1 << 20))
        time.sleep(0.05)  # time to be noticed in: the engine's client dies before its container
    with open("printed-all", "w") as file:
        return file.name


@attempt
def outstay_the_clock(t: Targets) -> str | None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(t["most_seconds"] * 2.5)
    with open("outstayed", "w") as file:
        return file.name


@attempt
def live_on_after_the_end(t: Targets) -> str | None:
    """A daemon, twice forked, in a session of its own, writes once the run is over."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(3):
                os.close(number)
            time.sleep(t["after_s"])
            with open("alive", "w"):
                os._exit(0)
        os._exit(0)
    return None
