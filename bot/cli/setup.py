"""`towpath setup`: register the GitHub App from a browser; `serve` does it where there is none.

Promises: prints a link that is valid once, serves the setup pages on the bind address until the app
is registered, and ends. Refuses where the environment or the home names an app already. Never:
prints a credential.
"""

from __future__ import annotations

import re
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml

from bot import credentials
from bot.cli.address import check_address
from bot.settings import Settings, load_settings
from bot.texts import setup as texts

if TYPE_CHECKING:
    from bot.door.setup import Manifest

MANIFEST = Path(__file__).parents[2] / "app.yml"
READ_SECONDS = 20  # a browser that sends nothing for so long is let go


@click.command()
def setup() -> None:
    """Register the GitHub App from a browser, and keep its credentials."""
    settings = load_settings()
    if not lacks_app(settings):
        click.echo(texts.ALREADY[0] + "\n" + texts.ALREADY[1])
        return
    register_app(settings)


def lacks_app(settings: Settings) -> bool:
    """Whether nothing names an app: one that is named in part is a mistake, and said as such."""
    named = (settings.app_id, settings.private_key, settings.private_key_file)
    return all(one is None for one in named)


def register_app(settings: Settings) -> None:
    """Serve the setup pages until the app is registered. Ctrl-C ends it."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    from bot.door.setup import Setup, setup_app
    from bot.outside.app_manifest import convert

    class Quiet(WSGIRequestHandler):
        timeout = READ_SECONDS

        def log(self, type: str, message: str, *args: object) -> None:
            """Say nothing: an address holds the token, or GitHub's code."""

    one = Setup(
        web_url=settings.github_web_url,
        manifest=read_manifest(),
        convert=partial(convert, settings.github_api_url),
        store=partial(credentials.store, settings.home),
    )
    host, port = settings.bind_host, settings.bind_port
    check_address(settings)
    server = make_server(host, port, setup_app(one), threaded=True, request_handler=Quiet)
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    click.echo(texts.link(f"http://{shown}:{port}/setup?token={one.token}"), err=True)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        while not one.finished.wait(0.5):
            pass  # a plain wait would not let a signal through
    finally:
        server.shutdown()
        server.server_close()
    assert one.registered is not None, "finished"
    click.echo(texts.registered(one.registered.slug), err=True)


def read_manifest() -> Manifest:
    """`app.yml`, and the reason beside each permission."""
    from bot.door.setup import Manifest

    text = MANIFEST.read_text()
    reasons = re.findall(r"^  (\w+): \w+ +# (.+)$", text, re.MULTILINE)
    return Manifest(yaml.safe_load(text), dict(reasons))
