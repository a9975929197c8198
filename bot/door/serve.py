"""The web process: granian in front of the application (`X1`).

Promises: a serving process that dies is replaced, and does not outlive the one that watches it;
SIGTERM lets requests at hand end.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from flask import Flask
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from bot.door.app import create_app
from bot.door.intake import MissingWebhookSecret
from bot.queue.embedded import redis_url
from bot.queue.orphans import die_with_parent
from bot.settings import Settings

MakeApp = Callable[[Settings, str], Flask]


def serve_web(settings: Settings, make_app: MakeApp = create_app) -> None:
    """Serve until SIGTERM or SIGINT. Call it in the main thread.

    `make_app(settings, redis_url)` is a function of a module (it is called in the serving
    process). Raises `MissingWebhookSecret` before a port is opened.
    """
    if not settings.webhook_secrets:
        raise MissingWebhookSecret("no webhook secret is set")
    server = Server(
        "towpath",
        address=settings.bind_host,
        port=settings.bind_port,
        interface=Interfaces.WSGI,
        blocking_threads=settings.web_threads,
        backpressure=8 * settings.web_threads,
        respawn_failed_workers=True,
        log_level=LogLevels.error,  # its warnings are about the number of threads we chose
        websockets=False,
    )
    load = partial(_load, os.getpid(), make_app, settings, redis_url(settings))
    server.serve(target_loader=load, wrap_loader=False)


def _load(parent: int, make_app: MakeApp, settings: Settings, url: str) -> Flask:
    """The application, made in the process that serves it."""
    die_with_parent(parent)
    return make_app(settings, url)
