"""`towpath locate`: the files and definitions that a text is about.

Promises: no model, no network; reads the repository's committed state and writes only its cache.
The same input prints the same bytes. What a repository names is printed so that it cannot steer a
terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from bot.cli.index_codebase import cache_folder
from bot.texts import index as texts
from bot.texts.terminal import harmless

if TYPE_CHECKING:
    from bot.codebase.graph import Graph
    from bot.codebase.search import Found, FoundFile, Search
    from bot.codebase.store import Store

_REVISION_KEYS = ("base_commit", "at", "commit")


@click.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--text", help="An issue, a commit message, a traceback; `-` reads it from stdin.")
@click.option(
    "--queries",
    type=click.File(encoding="utf-8"),
    help="JSON lines with `text`, and if wanted `id` and `base_commit`; answers are JSON lines.",
)
@click.option("--at", "revision", help="Commit, branch or tag. Default: a line's own, else HEAD.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer to --text as JSON.")
@click.option("--files", "most", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the index. Default: `codebase` in the home.",
)
def locate(
    path: Path,
    text: str | None,
    queries: IO[str] | None,
    revision: str | None,
    as_json: bool,
    most: int,
    cache: Path | None,
) -> None:
    """Rank the files and definitions of the repository at PATH by what a text is about."""
    if (text is None) == (queries is None):
        raise click.UsageError(texts.ONE_QUESTION)
    from bot.codebase.store import Store

    with Store(cache_folder(cache)) as store:
        if queries is not None:
            _answer_lines(path, queries, revision, most, store)
            return
        asked = sys.stdin.read() if text == "-" else (text or "")
        search = _Searches(path, store).at(revision or "HEAD")
        if search is None:
            raise click.UsageError(texts.no_commit(revision or "HEAD", str(path)))
        found = search.find(asked, files=most, definitions=most)
    if as_json:
        click.echo(json.dumps(_row(found)))
    else:
        _print(found)


def _answer_lines(
    path: Path, queries: IO[str], revision: str | None, most: int, store: Store
) -> None:
    """One answer a line, in the order of the questions; what is not of this repository is skipped.

    A file may hold questions about several repositories: their commits tell them apart.
    """
    searches = _Searches(path, store)
    answered = skipped = 0
    for line in _lines(queries):
        own = next((line[key] for key in _REVISION_KEYS if isinstance(line.get(key), str)), None)
        search = searches.at(revision or own or "HEAD")
        if search is None:
            skipped += 1
            continue
        about = {"id": line["id"]} if "id" in line else {}
        found = search.find(line["text"], files=most, definitions=most)
        click.echo(json.dumps({**about, **_row(found)}))
        answered += 1
    if skipped:
        click.echo(texts.lines_skipped(skipped, str(path)), err=True)
        if not answered:
            sys.exit(1)


def _lines(queries: IO[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(queries, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise click.UsageError(texts.not_a_question(number))
        yield row


class _Searches:
    """The search in one commit after another, each made from the one before."""

    def __init__(self, path: Path, store: Store) -> None:
        self._path = path
        self._store = store
        self._last: tuple[str, Search | None] | None = None
        self._graph: Graph | None = None

    def at(self, revision: str) -> Search | None:
        """The search in a commit, or in a folder without git as it is; None: no such commit."""
        if self._last is None or self._last[0] != revision:
            self._last = (revision, self._made(revision))
        return self._last[1]

    def _made(self, revision: str) -> Search | None:
        from bot.codebase.blobs import NoSuchRevision, git_dir_of
        from bot.codebase.graph import Graph
        from bot.codebase.history import History
        from bot.codebase.search import Search, history_of
        from bot.codebase.snapshot import Snapshot
        from bot.workspace.git import GitFailed

        git_dir = git_dir_of(self._path)
        if git_dir is None:
            return Search(Snapshot.of_folder(self._path, self._store), History([]))
        try:
            if self._graph is None:
                snapshot = Snapshot.at(git_dir, revision, self._store)
                self._graph = Graph.of(snapshot)
            else:
                snapshot = self._graph.snapshot.advanced(revision)
                self._graph = self._graph.advanced(snapshot)
            return Search(snapshot, history_of(snapshot, git_dir), self._graph)
        except NoSuchRevision:
            return None
        except GitFailed as problem:
            raise click.ClickException(texts.not_readable(str(self._path), str(problem))) from None


def _row(found: Found) -> dict[str, Any]:
    return {
        "files": [one.path for one in found.files],
        "functions": [f"{one.path}::{one.qualname}" for one in found.definitions],
        "ranked": [_file(one) for one in found.files],
        "definitions": [
            {
                "path": one.path,
                "name": one.qualname,
                "kind": one.kind,
                "start": one.start,
                "end": one.end,
                "score": one.score,
                "reasons": one.reasons,
            }
            for one in found.definitions
        ],
        "tests": [_file(one) for one in found.tests],
    }


def _file(one: FoundFile) -> dict[str, Any]:
    signals = {name: round(value, 4) for name, value in one.signals.items()}
    return {"path": one.path, "score": one.score, "signals": signals, "reasons": one.reasons}


def _print(found: Found) -> None:
    if not found.files:
        click.echo(texts.NOTHING_FITS)
        return
    for one in found.files[:10]:
        click.echo(f"{one.score:.3f}  {harmless(one.path)}")
        click.echo(f"       {harmless('; '.join(one.reasons))}")
    click.echo("\nDefinitions")
    for part in found.definitions[:10]:
        where = f"{part.path}:{part.start}"
        click.echo(f"{part.score:.3f}  {harmless(part.qualname)}  ({part.kind}, {harmless(where)})")
    if found.tests:
        click.echo("\nTests")
        for one in found.tests[:5]:
            click.echo(f"{one.score:.3f}  {harmless(one.path)}")
