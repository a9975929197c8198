"""`towpath impact`: what else may notice when a file or a definition changes.

Promises: the same commit prints the same bytes; what a repository names cannot steer a terminal.
Never: runs code of the repository.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bot.cli.index_codebase import cache_folder, open_snapshot
from bot.codebase.impact import Impact, NoSuchPlace
from bot.codebase.impact import impact as impact_of
from bot.codebase.store import Store
from bot.texts import index as texts
from bot.texts.terminal import harmless

_SHOWN = 25  # lines of each kind


@click.command("impact")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("place", metavar="FILE[:SYMBOL]")
@click.option("--at", "revision", help="Commit, branch or tag. Default: HEAD.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder to use.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def impact(path: Path, place: str, revision: str | None, cache: Path | None, as_json: bool) -> None:
    """Say who calls and imports FILE (or SYMBOL in it), which tests cover it, and its API."""
    from bot.codebase.graph import Graph
    from bot.codebase.symbols import Symbols

    file, _, symbol = place.partition(":")
    with Store(cache_folder(cache)) as store:
        snapshot = open_snapshot(path, revision, store)
        try:
            found = impact_of(
                snapshot,
                Graph.of(snapshot),
                Symbols.of(snapshot),
                file.removeprefix("./"),
                symbol.lstrip(":") or None,
            )
        except NoSuchPlace as problem:
            raise click.ClickException(texts.no_place(str(problem))) from None
    click.echo(json.dumps(_row(found)) if as_json else _told(found))


def _row(found: Impact) -> dict[str, Any]:
    return {
        "path": found.path,
        "symbol": found.symbol,
        "callers": [asdict(one) for one in found.callers],
        "importers": [{"path": p, "distance": far} for p, far in found.importers.items()],
        "tests": [asdict(one) for one in found.tests],
        "api": [{"path": door.path, **asdict(door.entry)} for door in found.api],
        "files": found.files(),
    }


def _told(found: Impact) -> str:
    callers = [
        f"{one.path}:{one.line}" + (f" in {one.inside}" if one.inside else "")
        for one in found.callers
    ]
    importers = [f"{path} (distance {far})" for path, far in found.importers.items()]
    tests = [f"{one.path} ({one.reason})" for one in found.tests]
    doors = [
        f"{door.entry.kind} {door.entry.name} ({door.path}:{door.entry.line})" for door in found.api
    ]
    parts = (("callers", callers), ("importers", importers), ("tests", tests), ("API", doors))
    return "\n".join(line for name, lines in parts for line in _listed(name, lines))


def _listed(name: str, lines: list[str]) -> list[str]:
    shown = [f"  {harmless(line)}" for line in lines[:_SHOWN]]
    more = [f"  and {len(lines) - _SHOWN} more (--json shows all)"] if len(lines) > _SHOWN else []
    return [f"{name}: {len(lines)}", *shown, *more]
