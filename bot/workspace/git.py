"""Run git so that nothing but its arguments decides what it does.

Promises: no system, global or home configuration, no hooks, filters, file-system monitor, prompt,
pager or editor; literal paths; a wall clock; the whole process group dead after it. Credentials
travel in the environment of one call, never in an argument, a URL or a file.
Never: reads configuration from a work tree, or raises an error that carries a credential.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

LEAST_VERSION = (2, 38)  # merge-tree --write-tree

_FIXED = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.autocrlf": "false",
    "core.fileMode": "true",
    "core.symlinks": "true",
    "core.pager": "cat",
    "core.editor": "false",
    "core.quotePath": "false",
    "core.sshCommand": "ssh -oBatchMode=yes",
    "advice.addEmbeddedRepo": "false",
    "commit.gpgSign": "false",
    "credential.helper": "",
    "diff.renames": "true",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "500",
    "http.lowSpeedTime": "60",
    "push.recurseSubmodules": "no",
    "rerere.enabled": "false",
    "submodule.recurse": "false",
    "safe.directory": "*",
}
_PREFIX = [part for key, value in _FIXED.items() for part in ("-c", f"{key}={value}")]


@dataclass
class GitFailed(Exception):
    """git ended with a status that its caller did not expect. `said`: the end of stderr."""

    command: str
    status: int
    said: str

    def __str__(self) -> str:
        return f"git {self.command} ended with {self.status}: {self.said.strip()[-500:]}"


@dataclass
class GitTimedOut(GitFailed):
    """The wall clock ended it; its process group is dead. Worth another try."""


class RemoteRefused(ValueError):
    """The address of a remote is not one that we talk to (scheme, embedded credentials)."""


@dataclass(frozen=True)
class Remote:
    """Where a repository is fetched from and pushed to.

    `url`: https, http, file or ssh, or an absolute path; credentials inside it are refused.
    `header`: a whole `Authorization: …` line for that host, or None.
    """

    url: str
    header: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        scheme = self.scheme
        if scheme not in {"https", "http", "file", "ssh"} or re.search(r"[\s\x00-\x1f]", self.url):
            raise RemoteRefused(f"not a remote we talk to: scheme {scheme!r}")
        if parts.password or (parts.username and scheme != "ssh"):
            raise RemoteRefused("credentials do not belong in a remote's URL")
        if self.header and ("\n" in self.header or "\r" in self.header):
            raise RemoteRefused("a header is one line")

    @property
    def scheme(self) -> str:
        return "file" if self.url.startswith("/") else urlsplit(self.url).scheme

    def environment(self) -> dict[str, str]:
        """What one git call needs to talk to this remote, and to nothing else."""
        env = {"GIT_ALLOW_PROTOCOL": self.scheme}
        if self.header:
            parts = urlsplit(self.url)
            env |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"http.{parts.scheme}://{parts.netloc}/.extraHeader",
                "GIT_CONFIG_VALUE_0": self.header,
            }
        return env

    def scrub(self, text: str) -> str:
        secrets = [self.header, self.header.split(None, 1)[-1]] if self.header else []
        secrets += [s.split(None, 1)[-1] for s in secrets]
        for secret in secrets:
            text = text.replace(secret, "***")
        return text


# What an operator sets for a private certificate authority or a way out through a proxy.
_PASSED = ("GIT_SSL_CAINFO", "https_proxy", "http_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a git process: a fixed one, and what the caller adds."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        **{name: os.environ[name] for name in _PASSED if name in os.environ},
        **(extra or {}),
    }


def git(
    repository: Path,
    *args: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    work_tree: Path | None = None,
    timeout: float = 120,
    ok: Sequence[int] = (0,),
    remote: Remote | None = None,
) -> bytes:
    """Standard output of one git command on a bare repository; GitFailed for other statuses."""
    return run(
        repository, *args, stdin=stdin, env=env, work_tree=work_tree, timeout=timeout, ok=ok,
        remote=remote,
    )[1]  # fmt: skip


def run(
    repository: Path,
    *args: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    work_tree: Path | None = None,
    timeout: float = 120,
    ok: Sequence[int] = (0,),
    remote: Remote | None = None,
) -> tuple[int, bytes]:
    """(status, standard output) of one git command."""
    own = dict(env or {}) | (remote.environment() if remote else {})
    process = _started(repository, args, own, work_tree)
    try:
        out, err = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise GitTimedOut(args[0], -1, f"no end after {timeout:g} s") from None
    finally:
        end_group(process)
    said = err[-4000:].decode("utf-8", "replace")
    if process.returncode not in ok:
        raise GitFailed(args[0], process.returncode, remote.scrub(said) if remote else said)
    return process.returncode, out


def parts(
    repository: Path,
    *args: str,
    env: Mapping[str, str] | None = None,
    work_tree: Path | None = None,
    timeout: float = 120,
    ok: Sequence[int] = (0,),
) -> Iterator[bytes]:
    """What one git command says up to each NUL, while it goes on; GitFailed for other statuses.

    `timeout`: seconds that may be waited for it, all in all; what is done with the parts is not.
    """
    with tempfile.TemporaryFile() as errors:
        process = _started(repository, args, env or {}, work_tree, errors)
        try:
            if process.stdout is None or process.stdin is None:
                raise GitFailed(args[0], -1, "git has no pipes")
            process.stdin.close()
            stream, rest = process.stdout.fileno(), b""
            heard = select.poll()
            heard.register(stream, select.POLLIN)
            while True:
                asked = time.monotonic()
                if not heard.poll(1000 * max(0, timeout)):
                    raise subprocess.TimeoutExpired(args[0], timeout)
                timeout -= time.monotonic() - asked
                said = os.read(stream, 1 << 16)
                if not said:
                    break
                *whole, rest = (rest + said).split(b"\0")
                yield from whole
            status = process.wait(max(1, timeout))
        except subprocess.TimeoutExpired:
            raise GitTimedOut(args[0], -1, "no end in time") from None
        finally:
            end_group(process)
        if status not in ok:
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - 4000))
            raise GitFailed(args[0], status, errors.read().decode("utf-8", "replace"))


def _started(
    repository: Path,
    args: Sequence[str],
    env: Mapping[str, str],
    work_tree: Path | None,
    errors: int | IO[bytes] = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    where = [f"--git-dir={repository}"]
    if work_tree is not None:
        where.append(f"--work-tree={work_tree}")
    return subprocess.Popen(
        ["git", *_PREFIX, *where, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment(env),
        cwd=work_tree or "/",
        start_new_session=True,
    )


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process that leads its own session, and reap it."""
    running = process.poll() is None
    if running:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            running = False
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None and not stream.closed:
            stream.close()


def version() -> tuple[int, int]:
    """(major, minor) of the git on PATH; GitFailed when there is none."""
    try:
        said = subprocess.run(["git", "version"], capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as problem:
        raise GitFailed("version", -1, str(problem)) from problem
    found = re.search(rb"(\d+)\.(\d+)", said.stdout)
    if not found:
        raise GitFailed("version", 0, "no version in its answer")
    return int(found[1]), int(found[2])
