"""`towpath discover`: what a folder itself says there is to do (B3, B13).

Promises: reads the files of the folder as they are and writes nothing; the same files give the same
bytes; errors go to stderr. What a repository says is printed so that it cannot steer a terminal.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.texts import backlog as backlog_texts
from bot.texts import discover as texts
from bot.texts.terminal import harmless

if TYPE_CHECKING:
    from bot.backlog.discovery import Discovered


@click.command()
@click.argument("path", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only look; keep nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option(
    "--blame/--no-blame",
    default=None,
    help="Ask git who wrote each. Default: if that takes few processes.",
)
def discover(path: Path, dry_run: bool, as_json: bool, blame: bool | None) -> None:
    """List what the comments in PATH (default: here) say is to be done, ranked."""
    from bot.backlog.discovery import Place, discover
    from bot.backlog.todo.scan import Folder
    from bot.workspace.git import GitFailed

    try:
        found = discover(Place(Folder.of(path), blame, _broken))
    except (GitFailed, OSError) as problem:
        raise click.ClickException(texts.not_readable(str(path), str(problem))) from None
    if as_json:
        click.echo(json.dumps([one.as_dict() for one in found], indent=2))
        return
    for one in found:
        click.echo(harmless(_row(one)))
    click.echo(texts.counted([one.kind for one in found]))


def _broken(place: str, line: int, what: str) -> None:
    click.echo(harmless(backlog_texts.fault(place, line, what)), err=True)


def _row(one: Discovered) -> str:
    by = one.more.get("author")
    return f"{one.wsjf:6.2f}  {one.kind:5}  {one.file}:{one.line}  {one.title}" + (
        f"  ({by})" if by else ""
    )
