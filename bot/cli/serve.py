"""`towpath serve`: everything a Towpath on one machine needs, in one command.

Promises: refuses to start with settings that cannot work, naming each; keeps web, worker, stories
and clock running; leaves nothing running. For more than one machine, start the lines of the
Procfile under a supervisor of your own.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click

from bot.cli.address import check_address
from bot.cli.exits import Exit
from bot.cli.log_lines import write_log
from bot.cli.needed_settings import settings_for
from bot.cli.processes import LOG
from bot.cli.setup import lacks_app, register_app
from bot.cli.supervision import KeepsEnding, Supervisor
from bot.settings import Settings, load_settings
from bot.texts import operator as texts

ROOT = Path(__file__).parents[2]

log = logging.getLogger(__name__)


@click.command()
@click.option(
    "--stories",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Stories that are worked on at once.",
)
@LOG
def serve(stories: int, log_as: str) -> None:
    """Run Towpath for your repositories on GitHub."""
    if lacks_app(settings := load_settings()):
        register_app(settings)
    settings = settings_for(door=True, github=True)
    write_log(logging.INFO, as_json=log_as == "json", settings=settings)
    check_address(settings)
    _check_app(settings)
    from bot.queue.embedded import EmbeddedServer, redis_url
    from bot.story.database import open_database

    open_database(settings.effective_database_url).dispose()  # told now, and not by four processes
    redis_url(settings)
    names = ["web", "worker", "clock", *(f"stories-{n}" for n in range(1, stories + 1))]
    commands = {name: _command(name.partition("-")[0], log_as) for name in names}
    click.echo(texts.serving(settings.bind_host, settings.bind_port, str(settings.home)), err=True)
    try:
        Supervisor(commands, _environ()).run()
    except KeepsEnding as problem:
        click.echo(texts.keeps_ending(problem.name, problem.status), err=True)
        sys.exit(Exit.FAILED)
    finally:
        if settings.redis_url is None:
            EmbeddedServer(settings.home).stop()
    click.echo(texts.SERVED, err=True)


def _command(name: str, log_as: str) -> list[str]:
    return [sys.executable, "-P", "-m", "bot.cli", name, "--log", log_as]


def _environ() -> dict[str, str]:
    """Ours, and where the code is, because `-P` keeps the folder we are called in out of it."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def _check_app(settings: Settings) -> None:
    """Wrong credentials are said now, by one process; a GitHub that is away is waited for."""
    from bot.cli.app_check import ask_app, connection
    from bot.outside.errors import GitHubError

    try:
        ask_app(settings, connection(settings))
    except GitHubError as error:
        log.warning("GitHub does not answer yet: %s", error)
