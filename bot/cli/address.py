"""Whether the address that the settings name can be listened on."""

from __future__ import annotations

import contextlib
import socket

import click

from bot.settings import Settings
from bot.texts import operator as texts


def check_address(settings: Settings) -> None:
    """Raises ClickException with the next step where it cannot."""
    host, port = settings.bind_host, settings.bind_port
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with contextlib.closing(socket.socket(family, kind)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise click.ClickException(texts.address_taken(host, port, str(error.strerror))) from error
