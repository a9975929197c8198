"""`towpath inbox`: deliveries that were given up on, and another chance for them.

Promises: a replayed delivery goes the way of a new one; what was handled before is not handled
twice. Never prints a payload.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from bot.settings import Settings, load_settings
from bot.texts import operator as texts

if TYPE_CHECKING:
    from redis import Redis

MOST = 10_000


@click.group()
def inbox() -> None:
    """Show and replay deliveries that were given up on."""


@inbox.command("list")
@click.option("--limit", type=click.IntRange(1, MOST), default=100, show_default=True)
def list_(limit: int) -> None:
    """List what was given up on as JSON, one a line, the newest first."""
    from bot.queue.inbox import Inbox

    with open_queue(load_settings()) as redis:
        found = Inbox(redis)
        counts = found.counts()
        for letter in found.dead(limit):
            click.echo(json.dumps(vars(letter)))
    click.echo(texts.inbox_counts(counts.waiting, counts.taken, counts.dead), err=True)


@inbox.command()
@click.argument("ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Everything that was given up on.")
def replay(ids: tuple[str, ...], every: bool) -> None:
    """Handle the deliveries with these IDS (of `inbox list`) again."""
    from bot.queue.inbox import Inbox
    from bot.queue.wakeups import request_drain

    if bool(ids) == every:
        raise click.UsageError(texts.IDS_OR_ALL)
    with open_queue(load_settings()) as redis:
        found = Inbox(redis)
        letters = [letter.id for letter in found.dead(MOST)]
        unknown = [one for one in ids if one not in letters]
        if unknown:
            raise click.UsageError(texts.no_dead_letter(unknown))
        # the oldest first, in the order in which they came
        replayed = [one for one in reversed(letters) if (every or one in ids) and found.replay(one)]
        request_drain(redis)
    click.echo(texts.replayed(len(replayed)))


@contextmanager
def open_queue(settings: Settings) -> Iterator[Redis]:
    """The queue; an embedded server that was not up is up for this block only."""
    from redis import Redis
    from redis.exceptions import RedisError

    from bot.queue.embedded import EmbeddedServer

    if settings.redis_url is not None:
        with Redis.from_url(settings.redis_url) as redis:
            yield redis
        return
    server = EmbeddedServer(settings.home)
    if not server.folder.is_dir():  # looking must not make a new one in the wrong folder
        raise click.UsageError(texts.nothing_in(str(settings.home)))
    with Redis.from_url(server.url) as redis:
        try:
            redis.ping()
            was_up = True
        except RedisError:
            was_up = False
            server.start()
        try:
            yield redis
        finally:
            if not was_up:
                server.stop()
