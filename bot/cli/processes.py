"""The processes of a running Towpath, one command each, as the Procfile starts them.

Promises: each refuses to start without the settings it cannot work without; each ends at SIGTERM
or SIGINT after the work at hand. Any number of each may run.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from bot.cli.log_lines import write_log
from bot.cli.needed_settings import settings_for
from bot.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

LOG = click.option(
    "--log",
    "log_as",
    type=click.Choice(["plain", "json"]),
    default="plain",
    show_default=True,
    help="How lines of the log look.",
)


def _begin(log_as: str, **needs: bool) -> Settings:
    settings = settings_for(**needs)
    write_log(as_json=log_as == "json", settings=settings)
    return settings


@click.command()
@LOG
def web(log_as: str) -> None:
    """Receive webhooks on TOWPATH_BIND_HOST:TOWPATH_BIND_PORT."""
    settings = _begin(log_as, door=True)
    from bot.door.serve import serve_web

    serve_web(settings, _plain_app if log_as == "plain" else _json_app)


@click.command()
@LOG
def worker(log_as: str) -> None:
    """Handle deliveries, many in one process."""
    _work("deliveries", _begin(log_as, github=True))


@click.command()
@LOG
def stories(log_as: str) -> None:
    """Work on stories, each step in a process of its own."""
    _work("stories", _begin(log_as, github=True))


@click.command()
@LOG
def clock(log_as: str) -> None:
    """Sweep at intervals and wake what is due."""
    settings = _begin(log_as)
    from bot.queue.clock import run_clock

    run_clock(settings)


def _work(kind: str, settings: Settings) -> None:
    from bot.queue.workers import run_worker

    run_worker(kind, settings)


# The serving process is a new one that has imported nothing of this, so it is told how to log by
# the function that makes its application.


def _plain_app(settings: Settings, redis_url: str) -> Flask:
    return _app(settings, redis_url, as_json=False)


def _json_app(settings: Settings, redis_url: str) -> Flask:
    return _app(settings, redis_url, as_json=True)


def _app(settings: Settings, redis_url: str, as_json: bool) -> Flask:
    from bot.door.app import create_app

    write_log(logging.INFO, as_json=as_json, settings=settings)
    return create_app(
        settings, redis_url, api=partial(_api, settings), degraded=partial(_degraded, settings)
    )


def _api(settings: Settings) -> Any:
    from bot.cli.web_api import api  # all rooms: not before somebody asks for the API

    return api(settings)


def _degraded(settings: Settings) -> Any:
    from bot.cli.services import as_told  # the database: not before somebody asks

    return as_told(settings)
