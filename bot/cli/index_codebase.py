"""`towpath index`: read a repository into the cache and say what is in it.

Promises: only the repository's cache is written; what did not change since the last time is not
read again. Never: a model, the network, or code of the repository.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from bot.codebase.blobs import NoSuchRevision, git_dir_of
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import Store
from bot.texts import index as texts
from bot.workspace.git import GitFailed


def open_snapshot(path: Path, revision: str | None, store: Store) -> Snapshot:
    """The snapshot of a revision of PATH, or of the folder as it is when it is no repository.

    Raises click.ClickException for a revision that is not there.
    """
    git_dir = git_dir_of(path)
    try:
        if git_dir is not None:
            return Snapshot.at(git_dir, revision or "HEAD", store)
    except NoSuchRevision:
        raise click.ClickException(texts.no_commit(revision or "HEAD", str(path))) from None
    except GitFailed as problem:
        raise click.ClickException(texts.not_readable(str(path), str(problem))) from None
    if revision is not None:
        raise click.ClickException(texts.no_repository(str(path), revision))
    return Snapshot.of_folder(path, store)


def cache_folder(given: Path | None) -> Path:
    """The folder given, else `codebase` in the home; made if missing. Raises ClickException."""
    if given is None:
        from bot.settings import load_settings

        given = load_settings().home / "codebase"
    try:
        given.mkdir(parents=True, exist_ok=True)
        if not os.access(given, os.W_OK | os.X_OK):
            raise PermissionError(f"{given} is not writable")
    except OSError as problem:
        raise click.ClickException(texts.no_cache(str(given), str(problem))) from None
    return given


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
        raise click.UsageError(texts.ONE_STATE)
    from bot.codebase.layers import measured

    def opened() -> Snapshot:
        if worktree:
            return Snapshot.of_folder(path, store)
        return open_snapshot(path, revision, store)

    with Store(cache_folder(cache)) as store:
        facts = measured(opened, None if worktree else git_dir_of(path), store)
    click.echo(json.dumps(facts, indent=2) if as_json else texts.indexed(facts))
