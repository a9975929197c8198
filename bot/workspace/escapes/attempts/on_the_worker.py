"""Attempts on what the worker holds: its environment, descriptors, terminal."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os

from .registry import LETHAL, Targets, attempt, first


@attempt
def environment_of_the_worker(t: Targets) -> str | None:
    if t["secret"] in str(dict(os.environ)):
        return "own environment"
    return first(t, glob.glob("/proc/[0-9]*/environ"))


@attempt
def arguments_of_other_processes(t: Targets) -> str | None:
    return first(t, glob.glob("/proc/[0-9]*/cmdline"))


@attempt
def inherited_descriptors(t: Targets) -> str | None:
    for number in range(3, 4096):
        with contextlib.suppress(OSError):
            if t["secret"] in os.pread(number, 4096, 0).decode("utf-8", "replace"):
                return f"descriptor {number}"
    return None


@attempt
def descriptors_of_other_processes(t: Targets) -> str | None:
    mine = f"/proc/{os.getpid()}/"
    found = [p for p in glob.glob("/proc/[0-9]*/fd/*") if not p.startswith(mine)]
    files = [p for p in found if os.path.isfile(p)]
    return first(t, files)


@attempt
def terminal(t: Targets) -> str | None:
    for number in range(3):
        if os.isatty(number):
            return f"descriptor {number}"
    os.close(os.open("/dev/tty", os.O_RDWR))
    return "/dev/tty"


@attempt
def type_into_the_terminal(t: Targets) -> str | None:
    """TIOCSTI on a terminal of our own: refused for being TIOCSTI, or not."""
    _, theirs = os.openpty()
    try:
        fcntl.ioctl(theirs, 0x5412, b"x")
    except OSError as problem:
        if problem.errno in LETHAL:
            raise
    return "TIOCSTI"


@attempt
def standard_input(t: Targets) -> str | None:
    return "bytes" if os.read(0, 1) else None
