"""`towpath audit`: the journal, read.

Promises: only reads; exit status 1 when the chain of hashes does not hold. What strangers wrote is
printed as JSON, so that it cannot steer a terminal.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.cli.exits import Exit
from bot.settings import Settings, load_settings
from bot.texts import operator as texts

if TYPE_CHECKING:
    from bot.story.journal import Journal


@click.group()
def audit() -> None:
    """Show and verify the journal."""


@audit.command()
@click.argument("stream", required=False)
def verify(stream: str | None) -> None:
    """Recompute the chain of hashes of STREAM, or of all."""
    journal = _journal(load_settings())
    if stream is not None and journal.stream(stream) is None:
        raise click.UsageError(texts.no_stream(stream))
    broken = journal.verify(stream)
    for one in broken:
        click.echo(texts.broken(one.stream, one.seq, one.what))
    if broken:
        sys.exit(Exit.FAILED)
    click.echo(texts.CHAIN_HOLDS)


@audit.command()
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True)
def streams(limit: int) -> None:
    """List the streams as JSON, one a line, first the one that has waited longest."""
    for row in _journal(load_settings()).streams(limit=limit):
        about = {
            "stream": row.stream,
            "kind": row.kind,
            "state": row.state,
            "repository": row.repository,
            "issue": row.issue,
            "events": row.version,
            "updated_at": row.updated_at.isoformat(),
            "title": row.title,
        }
        click.echo(json.dumps(about))


@audit.command()
@click.argument("stream")
def show(stream: str) -> None:
    """Print the events of STREAM as JSON, one a line."""
    found = _journal(load_settings()).load(stream)
    if not found:
        raise click.UsageError(texts.no_stream(stream))
    for record in found:
        about = {"seq": record.seq, "at": record.at.isoformat(), "actor": record.actor}
        told = record.event.model_dump(mode="json")
        click.echo(json.dumps({**about, "event": told, "hash": record.hash}))


def _journal(settings: Settings) -> Journal:
    """The journal, if there is one: looking must not make a new one in the wrong folder."""
    from bot.story.database import open_database
    from bot.story.journal import Journal

    if settings.database_url is None and not (settings.home / "towpath.db").exists():
        raise click.UsageError(texts.nothing_in(str(settings.home)))
    engine = open_database(settings.effective_database_url)
    click.get_current_context().call_on_close(engine.dispose)
    return Journal(engine, lambda: datetime.now(UTC))
