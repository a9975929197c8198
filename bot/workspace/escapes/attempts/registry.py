"""What an attempt is, and what all of them share. Needs the standard library only."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from collections.abc import Callable
from typing import Any

Targets = dict[str, Any]
ATTEMPTS: dict[str, Callable[[Targets], str | None]] = {}
LETHAL = (errno.EPERM, errno.ENOSYS, errno.EACCES)


def attempt(function: Callable[[Targets], str | None]) -> Callable[[Targets], str | None]:
    """Registers; the function answers what it reached, or None, or raises OSError."""
    ATTEMPTS[function.__name__] = function
    return function


def read(path: str) -> str:
    with open(path, "rb") as file:
        return file.read(1 << 20).decode("utf-8", "replace")


def secret_in(t: Targets, path: str) -> str | None:
    return path if t["secret"] in read(path) else None


def first(t: Targets, paths: list[str]) -> str | None:
    """The first of `paths` that holds the secret."""
    for path in paths:
        with contextlib.suppress(OSError):
            if secret_in(t, path):
                return path
    return None


def call(t: Targets, name: str, *args: Any) -> int:
    """A system call by its name; OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(ctypes.c_long(t["calls"][name]), *args)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(result)


def considered(t: Targets, name: str, *args: Any) -> str | None:
    """Did the kernel look at the arguments of a call, instead of refusing the call?"""
    try:
        call(t, name, *args)
    except OSError as problem:
        if problem.errno in LETHAL:
            raise
    return name
