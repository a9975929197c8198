"""`towpath lanes`: what goes on by itself, when it went on last, and what it waits for (B6).

Promises: only reads the journal; text of strangers is shown without what could steer a terminal.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bot.cli.repository_ids import repository_id
from bot.settings import load_settings
from bot.texts import lanes as texts
from bot.texts.operator import nothing_in
from bot.texts.terminal import harmless

if TYPE_CHECKING:
    from bot.story.journal import Journal
    from bot.story.lane_events import LaneEnded

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_RUNS = click.option("--runs", type=click.IntRange(1, 1000), default=1, show_default=True,
                     metavar="N", help="Tell of the last N runs.")  # fmt: skip


@click.group(invoke_without_command=True)
@click.option("--repository", metavar="OWNER/NAME", help="Only this one.")
@_RUNS
@_AS_JSON
@click.pass_context
def lanes(ctx: click.Context, repository: str | None, runs: int, as_json: bool) -> None:
    """Show every lane: its last run, when the next is due, what it waits for."""
    if ctx.invoked_subcommand is not None:
        return
    from bot.backlog.lanes.due import Calendar
    from bot.story.services import degraded

    journal = _journal(ctx)
    only = repository_id(journal, repository) if repository else None
    rows = [row for row in Calendar(journal).rows() if only in (None, str(row.id))]
    told = [
        {
            "repository": row.name,
            "id": row.id,
            "lane": row.lane,
            "next": row.due.isoformat() if row.due else None,
            "holder": row.holder,
            **_last(journal, row.stream, runs),
        }
        for row in rows
    ]
    away = [
        {"service": one.service, "since": one.since.isoformat(), "because": one.because}
        for one in degraded(journal)
    ]
    if as_json:
        click.echo(json.dumps({"lanes": told, "degraded": away}))
        return
    for service in away:
        click.echo(harmless(texts.degraded(service)))
    if not told:
        click.echo(texts.NONE)
    now, name = datetime.now(UTC), None
    for one in told:
        if one["repository"] != name:
            name = one["repository"]
            click.echo(f"{harmless(name or str(one['id']))}\n{texts.HEAD}")
        click.echo(harmless(texts.row(one, now)))
        for line in texts.waits(one):
            click.echo(harmless(line))
        for run in one["runs"][1:]:
            click.echo(harmless(texts.row({**run, "next": None, "holder": None}, now)))


@lanes.command()
@click.argument("repository")
@click.argument("lane")
@_RUNS
@_AS_JSON
@click.pass_context
def show(ctx: click.Context, repository: str, lane: str, runs: int, as_json: bool) -> None:
    """Show what the last run of LANE looked at, and what it decided, each with its reason."""
    from bot.backlog.lanes import NAMES
    from bot.backlog.lanes.history import artefacts, stream_of

    if lane not in NAMES:
        raise click.UsageError(texts.no_lane(harmless(lane), list(NAMES)))
    journal = _journal(ctx)
    number = repository_id(journal, repository)
    found = artefacts(journal, stream_of(int(number), lane), runs) if number.isdigit() else []
    if not found:
        raise click.ClickException(texts.not_run(lane, harmless(repository)))
    told = [described(at, one) for at, one in found]
    if as_json:
        click.echo(json.dumps({"repository": repository, "id": int(number), "runs": told}))
        return
    for one in told:
        for line in texts.artefact(one, repository):
            click.echo(harmless(line))


def described(at: datetime, one: LaneEnded) -> dict[str, Any]:
    """An artefact as a JSON object; keys are a contract."""
    return {
        "lane": one.lane,
        "run": one.run,
        "at": at.isoformat(),
        "outcome": one.outcome,
        "seconds": one.seconds,
        "by": one.by,
        "dry": one.dry,
        "idle": one.idle,
        "checkpoint": one.checkpoint,
        "inputs": dict(one.inputs),
        "counts": dict(one.counts),
        "decided": one.decided,
        "decisions": [
            {"item": item, "what": what, "why": why} for item, what, why in one.decisions
        ],
        "waits": [
            {"what": what, "reason": reason, "since": since.isoformat()}
            for what, reason, since in one.waits
        ],
        "error": one.error,
    }


def _last(journal: Journal, stream: str, runs: int) -> dict[str, Any]:
    """The last run of a lane, and those before it."""
    from bot.backlog.lanes.history import artefacts, history

    past = history(journal, stream)
    told = [described(at, one) for at, one in artefacts(journal, stream, runs)]
    names = ("run", "at", "outcome", "seconds", "counts", "waits", "error")
    empty = {"counts": {}, "waits": [], "error": ""}
    last = {name: told[0][name] if told else empty.get(name) for name in names}
    since = past.since.isoformat() if past.since else None
    return {**last, "running_since": since, "runs": told}


def _journal(ctx: click.Context) -> Journal:
    from bot.story.database import open_database
    from bot.story.journal import Journal

    settings = load_settings()
    if settings.database_url is None and not (settings.home / "towpath.db").exists():
        raise click.UsageError(nothing_in(str(settings.home)))  # and none is made by looking
    engine = open_database(settings.effective_database_url)
    ctx.call_on_close(engine.dispose)
    return Journal(engine, lambda: datetime.now(UTC))
