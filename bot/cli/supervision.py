"""Several processes as one: started together, kept up, ended together.

Promises: a process that ends is started again, unless it keeps ending; when the one in charge ends,
for whatever reason, none of the others is left. SIGTERM or SIGINT lets them finish what they are
at for `PATIENCE_S`; a second one does not. Never: decides what runs.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from bot.queue.orphans import die_with_parent

PATIENCE_S = 20.0  # for the work at hand; what is cut off is taken up again at the next start
HURRY_S = 5.0
LOOK_S = 0.2
OFTEN = 5  # ends within a window that count as "keeps ending"
WINDOW_S = 60.0

log = logging.getLogger(__name__)


class KeepsEnding(RuntimeError):
    """A process ended `OFTEN` times within `WINDOW_S`; everything else was ended too."""

    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"{name} keeps ending (status {status})")
        self.name, self.status = name, status


@dataclass
class _Kept:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    ends: list[float] = field(default_factory=list)
    start_at: float = 0.0


class Supervisor:
    """Keeps `commands` (name → argv) running. Call `run` in the main thread, once."""

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        environ: Mapping[str, str],
        patience: float = PATIENCE_S,
    ) -> None:
        self._kept = [_Kept(name, command) for name, command in commands.items()]
        self._environ, self._patience = dict(environ), patience
        self._stop, self._hurry = threading.Event(), threading.Event()

    def run(self) -> None:
        """Until SIGTERM or SIGINT. Raises KeepsEnding, OSError (no such program)."""
        before = {s: signal.signal(s, self._asked) for s in (signal.SIGTERM, signal.SIGINT)}
        try:
            while not self._stop.is_set():
                for one in self._kept:
                    self._keep_up(one)
                self._stop.wait(LOOK_S)
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def _keep_up(self, one: _Kept) -> None:
        now = time.monotonic()
        if one.process is None:
            if now >= one.start_at:
                self._start(one)
            return
        status = one.process.poll()
        if status is None:
            return
        _signal(one.process, signal.SIGKILL)  # what it may have left behind in its group
        one.ends = [*(at for at in one.ends if now - at < WINDOW_S), now]
        one.process = None
        if len(one.ends) >= OFTEN:
            raise KeepsEnding(one.name, status)
        one.start_at = now + 0.5 * 2 ** (len(one.ends) - 1)
        log.error("%s ended (status %s); it is started again", one.name, status)

    def _start(self, one: _Kept) -> None:
        parent = os.getpid()
        one.process = subprocess.Popen(
            one.command,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for us, and we end them in order
            preexec_fn=lambda: die_with_parent(parent),
        )

    def _end(self) -> None:
        running = [one.process for one in self._kept if one.process is not None]
        steps = ((signal.SIGTERM, self._patience), (signal.SIGTERM, HURRY_S))
        for number, patience in steps:
            for process in running:
                # To the process, not its group: it passes it on in the way that it needs.
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(number)
            self._wait(running, patience)
        for process in running:
            _signal(process, signal.SIGKILL)
            process.wait()

    def _wait(self, running: Sequence[subprocess.Popen[bytes]], patience: float) -> None:
        until = time.monotonic() + patience
        while time.monotonic() < until and not self._hurry.is_set():
            if all(process.poll() is not None for process in running):
                return
            self._hurry.wait(LOOK_S / 4)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
