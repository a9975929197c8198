"""`towpath backlog`: what there is to do, in order, and why in this order (B1, B2, B4, B5).

Promises: works on any folder, with the database in Towpath's home; reading in again changes
nothing; a broken document is said with its line and the rest of it is read. Titles of strangers are
shown without what could steer a terminal. Never: asks GitHub.
"""

from __future__ import annotations

import getpass
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.exits import Exit
from bot.cli.repository_ids import repository_id
from bot.settings import load_settings
from bot.texts import backlog as texts
from bot.texts.terminal import harmless

if TYPE_CHECKING:
    from bot.backlog.reading import Reading
    from bot.backlog.store import Backlog

STATES = ("NEW", "REFINED", "READY", "DOING", "PR", "DONE", "BLOCKED")
FAMILIES = ("feature", "bug", "security", "debt", "test", "docs", "operations")
LOCAL = "local"

_NUMBER = click.IntRange(1, 2**62)
_OPEN = ("NEW", "REFINED", "READY", "DOING", "PR", "BLOCKED")


@click.group()
@click.option("--home", type=click.Path(file_okay=False, path_type=Path),
              help="Folder of the database. Default: the setting.")  # fmt: skip
@click.option("--repository", default=LOCAL, metavar="ID",
              help="A repository's id or name. Default: a backlog of its own.")  # fmt: skip
@click.pass_context
def backlog(ctx: click.Context, home: Path | None, repository: str) -> None:
    """List, add, read in and write out what is to be done."""
    ctx.obj = (home, repository)


@backlog.command("list")
@click.option("--state", "states", multiple=True, help="Only these (repeatable).",
              type=click.Choice(STATES, case_sensitive=False))  # fmt: skip
@click.option("--family", "families", multiple=True, help="Only these (repeatable).",
              type=click.Choice(FAMILIES, case_sensitive=False))  # fmt: skip
@click.option("--limit", type=click.IntRange(0, 1_000_000), default=20, show_default=True)
@click.option("--all", "everything", is_flag=True, help="Those that are done, too, and no limit.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_items(
    at: tuple[Path | None, str],
    states: tuple[str, ...],
    families: tuple[str, ...],
    limit: int,
    everything: bool,
    as_json: bool,
) -> None:
    """Show the items in the order in which they are worked on."""
    from bot.story.item_events import ItemState

    store, repository = _open(*at)
    wanted = states or (STATES if everything else _OPEN)
    chosen = [ItemState(one.upper()) for one in wanted]
    most = 2**31 if everything else limit
    ranked = store.next(repository, most, chosen, {one.lower() for one in families} or None)
    counts = store.counts(repository)
    rows = [_described(store, repository, one.number) for one in ranked]
    if as_json:
        click.echo(json.dumps({"repository": repository, "counts": counts, "items": rows}))
        return
    if not rows:
        click.echo(texts.NONE_LIKE_IT if counts else texts.NOTHING)
        return
    click.echo(texts.HEAD)
    for one in rows:
        click.echo(texts.row(one, harmless(one["title"])))
    whole = sum(number for state, number in counts.items() if state in wanted)
    if not families and len(rows) < whole:
        click.echo(texts.more(len(rows), whole))


@backlog.command()
@click.argument("number", type=_NUMBER)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(at: tuple[Path | None, str], number: int, as_json: bool) -> None:
    """Show an item, and where each of its fields comes from."""
    from bot.backlog.store import NoItem

    store, repository = _open(*at)
    try:
        one = _described(store, repository, number)
    except NoItem as missing:
        raise click.UsageError(texts.no_item(number)) from missing
    if as_json:
        click.echo(json.dumps(one))
        return
    for line in texts.shown(one, harmless(one["title"])):
        click.echo(harmless(line))
    if one["body"]:
        click.echo("")
        for line in one["body"].splitlines():
            click.echo(f"  {harmless(line)}")


@backlog.command()
@click.argument("title")
@click.option("--body", default="", help="More about it, Markdown.")
@click.option("--family", type=click.Choice(FAMILIES, case_sensitive=False))
@click.option("--label", "labels", multiple=True, help="Repeatable.")
@click.option("--value", metavar="N", help="Business value: 1, 2, 3, 5, 8, 13 or a word.")
@click.option("--time", metavar="N", help="Time criticality.")
@click.option("--risk", metavar="N", help="Risk reduction.")
@click.option("--size", metavar="N", help="Job size.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def add(
    at: tuple[Path | None, str],
    title: str,
    body: str,
    family: str | None,
    labels: tuple[str, ...],
    as_json: bool,
    **numbers: str | None,
) -> None:
    """Add an item; one of the same title is given what is new in it."""
    from bot.backlog.added import Unusable
    from bot.backlog.added import add as add_item

    given = {name: _number(name, told) for name, told in numbers.items() if told is not None}
    store, repository = _open(*at)
    try:
        number, known = add_item(
            store,
            repository,
            title,
            body=body,
            family=(family or "").lower(),
            labels=labels,
            inputs=given,
            by=getpass.getuser(),
            source="command line",
        )
    except Unusable as no:
        raise click.UsageError(str(no)) from no
    if as_json:
        click.echo(json.dumps(_described(store, repository, number)))
    else:
        click.echo(texts.added(number, known=known))


@backlog.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--kind", metavar="NAME", help="Read them as this, whatever they look like.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def import_documents(
    at: tuple[Path | None, str],
    paths: tuple[Path, ...],
    kind: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read documents (or folders of them) into the backlog.

    Exit status 1 when a part of a document could not be read.
    """
    from bot.backlog.reading import of_one_look
    from bot.backlog.sources import UnknownSource
    from bot.backlog.sources.folder import documents_in

    store, repository = _open(*at)
    result: list[dict[str, Any]] = []
    lost = False
    try:
        found = list(documents_in(paths, kind, store.places(repository)))
        for told in found:
            if told.named and told.problem:
                lost = True
                click.echo(texts.unreadable(harmless(told.place), told.problem), err=True)
            elif told.named and not told.readings:
                lost = True
                click.echo(texts.nothing_known(harmless(told.place)), err=True)
        for reading in of_one_look([one for told in found for one in told.readings]):
            result.append(_take(store, repository, reading, dry=dry_run, quiet=as_json))
            lost = lost or any(fault.loses for fault in reading.faults)
    except UnknownSource as unknown:
        raise click.UsageError(texts.unknown_kind(unknown.name, unknown.known)) from unknown
    if as_json:
        click.echo(json.dumps({"repository": repository, "dry_run": dry_run, "documents": result}))
    else:
        sums = [
            sum(one[name] for one in result) for name in ("found", "changed", "unchanged", "gone")
        ]
        click.echo(texts.total(*sums, dry=dry_run))
    sys.exit(Exit.FAILED if lost else Exit.OK)


@backlog.command()
@click.option("--format", "form", default="yaml", show_default=True,
              type=click.Choice(("yaml", "json", "csv", "md")))  # fmt: skip
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: printed.")
@click.option("--all", "everything", is_flag=True, help="Those that are done, too.")
@click.pass_obj
def export(at: tuple[Path | None, str], form: str, output: Path | None, everything: bool) -> None:
    """Write the backlog out, in a form that can be read in again."""
    from bot.backlog.export import exported
    from bot.story.item_events import ItemState

    store, repository = _open(*at)
    states = [ItemState(one) for one in (STATES if everything else _OPEN)]
    text = exported(store.items(repository, states), form)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8", newline="\n")


# -- what they share ---------------------------------------------------------------------------


def _open(home: Path | None, repository: str) -> tuple[Backlog, str]:
    """The backlog, and the id of the repository that is meant."""
    from bot.backlog.scoring import scoring
    from bot.backlog.store import Backlog
    from bot.story.database import open_database
    from bot.story.journal import Journal

    settings = load_settings(**({"home": home} if home else {}))
    url = f"sqlite:///{home / 'towpath.db'}" if home else settings.effective_database_url
    engine = open_database(url)
    click.get_current_context().call_on_close(engine.dispose)
    journal = Journal(engine, lambda: datetime.now(UTC))
    return Backlog(journal, scoring()), repository_id(journal, repository)


def _described(store: Backlog, repository: str, number: int) -> dict[str, Any]:
    from bot.backlog.described import described

    item = store.item(repository, number)
    return described(item, store.base(item), store.clock())


def _take(
    store: Backlog, repository: str, reading: Reading, *, dry: bool, quiet: bool
) -> dict[str, Any]:
    taken = store.take(repository, reading, dry=dry)
    for fault in taken.faults:
        click.echo(texts.fault(harmless(reading.place), fault.line, harmless(fault.what)), err=True)
    counts = {
        "found": len(taken.found),
        "changed": len(taken.changed) + len(taken.joined),
        "unchanged": taken.unchanged,
        "gone": len(taken.gone),
    }
    if not quiet:
        click.echo(texts.imported(harmless(reading.place), reading.source, counts))
    faults = [{"line": one.line, "what": one.what, "loses": one.loses} for one in taken.faults]
    about = {"place": reading.place, "source": reading.source, "complete": reading.complete}
    return {**about, **counts, "merged": len(taken.merged), "faults": faults}


def _number(name: str, told: str) -> int:
    from bot.backlog.words import number_of

    number = number_of(told, name)
    if number is None:
        raise click.UsageError(
            f"--{name}: expected one of 1, 2, 3, 5, 8, 13, or a word such as low."
        )
    return number
