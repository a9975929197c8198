"""Every layer of the index of one snapshot, made once and measured: what `towpath index` prints.

Promises: only the store is written; the figures are of this process and of the git it ran. Never:
keeps a layer longer than the next one needs it.
"""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from bot.codebase.api_surface import api_surface
from bot.codebase.graph import Graph
from bot.codebase.project import Project
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import Store
from bot.codebase.symbols import Symbols

T = TypeVar("T")


class Clock:
    """Seconds and CPU seconds of each step."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, float]] = {}

    def time(self, name: str, work: Callable[[], T]) -> T:
        wall, cpu = time.perf_counter(), cpu_seconds()
        done = work()
        self.steps[name] = {
            "seconds": round(time.perf_counter() - wall, 4),
            "cpu_seconds": round(cpu_seconds() - cpu, 4),
        }
        return done


def cpu_seconds() -> float:
    """CPU seconds of this process and of those that it waited for."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    git = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + git.ru_utime + git.ru_stime


def measured(opened: Callable[[], Snapshot], git_dir: Path | None, store: Store) -> dict[str, Any]:
    """Counts, `steps` with their seconds, and `caches` with their hits, of a snapshot.

    `opened` makes it; `git_dir` is where its history is. Raises what `opened` raises, GitFailed.
    """
    clock = Clock()
    snapshot = clock.time("facts", opened)
    graph = clock.time("dependency graph", lambda: Graph.of(snapshot))
    doors = clock.time("API surface", lambda: api_surface(snapshot))
    definitions = sum(len(one.definitions) for one in snapshot.briefs().values())
    edges, cycles = graph.edges(), len(graph.cycles())
    del graph
    snapshot.forget()
    names = clock.time("symbol table", lambda: Symbols.of(snapshot).names())
    project = Project.of(snapshot, git_dir)
    profile = clock.time("conventions", lambda: project.profile)
    languages = Counter(one.language for one in snapshot.files().values() if one.language)
    work = snapshot.work
    return {
        "of": snapshot.name,
        "files": len(snapshot.files()),
        "languages": dict(sorted(languages.items())),
        "definitions": definitions,
        "names": names,
        "imports": edges,
        "cycles": cycles,
        "api": dict(sorted(Counter(door.entry.kind for door in doors).items())),
        "conventions": len(profile.styles),
        "instructions": list(project.instructions()),
        "read": {"files": work.parsed, "bytes": work.parsed_bytes, "known": work.reused},
        "cache": {
            "path": str(store.path),
            "bytes": store.path.stat().st_size,
            "hit_rate": round(store.rates.rate, 4),
            "damaged": store.rates.damaged,
        },
        "caches": [
            {"name": one.name, "hits": one.hits, "misses": one.misses} for one in project.rates()
        ],
        "steps": clock.steps,
        "seconds": round(sum(one["seconds"] for one in clock.steps.values()), 4),
        "cpu_seconds": round(sum(one["cpu_seconds"] for one in clock.steps.values()), 4),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
