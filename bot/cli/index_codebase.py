"""`towpath index`: read a repository into the cache and say what is in it.

Promises: only the repository's cache is written; what did not change since the last time is not
read again. Never: a model, the network, or code of the repository.
"""

from __future__ import annotations

import json
import resource
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.codebase.blobs import NoSuchRevision, git_dir_of
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import Store
from bot.workspace.git import GitFailed

T = TypeVar("T")


def open_snapshot(path: Path, revision: str | None, store: Store) -> Snapshot:
    """The snapshot of a revision of PATH, or of the folder as it is when it is no repository.

    Raises click.ClickException for a revision that is not there.
    """
    git_dir = git_dir_of(path)
    try:
        if git_dir is not None:
            return Snapshot.at(git_dir, revision or "HEAD", store)
    except NoSuchRevision:
        name = revision or "HEAD"
        raise click.ClickException(
            f"There is no commit {name!r} in {path}. Name one with --at, or commit something first."
        ) from None
    except GitFailed as problem:
        raise click.ClickException(
            f"{path} cannot be read as a git repository: {problem}"
        ) from None
    if revision is not None:
        raise click.ClickException(f"{path} is no git repository, so it has no {revision!r}.")
    return Snapshot.of_folder(path, store)


def cache_folder(given: Path | None) -> Path:
    """The folder given, else `codebase` in the home."""
    if given is not None:
        return given
    from bot.settings import load_settings

    return load_settings().home / "codebase"


class Clock:
    """Seconds and CPU seconds of each step."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, float]] = {}

    def time(self, name: str, work: Callable[[], T]) -> T:
        wall, cpu = time.perf_counter(), _cpu()
        done = work()
        self.steps[name] = {
            "seconds": round(time.perf_counter() - wall, 4),
            "cpu_seconds": round(_cpu() - cpu, 4),
        }
        return done


def _cpu() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    git = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + git.ru_utime + git.ru_stime


@click.command("index")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--at", "revision", help="Commit, branch or tag. Default: HEAD.")
@click.option("--worktree", is_flag=True, help="The files as they are, committed or not.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder to use.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def index(
    path: Path, revision: str | None, worktree: bool, cache: Path | None, as_json: bool
) -> None:
    """Index the repository at PATH; the second time only what changed is read."""
    if worktree and revision:
        raise click.UsageError("Give one of --at and --worktree.")
    with Store(cache_folder(cache)) as store:
        facts = _measured(path, revision, worktree, store)
    click.echo(json.dumps(facts, indent=2) if as_json else _told(facts))


def _measured(path: Path, revision: str | None, worktree: bool, store: Store) -> dict[str, Any]:
    from bot.codebase.api_surface import api_surface
    from bot.codebase.graph import Graph
    from bot.codebase.symbols import Symbols

    clock = Clock()
    snapshot = clock.time(
        "facts",
        lambda: (
            Snapshot.of_folder(path, store) if worktree else open_snapshot(path, revision, store)
        ),
    )
    graph = clock.time("dependency graph", lambda: Graph.of(snapshot))
    doors = clock.time("API surface", lambda: api_surface(snapshot))
    definitions = sum(len(one.definitions) for one in snapshot.outlines().values())
    snapshot.forget()
    symbols = clock.time("symbol table", lambda: Symbols.of(snapshot))
    languages = Counter(one.language for one in snapshot.files().values() if one.language)
    work = snapshot.work
    return {
        "of": snapshot.name,
        "files": len(snapshot.files()),
        "languages": dict(sorted(languages.items())),
        "definitions": definitions,
        "names": symbols.names(),
        "imports": graph.edges(),
        "cycles": len(graph.cycles()),
        "api": dict(sorted(Counter(door.entry.kind for door in doors).items())),
        "read": {"files": work.parsed, "bytes": work.parsed_bytes, "known": work.reused},
        "cache": {
            "path": str(store.path),
            "bytes": store.path.stat().st_size,
            "hit_rate": round(store.rates.rate, 4),
            "damaged": store.rates.damaged,
        },
        "steps": clock.steps,
        "seconds": round(sum(one["seconds"] for one in clock.steps.values()), 4),
        "cpu_seconds": round(sum(one["cpu_seconds"] for one in clock.steps.values()), 4),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _told(facts: dict[str, Any]) -> str:
    read, cache = facts["read"], facts["cache"]
    languages = ", ".join(f"{count} {name}" for name, count in facts["languages"].items())
    doors = ", ".join(f"{count} {kind}" for kind, count in facts["api"].items())
    lines = [
        f"{facts['files']} files ({languages or 'no source that is read'})",
        f"{facts['definitions']} definitions of {facts['names']} names",
        f"{facts['imports']} dependencies between files, {facts['cycles']} cycles",
        f"API: {doors or 'nothing found'}",
        f"read {read['files']} blobs ({read['bytes'] / 1e6:.1f} MB), {read['known']} were known",
        f"cache {cache['path']} ({cache['bytes'] / 1e6:.1f} MB, {cache['hit_rate']:.0%} hits)",
    ]
    steps = ", ".join(f"{name} {one['seconds']:.2f}" for name, one in facts["steps"].items())
    lines.append(f"{facts['seconds']:.2f} s ({steps}), {facts['peak_mb']:.0f} MB at most")
    return "\n".join(lines)
