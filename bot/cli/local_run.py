"""One Towpath and one GitHub on this machine, as separate processes, for the demo and for `try`.

Promises: everything lives below one folder; when the block is left, by its end, an error, Ctrl-C,
SIGTERM or SIGHUP, no process of it is left. (Of a SIGKILL the embedded queue alone is left: it is
made to outlive whoever started it.) Never talks to anything but loopback (but for the project's own
packages).
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any

import yaml
from redis import Redis
from rq import Queue

from bot.localhub.remote import RemoteHub
from bot.queue.embedded import EmbeddedServer
from bot.queue.inbox import Inbox
from bot.queue.orphans import die_with_parent
from bot.queue.wakeups import STORIES
from bot.story.database import open_database
from bot.story.journal import Journal, Recorded
from bot.story.machine import Story, fold
from bot.story.office import stream_of
from bot.story.vocabulary import State
from bot.wiring import now

MANIFEST = Path(__file__).parents[2] / "app.yml"
PROCESSES = ("web", "worker", "stories", "clock")
# Of the caller's own settings, the bounds on what a story may do and cost also hold here.
KEPT_SETTINGS = (
    "TOWPATH_SANDBOX", "TOWPATH_STORY_BUDGET_USD", "TOWPATH_MAX_ITERATIONS",
    "TOWPATH_OSV_URL", "TOWPATH_GATE_TOOLS",
)  # fmt: skip
READY_S = 60.0
END_S = 8.0
POLL_S = 0.1
_SOON = timedelta(minutes=15)


class DidNotStart(RuntimeError):
    """A process ended before its time; `log` is the end of what it said, `logs` the folder."""

    def __init__(self, name: str, log: str, logs: Path) -> None:
        super().__init__(f"the process “{name}” ended")
        self.name, self.log, self.logs = name, log, logs


@dataclass
class LocalRun:
    """Processes below `home`. `options` are settings without their prefix (`model`, …).

    `may_stay`: `keep` may be called, so the processes do not die with this one.
    """

    home: Path
    options: dict[str, str] = field(default_factory=dict)
    may_stay: bool = False
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, init=False)

    def __enter__(self) -> LocalRun:
        self._stack = ExitStack()
        try:
            for number in (signal.SIGTERM, signal.SIGHUP):
                self._stack.callback(signal.signal, number, signal.signal(number, leave))
            self._start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *why: object) -> None:
        self._close()

    def _close(self) -> None:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C leaves nothing half
        for process in self._running.values():  # all at once; each is waited for below
            _signal_group(process, signal.SIGTERM)
        self._stack.close()
        signal.signal(signal.SIGINT, before)

    def keep(self) -> Path:
        """Leave the processes running when the block is left; the file that names them."""
        server = self._queue.info("server")["process_id"]
        pids = self.home / "pids"
        numbers = [process.pid for process in self._running.values()]
        pids.write_text(" ".join(str(number) for number in (*numbers, server)) + "\n")
        self._running.clear()
        self._stack.pop_all()
        return pids

    def _start(self) -> None:
        (self.home / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
        self.github_url = self._start_github()
        self.hub = RemoteHub(self.github_url)
        self._stack.callback(self.hub.close)
        queue = EmbeddedServer(self.home)
        queue_url = queue.start()
        self._stack.callback(queue.stop)
        self._queue = self._stack.enter_context(Redis.from_url(queue_url))
        port, secret = _free_port(), secrets.token_hex(16)
        manifest = yaml.safe_load(MANIFEST.read_text())
        app = self.hub.do(
            "apps",
            manifest=manifest,
            webhook_url=f"http://127.0.0.1:{port}/webhook",
            webhook_secret=secret,
        )
        self.app_id = app["app_id"]
        key = self.home / "app.pem"
        key.touch(mode=0o600)
        key.write_text(app["pem"])
        environ = _environ(
            home=str(self.home),
            redis_url=queue_url,
            github_api_url=self.github_url,
            github_web_url=self.github_url,
            app_id=str(self.app_id),
            private_key_file=str(key),
            webhook_secret=secret,
            bind_port=str(port),
            sweep_seconds="2",
            onboarding="false",
            # Their tools are a large installation, which nobody who tries this asked for.
            quality_gates=os.environ.get("TOWPATH_QUALITY_GATES", "false"),
            **self.options,
        )
        for name in PROCESSES:
            self._process(name, [sys.executable, "-P", "-m", "bot.cli", name], environ)
        self._wait_ready(f"http://127.0.0.1:{port}/readyz")

    def _start_github(self) -> str:
        argv = [sys.executable, "-P", "-m", "bot.localhub", "--root", str(self.home / "github")]
        started = self._process("github", [*argv, "--print-ready"], _environ(), subprocess.PIPE)
        line = started.stdout.readline() if started.stdout else b""
        if not line:
            raise self._ended("github")
        return str(json.loads(line)["url"])

    def _process(
        self, name: str, argv: list[str], environ: dict[str, str], stdout: Any = None
    ) -> subprocess.Popen[bytes]:
        log = self._stack.enter_context((self.home / "logs" / f"{name}.log").open("ab"))
        parent = os.getpid()
        started = subprocess.Popen(
            argv,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log if stdout is None else stdout,
            stderr=log,
            start_new_session=True,
            preexec_fn=None if self.may_stay else lambda: die_with_parent(parent),
        )
        self._stack.callback(_end, started)
        self._running[name] = started
        return started

    def _wait_ready(self, url: str) -> None:
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            self.check()
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own loopback
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(POLL_S)
        raise self._ended("web")

    def check(self) -> None:
        """Raise DidNotStart if a process has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise self._ended(name)

    def _ended(self, name: str) -> DidNotStart:
        logs = self.home / "logs"
        said = (logs / f"{name}.log").read_text(errors="replace")[-3000:]
        return DidNotStart(name, said, logs)

    # -- people -----------------------------------------------------------------------------

    def install_on(self, repository: str, people: dict[str, str], source: dict[str, Any]) -> None:
        """Make a repository (`path` or `files`), let people in, install the app."""
        for login in {repository.partition("/")[0], *people}:
            self.hub.do("users", login=login)
        made = self.hub.do("repos", repo=repository, **source)
        self.default_branch = made["default_branch"]
        for login, permission in people.items():
            self.hub.do("collaborators", repo=repository, login=login, permission=permission)
        self.hub.do("installations", app_id=self.app_id, repos=[repository])
        told = self.hub.act_as(next(iter(people))).request("GET", f"/repos/{repository}")
        self._repository_id = told["id"]

    def approve(self, login: str, repository: str, issue: int) -> None:
        """Approve as a person who has read the status comment."""
        time.sleep(1.1)  # times on GitHub are whole seconds: later than what was shown
        self.hub.act_as(login).comment(repository, issue, "/approve")

    # -- the journal ------------------------------------------------------------------------

    @cached_property
    def journal(self) -> Journal:
        return Journal(open_database(f"sqlite:///{self.home / 'towpath.db'}"), now)

    def stream(self, issue: int) -> str:
        return stream_of(self._repository_id, issue)

    def story(self, issue: int) -> Story:
        """The story as its journal tells it now."""
        stream = self.stream(issue)
        return fold(stream, self.journal.load(stream))

    def follow(self, issue: int, timeout_s: float, after: int = 0) -> Iterator[Recorded]:
        """Events after number `after` as they come, one at least, until the story rests (waits or
        has ended). Raises TimeoutError."""
        stream, seen, until = self.stream(issue), after, time.monotonic() + timeout_s
        while True:
            news = self.journal.load(stream, after=seen)
            for record in news:
                seen = record.seq
                yield record
            if not news and seen > after and self._rests(stream, seen):
                return
            if time.monotonic() > until:
                raise TimeoutError(f"no end after {timeout_s:.0f} s")
            self.check()
            time.sleep(POLL_S)

    def _rests(self, stream: str, seen: int) -> bool:
        """Whether event `seen` is the last one until somebody says something."""
        if not self._is_idle():  # asked first: what was going on may have told the journal more
            return False
        row = self.journal.stream(stream)
        if row is None or row.version != seen or row.lease_owner is not None:
            return False
        story = fold(stream, self.journal.load(stream))
        soon = now() + _SOON  # a reminder that is days away disturbs nobody's rest
        quiet = row.wake_at is None or row.wake_at > soon
        return quiet and (story.terminal or story.state is State.WAITING)

    def _is_idle(self) -> bool:
        """Whether no delivery is being handled and no story is about to be worked on.

        In this order: a handler has queued its wake-ups before its delivery counts as handled, and
        a job is listed in its next place before it is gone from the one before.
        """
        inbox = Inbox(self._queue).counts()
        stories = Queue(STORIES, connection=self._queue)
        return not (
            inbox.waiting
            or inbox.taken
            or stories.count
            or self._queue.llen(stories.intermediate_queue_key)
            or stories.started_job_registry.get_job_count(cleanup=False)
        )


def _environ(**settings: str) -> dict[str, str]:
    """This process's environment with no settings of ours but these."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT_SETTINGS or not name.startswith("TOWPATH_")
    }
    ours = {f"TOWPATH_{name.upper()}": value for name, value in settings.items()}
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(p for p in (root, kept.get("PYTHONPATH", "")) if p)
    return {**kept, **ours, "PYTHONPATH": path}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that was asked to end, then make it and its group end."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_S)
    _signal_group(process, signal.SIGKILL)  # also whoever is left of the group
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError):  # all of them have ended
        os.killpg(process.pid, number)


def leave(number: int, frame: FrameType | None) -> None:
    """End as if by an error, so that the blocks are left; a second signal changes nothing."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)
