"""`towpath context`: what a model would be shown of a repository for a text (M10)."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from bot.cli.index_codebase import cache_folder, open_snapshot
from bot.codebase.blobs import git_dir_of
from bot.codebase.budget import TooBig
from bot.codebase.context import Context
from bot.codebase.project import Project
from bot.codebase.store import Store
from bot.texts import context as texts
from bot.texts.terminal import harmless


@click.command(name="context")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--text", required=True, help="What is to be done, e.g. the text of an issue.")
@click.option("--tokens", type=click.IntRange(100, 1_000_000), default=8_000, show_default=True)
@click.option("--target", "targets", multiple=True, help="A file that will surely be changed.")
@click.option("--create", "created", multiple=True, help="A file that will be new.")
@click.option("--at", "revision", help="Commit, branch or tag. Default: HEAD.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder to use.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def context(
    path: Path,
    text: str,
    tokens: int,
    targets: tuple[str, ...],
    created: tuple[str, ...],
    revision: str | None,
    cache: Path | None,
    as_json: bool,
) -> None:
    """Show the files of PATH that fit TEXT, in the forms that fit the budget."""
    with Store(cache_folder(cache)) as store:
        project = Project.of(open_snapshot(path, revision, store), git_dir_of(path))
        try:
            chosen = project.context(text, tokens, targets=targets, created=created)
        except TooBig as problem:
            raise click.UsageError(
                texts.too_big(problem.names, problem.tokens, problem.limit)
            ) from problem
        rates = [str(rate) for rate in project.rates()]
    if as_json:
        click.echo(json.dumps({**_plain(chosen), "caches": rates}))
        return
    click.echo(lines_of(chosen.render()))
    for one in chosen.shown:
        why = "; ".join(one.reasons)
        click.echo(
            lines_of(f"{one.tokens:6} {one.form:8} {one.path} [{one.layer.name.lower()}] {why}"),
            err=True,
        )
    used = texts.context_used(chosen.tokens, chosen.limit, len(chosen.shown), len(chosen.left_out))
    click.echo("\n".join([used, *rates]), err=True)


def lines_of(text: str) -> str:
    """What a repository says in lines, so that it cannot steer a terminal."""
    return harmless(text.replace("\r\n", "\n"), "\n\t")


def _plain(chosen: Context) -> dict[str, object]:
    files = [{**asdict(one), "layer": one.layer.name.lower()} for one in chosen.shown]
    return {
        "tokens": chosen.tokens,
        "limit": chosen.limit,
        "files": files,
        "left_out": chosen.left_out,
    }
