"""One Towpath and one GitHub on this machine, as separate processes, for the demo and for `try`.

Promises: everything lives below one folder; when the block is left, for whatever reason, no process
of it is left. Never talks to anything but loopback (but for the project's own packages).
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
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import yaml
from redis import Redis

from bot.localhub.remote import RemoteHub
from bot.queue.embedded import EmbeddedServer
from bot.queue.orphans import die_with_parent
from bot.story.database import open_database
from bot.story.journal import Journal, Recorded
from bot.story.machine import Story, fold
from bot.story.office import stream_of
from bot.story.vocabulary import State
from bot.wiring import now

MANIFEST = Path(__file__).parents[2] / "app.yml"
PROCESSES = ("web", "worker", "stories", "clock")
READY_S = 60.0
END_S = 8.0
POLL_S = 0.1


class DidNotStart(RuntimeError):
    """A process ended before it was ready; `log` is the end of what it said."""

    def __init__(self, name: str, log: str) -> None:
        super().__init__(f"the process “{name}” did not start")
        self.name, self.log = name, log


@dataclass
class LocalRun:
    """Processes below `home`. `options` are settings without their prefix (`model`, …)."""

    home: Path
    options: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> LocalRun:
        self._stack = ExitStack()
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *why: object) -> None:
        self._stack.close()

    def keep(self) -> list[int]:
        """Leave the processes running when the block is left; what `kill` is to be given."""
        self._stack.pop_all()
        with Redis.from_url(self._queue_url) as queue:
            server = queue.info("server")["process_id"]
        return [*(-process.pid for process in self._running.values()), server]

    def _start(self) -> None:
        (self.home / "logs").mkdir(parents=True, exist_ok=True)
        self.github_url = self._start_github()
        self.hub = RemoteHub(self.github_url)
        self._stack.callback(self.hub.close)
        queue = EmbeddedServer(self.home)
        self._queue_url = queue_url = queue.start()
        self._stack.callback(queue.stop)
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
            raise DidNotStart("github", self.log("github"))
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
            preexec_fn=None if self.options.get("keep") else lambda: die_with_parent(parent),
        )
        self._stack.callback(_end, started)
        self._running = {**getattr(self, "_running", {}), name: started}
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
        raise DidNotStart("web", self.log("web"))

    def check(self) -> None:
        """Raise DidNotStart if a process has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise DidNotStart(name, self.log(name))

    def log(self, name: str, characters: int = 3000) -> str:
        """The end of a process's log."""
        path = self.home / "logs" / f"{name}.log"
        return path.read_text(errors="replace")[-characters:] if path.exists() else ""

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

    def follow(self, issue: int, timeout_s: float) -> Iterator[Recorded]:
        """Events as they come, until the story rests (waits or has ended); TimeoutError."""
        stream, seen, until = self.stream(issue), 0, time.monotonic() + timeout_s
        while True:
            news = self.journal.load(stream, after=seen)
            for record in news:
                seen = record.seq
                yield record
            if not news and self._rests(stream):
                return
            if time.monotonic() > until:
                raise TimeoutError(f"no end after {timeout_s:.0f} s")
            self.check()
            time.sleep(POLL_S)

    def _rests(self, stream: str) -> bool:
        row = self.journal.stream(stream)
        if row is None or row.lease_owner is not None or row.wake_at is not None:
            return False
        story = fold(stream, self.journal.load(stream))
        return story.terminal or story.state is State.WAITING


def _environ(**settings: str) -> dict[str, str]:
    """This process's environment with no settings of ours but these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TOWPATH_")}
    ours = {f"TOWPATH_{name.upper()}": value for name, value in settings.items() if name != "keep"}
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(p for p in (root, kept.get("PYTHONPATH", "")) if p)
    return {**kept, **ours, "PYTHONPATH": path}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group: asked first, then made to."""
    for number, patience in ((signal.SIGTERM, END_S), (signal.SIGKILL, END_S)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    _drop(process.stdout)


def _drop(stream: IO[bytes] | None) -> None:
    if stream is not None:
        stream.close()
