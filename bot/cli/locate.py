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

from bot.settings import load_settings

if TYPE_CHECKING:
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
        raise click.UsageError("Give one of --text and --queries.")
    from bot.codebase.store import Store

    with Store(cache or load_settings().home / "codebase") as store:
        if queries is not None:
            _answer_lines(path, queries, revision, most, store)
            return
        asked = sys.stdin.read() if text == "-" else (text or "")
        search = _search(path, revision or "HEAD", store)
        if search is None:
            raise click.UsageError(f"No commit {revision!r} in {path}.")
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
    made: tuple[str, Search | None] | None = None
    answered = skipped = 0
    for line in _lines(queries):
        own = next((line[key] for key in _REVISION_KEYS if isinstance(line.get(key), str)), None)
        at = revision or own or "HEAD"
        if made is None or made[0] != at:
            made = (at, _search(path, at, store, made[1] if made else None))
        if made[1] is None:
            skipped += 1
            continue
        about = {"id": line["id"]} if "id" in line else {}
        found = made[1].find(line["text"], files=most, definitions=most)
        click.echo(json.dumps({**about, **_row(found)}))
        answered += 1
    if skipped:
        click.echo(f"{skipped} lines name commits that {path} does not have.", err=True)
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
            raise click.UsageError(f"Line {number} is not a JSON object with a `text`.")
        yield row


def _search(path: Path, revision: str, store: Store, other: Search | None = None) -> Search | None:
    """The search in a commit, or in a folder without git as it is; None: no such commit.

    `other`: in another commit, which saves what they share.
    """
    from bot.codebase.blobs import NoSuchRevision, git_dir_of
    from bot.codebase.history import History
    from bot.codebase.search import Search
    from bot.codebase.snapshot import Snapshot
    from bot.workspace.git import GitFailed

    git_dir = git_dir_of(path)
    if git_dir is None:
        return Search(Snapshot.of_folder(path, store), History([]))
    try:
        if other is not None:
            return other.advanced(git_dir, revision)
        return Search.at(git_dir, revision, store)
    except NoSuchRevision:
        return None
    except GitFailed as problem:
        raise click.ClickException(f"{path} cannot be read by git: {problem}") from None


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
        click.echo("Nothing here fits the text.")
        return
    for one in found.files[:10]:
        click.echo(f"{one.score:.3f}  {_plain(one.path)}")
        click.echo(f"       {_plain('; '.join(one.reasons))}")
    click.echo("\nDefinitions")
    for part in found.definitions[:10]:
        where = f"{part.path}:{part.start}"
        click.echo(f"{part.score:.3f}  {_plain(part.qualname)}  ({part.kind}, {_plain(where)})")
    if found.tests:
        click.echo("\nTests")
        for one in found.tests[:5]:
            click.echo(f"{one.score:.3f}  {_plain(one.path)}")


def _plain(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)
