"""Caps on memory and processes for everything that one run starts, where the kernel lets us.

Promises: a group of its own for each run, removed afterwards with everything in it; version 2 when
it is delegated to us, else version 1, else none (the caller then falls back to limits by process).
Never: moves a process that is not ours, or fails a run because a cap could not be set.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_OURS = "towpath"


@dataclass(frozen=True)
class Cgroup:
    """`folders`: where this run's processes are entered (one for each controller in version 1)."""

    folders: tuple[Path, ...] = ()

    @property
    def procs(self) -> list[str]:
        return [str(folder / "cgroup.procs") for folder in self.folders]

    @property
    def caps_memory(self) -> bool:
        return any(
            (f / "memory.max").exists() or (f / "memory.limit_in_bytes").exists()
            for f in self.folders
        )

    def out_of_memory(self) -> bool:
        """Did the kernel kill something in it for want of memory?"""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    counted = dict(
                        line.split(None, 1) for line in (folder / name).read_text().splitlines()
                    )
                    if int(counted.get("oom_kill", 0)) > 0:
                        return True
        return False

    def close(self) -> None:
        """Kill what is left in it and remove it."""
        for folder in self.folders:
            for attempt in range(100):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    _kill(folder)
                    time.sleep(min(0.001 * 2**attempt, 0.02))


def make(memory: int, processes: int) -> Cgroup:
    """A group for one run; without folders where none can be made."""
    name = uuid.uuid4().hex[:16]
    for attempt in (_version_2, _version_1):
        folders: list[Path] = []
        try:
            attempt(name, memory, processes, folders)
        except (OSError, ValueError):
            Cgroup(tuple(folders)).close()
            continue
        return Cgroup(tuple(folders))
    return Cgroup()


def sweep() -> None:
    """Remove groups that a killed worker left: empty, and older than an hour."""
    for folder in _ROOT.glob(f"*/{_OURS}/*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > 3600:
                folder.rmdir()  # refused by the kernel while anything runs in it


def _version_2(name: str, memory: int, processes: int, made: list[Path]) -> None:
    own = next(
        line.split("::", 1)[1]
        for line in [*Path("/proc/self/cgroup").read_text().splitlines(), "::"]
        if "::" in line
    )
    parent = _ROOT / own.lstrip("/")
    if not own or "memory" not in (parent / "cgroup.subtree_control").read_text():
        raise ValueError("no memory controller delegated")
    folder = parent / f"{_OURS}-{name}"
    folder.mkdir()
    made.append(folder)
    (folder / "memory.max").write_text(str(memory))
    (folder / "pids.max").write_text(str(processes))
    with contextlib.suppress(OSError):  # no swap accounting
        (folder / "memory.swap.max").write_text("0")


def _version_1(name: str, memory: int, processes: int, made: list[Path]) -> None:
    values = {
        "memory": ("memory.limit_in_bytes", memory),
        "pids": ("pids.max", processes),
    }
    for controller, (file, value) in values.items():
        folder = _ROOT / controller / _OURS / name
        folder.mkdir(parents=True)
        made.append(folder)
        (folder / file).write_text(str(value))
    with contextlib.suppress(OSError):  # no swap accounting
        (made[0] / "memory.memsw.limit_in_bytes").write_text(str(memory))


def _kill(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for line in (folder / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(line), 9)
