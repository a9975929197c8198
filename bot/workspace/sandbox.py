"""Where foreign code runs: the interface, its limits, and what comes back. (T4, T5)

Promises: a command sees its work tree at `/workspace`, a read-only system, what was bound for it
and nothing else; no network but its own loopback; every limit ends it and is named in `Run`.
Never: runs anything when no adapter passes its own check, unless the operator named the exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

WORKSPACE = "/workspace"
MIB = 1024 * 1024


class SandboxUnavailable(RuntimeError):
    """No adapter can hold foreign code on this machine. `findings`: what was missing."""

    def __init__(self, findings: Sequence[str]) -> None:
        super().__init__("; ".join(findings) or "no sandbox")
        self.findings = tuple(findings)


@dataclass(frozen=True)
class Limits:
    """What one run may use (§14.1: 5 min of CPU, 2 GB of memory, 10 GB of disk).

    Bytes and seconds. `cpu_s` is for each process, `wall_s` for the run; `disk` is everything
    writable together, `file` one file, `temporary` each of /tmp and /dev/shm, `output` what it may
    print.
    """

    cpu_s: int = 300
    wall_s: float = 600
    memory: int = 2048 * MIB
    processes: int = 256
    files: int = 1024
    disk: int = 10_240 * MIB
    file: int = 1024 * MIB
    temporary: int = 512 * MIB
    output: int = 64 * MIB


@dataclass(frozen=True)
class Run:
    """How a command ended.

    `exit_code`: None when we ended it. `head`, `tail`: the two ends of what it printed, bounded.
    `killed_by`: "wall", "output", "disk", "memory", "cpu" or None. `adapter`: what held it.
    """

    argv: tuple[str, ...]
    exit_code: int | None
    head: bytes
    tail: bytes
    duration_s: float
    killed_by: str | None
    output_truncated: bool
    adapter: str

    @property
    def timed_out(self) -> bool:
        return self.killed_by in {"wall", "cpu"}

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and self.killed_by is None

    @property
    def text(self) -> str:
        """What it printed, with a mark where the middle is missing."""
        gap = b"\n[...]\n" if self.output_truncated else b""
        return (self.head + gap + self.tail).decode("utf-8", "replace")

    def last(self, characters: int = 4000) -> str:
        return self.text[-characters:]


@dataclass(frozen=True)
class Finding:
    """One thing that the check looked at. `ok` False: foreign code must not run here."""

    name: str
    ok: bool
    detail: str = field(default="")


class Sandbox(Protocol):
    """What an adapter offers."""

    @property
    def name(self) -> str: ...

    @property
    def fixed_paths(self) -> bool:
        """Are the paths inside the same in every run, so that what is installed stays valid?"""
        ...

    @property
    def owner(self) -> tuple[int, int] | None:
        """(uid, gid) on the host that writable folders must belong to; None: our own."""
        ...

    def run(
        self,
        argv: Sequence[str],
        *,
        tree: Path | None = None,
        writable: Mapping[str, Path] = ...,
        readonly: Mapping[str, Path] = ...,
        env: Mapping[str, str] = ...,
        limits: Limits = ...,
        cwd: str | None = None,
    ) -> Run:
        """Run `argv` (looked up on the sandbox's own PATH) and wait for its end.

        `tree` is bound read-write at `/workspace`, which is also the working directory.
        `writable` and `readonly` map a path inside to a folder or file outside.
        """
        ...

    def check(self) -> list[Finding]: ...
