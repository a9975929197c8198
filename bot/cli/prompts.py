"""`towpath prompts`: which prompts there are, which are in use, and changing that (M6).

Promises: what is put into use was read and checked before; who did it, when, and the digest of what
was promoted are written down and never changed. Versions of one's own are files below the home:
`HOME/prompts/<purpose>/v<N>.md.j2`, best begun as a copy of what `show` prints.
"""

from __future__ import annotations

import difflib
import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.settings import load_settings
from bot.texts import prompts as texts

if TYPE_CHECKING:
    from bot.agent.prompts.registry import Registry, Version


@click.group()
def prompts() -> None:
    """Show, compare, promote and roll back the prompts of models."""


_PURPOSE = click.argument("purpose")
_VERSION = click.argument("version", type=click.IntRange(1))
_BY = click.option("--by", default=None, help="Who does it; default: the user of this machine.")


@prompts.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--history", is_flag=True, help="What was promoted and rolled back, by whom, when.")
def list_(as_json: bool, history: bool) -> None:
    """List purposes and versions; `*` marks those in use."""
    from bot.agent.prompts.registry import PromptError
    from bot.agent.schemas import PURPOSES

    registry = _registry()
    if history:
        for line in registry.history():
            click.echo(json.dumps(line))
        return
    for purpose in PURPOSES:
        try:
            active, known = registry.active(purpose), registry.versions(purpose)
        except PromptError as error:
            click.echo(texts.broken(purpose, texts.cannot(error.kind, str(error))), err=True)
            continue
        for one in known:
            click.echo(_line(one, one == active, as_json))


def _line(one: Version, active: bool, as_json: bool) -> str:
    front = one.front
    if not as_json:
        about = " ".join("".join(c for c in front.about if c.isprintable()).split())
        return texts.row(active, one.purpose, front.version, one.origin, one.digest, about)
    return json.dumps(
        {
            "purpose": one.purpose,
            "version": front.version,
            "origin": one.origin,
            "digest": one.digest,
            "active": active,
            "output": front.output,
            "reasoning": front.reasoning,
            "about": front.about,
        }
    )


@prompts.command()
@_PURPOSE
@click.argument("version", type=click.IntRange(1), required=False)
def show(purpose: str, version: int | None) -> None:
    """Print VERSION of PURPOSE, or the one in use."""
    with _answers():
        registry = _registry()
        found = registry.get(purpose, version) if version else registry.active(purpose)
    click.echo(found.text, nl=False)


@prompts.command()
@_PURPOSE
@_VERSION
@click.argument("other", type=click.IntRange(1), required=False)
def diff(purpose: str, version: int, other: int | None) -> None:
    """Compare VERSION of PURPOSE with OTHER, or with the one in use."""
    with _answers():
        registry = _registry()
        new = registry.get(purpose, version)
        old = registry.get(purpose, other) if other else registry.active(purpose)
    lines = difflib.unified_diff(
        old.text.splitlines(keepends=True), new.text.splitlines(keepends=True), old.label, new.label
    )
    click.echo("".join(lines) or texts.SAME + "\n", nl=False)


@prompts.command()
@_PURPOSE
@_VERSION
@_BY
def promote(purpose: str, version: int, by: str | None) -> None:
    """Put VERSION of PURPOSE into use."""
    with _answers():
        promoted = _registry().promote(purpose, version, _who(by), datetime.now(UTC))
    click.echo(texts.in_use(promoted.label))


@prompts.command()
@_PURPOSE
@_BY
def rollback(purpose: str, by: str | None) -> None:
    """Put into use what was before."""
    with _answers():
        before = _registry().rollback(purpose, _who(by), datetime.now(UTC))
    click.echo(texts.in_use(before.label))


def _registry() -> Registry:
    from bot.agent.prompts.registry import Registry

    return Registry(load_settings().home)


def _who(by: str | None) -> str:
    try:
        return (by or getpass.getuser()).strip()[:100]
    except (KeyError, OSError) as error:  # a container without a name for its user
        raise click.UsageError(texts.NOBODY) from error


@contextmanager
def _answers() -> Iterator[None]:
    """A prompt that cannot be used is the caller's to put right."""
    from bot.agent.errors import ModelError
    from bot.agent.prompts.registry import PromptError

    try:
        yield
    except PromptError as error:
        raise click.UsageError(texts.cannot(error.kind, str(error))) from error
    except ModelError as error:
        raise click.UsageError(texts.cannot("unknown_version", error.message)) from error
