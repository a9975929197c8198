"""`towpath api-key`: keys for the REST API.

Promises: a key acts as one person on GitHub, on repositories that are named; its secret is printed
once and kept nowhere.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from bot.cli.needed_settings import settings_for
from bot.settings import load_settings
from bot.texts import explain as texts

if TYPE_CHECKING:
    from bot.wiring import House


@click.group("api-key")
def api_key() -> None:
    """Make, list and revoke keys for the REST API."""


@api_key.command()
@click.option("--login", required=True, help="The person on GitHub that the key acts as.")
@click.option(
    "--repository",
    "repositories",
    required=True,
    multiple=True,
    metavar="OWNER/REPO",
    help="A repository it may be used on; repeat it for more.",
)
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    type=click.Choice(["read", "write", "approve"]),
    help="What it may be used for; repeat it for more.",
)
@click.option(
    "--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it lives."
)
@click.option("--subject", default="", help="Of a client certificate that stands for it.")
def create(
    login: str, repositories: tuple[str, ...], scopes: tuple[str, ...], days: int, subject: str
) -> None:
    """Make a key; it is printed once."""
    from bot.story import api_keys
    from bot.story.involved import person
    from bot.story.journal import Head

    house = _house(github=True)
    found = [house.github.repository(name) for name in dict.fromkeys(repositories)]
    user = house.github.user(login, found[0])
    if user is None or person(user).is_bot:
        raise click.UsageError(texts.no_such_person(login))
    ends = house.clock() + timedelta(days=days)
    text, made = api_keys.make(
        person(user),
        tuple((one.id, one.full_name) for one in found),
        tuple(one for one in api_keys.SCOPES if one in scopes),
        ends,
        subject,
    )
    head = Head(kind=api_keys.KIND, title="API keys")
    house.journal.append(api_keys.STREAM, [made], actor="operator", head=head)
    click.echo(texts.key_made(text, made.key_id, made.person.login, f"{ends:%Y-%m-%d %H:%M} UTC"))


@api_key.command("list")
def list_() -> None:
    """List the keys as JSON, one a line."""
    from bot.story import api_keys

    house = _house()
    for key in api_keys.keys(house.journal.load(api_keys.STREAM)).values():
        told = key.made.model_dump(mode="json", exclude={"kind", "salt", "hash"})
        revoked = key.revoked_at.isoformat() if key.revoked_at else None
        live = key.live(house.clock())
        about = {**told, "made_at": key.made_at.isoformat(), "revoked_at": revoked, "live": live}
        click.echo(json.dumps(about))


@api_key.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Make a key and its tokens worthless at once."""
    from bot.story import api_keys
    from bot.story.api_events import ApiKeyRevoked

    house = _house()
    known = api_keys.keys(house.journal.load(api_keys.STREAM)).get(key_id)
    if known is None or known.revoked_at is not None:
        raise click.UsageError(texts.no_such_key(key_id))
    house.journal.append(api_keys.STREAM, [ApiKeyRevoked(key_id=key_id)], actor="operator")
    click.echo(texts.key_revoked(key_id))


@api_key.command()
def rotate() -> None:
    """Sign tokens with a new key from now on."""
    from bot.door.api.signing import Signer

    house = _house()
    folder = house.settings.api_signing_folder or house.settings.home / "api-signing"
    click.echo(texts.key_rotated(Signer(folder, house.clock).rotate()))


def _house(github: bool = False) -> House:
    from bot.wiring import House

    house = House(settings_for(github=True) if github else load_settings())
    click.get_current_context().call_on_close(lambda: house.database.dispose())
    return house
