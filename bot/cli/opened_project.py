"""A repository on this machine, opened for the commands that only look at it.

Promises: reads; writes nothing but the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bot.codebase.blobs import NoSuchRevision, git_dir_of
from bot.codebase.project import Project
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import Store
from bot.settings import load_settings
from bot.texts import context as texts

CACHE = click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the index [default: `codebase` in the home of Towpath].",
)
AT = click.option("--at", "revision", default="HEAD", show_default=True, help="Commit to look at.")
PATH = click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))


@contextmanager
def opened(path: Path, revision: str, cache: Path | None) -> Iterator[Project]:
    """The project at a revision; a folder without git as it is. UsageError for a wrong revision."""
    with Store(cache or load_settings().home / "codebase") as store:
        git_dir = git_dir_of(path)
        if git_dir is None:
            if revision != "HEAD":
                raise click.UsageError(texts.no_repository(str(path)))
            yield Project(Snapshot.of_folder(path, store))
            return
        try:
            project = Project.at(git_dir, revision, store)
        except NoSuchRevision as problem:
            raise click.UsageError(str(problem)) from problem
        yield project
