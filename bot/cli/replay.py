"""`towpath replay`: a delivery handed to the handlers once more, and what that changed.

Promises: what was told before is told no second time, so a delivery can be replayed as often as one
likes; with --dry-run nothing changes at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.inbox import open_queue
from bot.cli.needed_settings import settings_for
from bot.settings import Settings
from bot.texts import explain as texts

if TYPE_CHECKING:
    from bot.queue.delivery import Delivery
    from bot.wiring import House

_LARGEST = 25 * 1024 * 1024


@click.command()
@click.argument("delivery")
@click.option("--event", help="X-GitHub-Event of a file that holds only the payload.")
@click.option("--dry-run", is_flag=True, help="Say what would change; nothing does.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def replay(delivery: str, event: str | None, dry_run: bool, as_json: bool) -> None:
    """Hand DELIVERY (its GUID in the inbox, or a file) to the handlers again."""
    from bot.cli.rehearsal import rehearsal, since, versions
    from bot.wiring import House

    settings = settings_for(github=True)
    with open_queue(settings):
        found = _found(settings, delivery, event)
        house = House(settings)
        streams = _around(house, found)
        if dry_run:
            with rehearsal(house, streams) as stage:
                before = versions(stage, streams)
                handled = _hand(stage, found)
                news = since(stage, before)
        else:
            before = versions(house, streams)
            handled = _hand(house, found)
            news = since(house, before)
    events = [
        {"stream": name, **record.event.model_dump(mode="json")}
        for name, records in news.items()
        for record in records
    ]
    shown = {"delivery": found.guid, "event": found.event, "outcome": handled, "events": events}
    click.echo(json.dumps(shown) if as_json else texts.replayed(shown, dry_run))


def _hand(house: House, delivery: Delivery) -> str:
    import handlers

    return handlers.handle(delivery, house.office)


def _found(settings: Settings, named: str, event: str | None) -> Delivery:
    """A delivery by its GUID, or in a file. Raises UsageError."""
    from redis import Redis

    from bot.queue.embedded import redis_url
    from bot.queue.inbox import Inbox

    file = Path(named)
    if file.is_file():
        return _of_file(file, event)
    with Redis.from_url(redis_url(settings)) as redis:
        kept = Inbox(redis).find(named)
    if kept is None:
        raise click.UsageError(texts.no_delivery(named))
    return kept.delivery()


def _of_file(file: Path, event: str | None) -> Delivery:
    from bot.queue.delivery import Delivery, MalformedDelivery, parse_payload

    try:
        with file.open("rb") as opened:
            told = parse_payload(opened.read(_LARGEST))
    except MalformedDelivery as error:
        raise click.UsageError(str(error)) from None
    inner = told.get("payload")
    named = event or told.get("event")
    payload = inner if isinstance(inner, Mapping) else told
    if not isinstance(named, str):
        raise click.UsageError(texts.EVENT_NEEDED)
    guid = told.get("guid")
    return Delivery(str(guid or file.name), named, payload, datetime.now(UTC))


def _around(house: House, delivery: Delivery) -> list[str]:
    """The streams that a delivery can be about: those of its repository."""
    from bot.story.office import stream_of
    from bot.story.repositories import repository_stream

    repository: Any = delivery.payload.get("repository") or {}
    number, name = repository.get("id"), repository.get("full_name")
    if not isinstance(number, int) or not isinstance(name, str):
        raise click.UsageError(texts.NO_REPOSITORY)
    about: Any = delivery.payload.get("issue") or {}
    issue = about.get("number")
    streams = [row.stream for row in house.journal.page("story", "", None, name, 10_000)]
    new = [stream_of(number, issue)] if isinstance(issue, int) else []
    return list(dict.fromkeys([repository_stream(number), *streams, *new]))
