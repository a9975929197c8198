"""`towpath conventions`: how a project's code is written, and where that was seen (C5)."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bot.cli.index_codebase import cache_folder, open_snapshot
from bot.cli.show_context import lines_of
from bot.codebase.blobs import git_dir_of
from bot.codebase.profile import ProjectProfile, condensed
from bot.codebase.project import Project
from bot.codebase.store import Store
from bot.texts import context as texts


@click.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--at", "revision", help="Commit, branch or tag. Default: HEAD.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder to use.")
@click.option("--for", "targets", multiple=True, help="A file whose instructions are wanted.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def conventions(
    path: Path, revision: str | None, cache: Path | None, targets: tuple[str, ...], as_json: bool
) -> None:
    """Say how the project at PATH is written, with evidence."""
    with Store(cache_folder(cache)) as store:
        project = Project.of(open_snapshot(path, revision, store), git_dir_of(path))
        profile, told = project.profile, project.instructions(targets)
        rates = [str(rate) for rate in project.rates()]
    if as_json:
        click.echo(json.dumps({**profile.as_dict(), "told": told, "caches": rates}))
        return
    click.echo(lines_of(condensed(profile, 5_000)) or texts.NOTHING_FOUND)
    _evidence(profile)
    for name, text in told.items():
        click.echo(lines_of(f"\n{texts.told_by(name)}\n{text}"))
    click.echo("\n" + "\n".join(rates))


def _evidence(profile: ProjectProfile) -> None:
    click.echo()
    for question, one in profile.styles.items():
        said = texts.certain(one.share, one.confidence, one.seen, one.evidence)
        click.echo(lines_of(f"{question}: {one.value} ({said})"))
