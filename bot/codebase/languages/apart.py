"""Facts of large files, read in a process apart, so that no file can hold up or end this one (C2).

A grammar written in C, or a regular expression, may need hours for a file that was made for it, and
neither can be stopped from within. The process is started when first needed and stays; the kernel
ends it when one file takes too much CPU or memory, and then that file has no facts.

Promises: an answer within `WALL_SECONDS`; the process ends with its owner; a fork starts its own.
Never: lets a file's content decide what is run, or believes anything but JSON from the process.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from bot.codebase import rows
from bot.codebase.facts import NOTHING, FileFacts

CPU_SECONDS = 5.0  # for one file, beside 1 s for a large one that a program wrote
WALL_SECONDS = 60.0  # for one file on a machine that has other things to do
_MEMORY = 2 << 30
_LENGTH = 8  # bytes of a number that says how long what follows is
_ROOT = Path(__file__).resolve().parents[3]


class CannotRead(OSError):
    """The process apart does not run at all; that says nothing about the file."""


class Apart:
    """One process and who may ask it; made anew when it is gone. Safe for threads."""

    def __init__(self, cpu_seconds: float = CPU_SECONDS) -> None:
        self._cpu_seconds = cpu_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._ended: Callable[[], object] = lambda: None

    def facts(self, language: str, blob: bytes) -> FileFacts:
        """The facts of a file, or nothing when reading it took too much. Raises CannotRead."""
        with self._lock:
            process = self._running()
            late = threading.Timer(WALL_SECONDS, process.kill)
            late.start()
            try:
                return rows.decoded(*_asked(process, language, blob))
            except (OSError, EOFError):
                self._ended()
                if process.returncode > 0:
                    status = process.returncode
                    raise CannotRead(f"the reader of large files ended: {status}") from None
                return NOTHING
            finally:
                late.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._owner == os.getpid() and self._process and self._process.poll() is None:
            return self._process
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.codebase.languages.apart", f"{self._cpu_seconds}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath, "PYTHONPATH": str(_ROOT)},
            cwd="/",
        )
        self._process, self._owner = process, os.getpid()
        self._ended = weakref.finalize(self, _end, process, self._owner)
        return process


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if owner != os.getpid():
        return  # a forked process does not end what is its parent's
    if process.stdin is not None:
        with suppress(BrokenPipeError):  # the rest was for a process that is gone
            process.stdin.close()
    try:
        process.wait(0.5)  # by itself, now that nobody asks
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _asked(process: subprocess.Popen[bytes], language: str, blob: bytes) -> list[bytes]:
    if process.stdin is None or process.stdout is None:
        raise EOFError("the process has no pipes")
    _send(process.stdin, language.encode(), blob)
    return [_received(process.stdout) for _ in range(3)]


def _send(pipe: IO[bytes], *parts: bytes) -> None:
    for part in parts:
        pipe.write(len(part).to_bytes(_LENGTH, "big"))
        pipe.write(part)
    pipe.flush()


def _received(pipe: IO[bytes]) -> bytes:
    head = pipe.read(_LENGTH)
    length = int.from_bytes(head, "big")
    part = pipe.read(length) if len(head) == _LENGTH else b""
    if len(head) != _LENGTH or len(part) != length:
        raise EOFError("the process ended")
    return part


def main(cpu_seconds: float) -> None:
    """Answer until nobody asks any more."""
    from bot.codebase import languages

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            language, blob = _received(asked).decode(), _received(asked)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)  # its signal ends the process
        try:
            facts = languages.read(language, blob)
        except MemoryError:
            facts = NOTHING
        parts = rows.encoded(facts)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _send(answers, *parts)


if __name__ == "__main__":
    main(float(sys.argv[1]))
