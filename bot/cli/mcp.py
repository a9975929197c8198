"""`towpath mcp`: the backlog and the stories for a client of the Model Context Protocol (W14).

Promises: speaks the protocol on stdin and stdout until the client goes away; logs go to stderr.
"""

from __future__ import annotations

import getpass
import logging
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from bot.cli.log_lines import write_log
from bot.cli.needed_settings import github_problems
from bot.cli.refusals import explained
from bot.settings import SettingsError, load_settings


@click.command()
@click.option("--home", type=click.Path(file_okay=False, path_type=Path),
              help="Folder of the database. Default: the setting.")  # fmt: skip
@click.option("--repository", default="local", show_default=True, metavar="ID",
              help="OWNER/NAME on GitHub, or the name of a backlog of this machine, "
              "for calls that name none.")  # fmt: skip
@click.option("--login", default=None, help="The person on GitHub to act as. Default: the setting.")
def mcp(home: Path | None, repository: str, login: str | None) -> None:
    """Serve the backlog and the stories over the Model Context Protocol."""
    from bot.backlog.scoring import scoring
    from bot.backlog.store import Backlog
    from bot.mcp.places import Places, is_a_name
    from bot.mcp.server import serve
    from bot.mcp.tools import Tools
    from bot.texts import mcp as texts
    from bot.wiring import House

    if not is_a_name(repository):
        raise click.UsageError(texts.NO_NAME)
    settings = load_settings(**({"home": home} if home else {}))
    write_log(logging.WARNING, settings=settings)
    house = House(settings)
    problems = github_problems(settings)
    if login and problems:
        raise SettingsError(problems)
    if not problems:
        _ = house.office  # made now, before several calls ask for it at once
    office = None if problems else lambda: house.office
    who = login if login is not None else settings.mcp_login or ""
    places = Places(house.journal, office, who, getpass.getuser(), repository)
    tools = Tools(house.journal, Backlog(house.journal, scoring()), places, office)
    serve(tools, explained, _version())


def _version() -> str:
    try:
        return version("towpath")
    except PackageNotFoundError:
        return ""
