"""`towpath metrics`: how the work goes, from the journal (O3, B13).

Promises: only reads; the same journal and window print the same. Never: asks GitHub, makes a
database where there is none.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.repository_ids import repository_id
from bot.settings import load_settings
from bot.texts import metrics as texts

if TYPE_CHECKING:
    from bot.metrics import Metrics

_SPAN = re.compile(r"([1-9]\d{0,5})\s*([hdw])")
FURTHEST = timedelta(days=366)  # into what is to come
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Moment(click.ParamType):
    """A day or an instant by ISO 8601 (UTC where it names no zone), or how long ago: 12h, 30d."""

    name = "date|span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | timedelta:
        if isinstance(value, datetime | timedelta):
            return value
        text = str(value).strip()
        if span := _SPAN.fullmatch(text):
            return int(span[1]) * _UNITS[span[2]]
        try:
            at = datetime.fromisoformat(text)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.fail(texts.NO_MOMENT, param, ctx)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--since", type=Moment(), default="30d", show_default=True,
              help="Its begin: a day, an instant, or how long before its end.")  # fmt: skip
@click.option("--until", type=Moment(), default=None,
              help="End of the window (not in it). Default: now.")  # fmt: skip
@click.option("--repository", metavar="ID", default=None,
              help="A repository's id or name. Default: all.")  # fmt: skip
@click.option("--home", type=click.Path(file_okay=False, path_type=Path),
              help="Folder of the database. Default: the setting.")  # fmt: skip
def metrics(
    as_json: bool,
    since: datetime | timedelta,
    until: datetime | timedelta | None,
    repository: str | None,
    home: Path | None,
) -> None:
    """Show how the work goes: deliveries, failures, times, cost."""
    now = datetime.now(UTC)
    try:
        end = now if until is None else now - until if isinstance(until, timedelta) else until
        end = min(end, now + FURTHEST)
        begin = end - since if isinstance(since, timedelta) else since
    except OverflowError:
        raise click.UsageError(texts.NO_MOMENT) from None
    if begin >= end:
        raise click.UsageError(texts.EMPTY_WINDOW)
    found = _found(home, repository, begin, end)
    if as_json:
        click.echo(json.dumps(found.model_dump(mode="json")))
    else:
        click.echo(texts.shown(found.model_dump(mode="json")))


def _found(home: Path | None, repository: str | None, begin: datetime, end: datetime) -> Metrics:
    """The numbers; where there is no journal, none of them."""
    from bot.backlog.scoring import scoring
    from bot.metrics import Metrics, measure
    from bot.story.database import open_database
    from bot.story.journal import Journal

    settings = load_settings(**({"home": home} if home else {}))
    url = f"sqlite:///{home / 'towpath.db'}" if home else settings.effective_database_url
    if not (settings.database_url and not home) and not (settings.home / "towpath.db").exists():
        click.echo(texts.nothing_in(str(settings.home)), err=True)
        return Metrics(repository=repository, since=begin, until=end)
    engine = open_database(url)
    click.get_current_context().call_on_close(engine.dispose)
    journal = Journal(engine, lambda: datetime.now(UTC))
    which = None if repository is None else repository_id(journal, repository)
    return measure.metrics(journal, which, begin, end, scoring())
