"""The web application: the webhook in front, and behind it whether we are alive and ready.

Promises: refuses to start without a webhook secret; imports nothing heavy before its first answer.
Never: handles a delivery (the worker does).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.door.intake import Application, Intake, Keep
from bot.door.jira import JiraDoor
from bot.door.lazily import Lazily
from bot.queue.append import TIMEOUT_SECONDS, Appender
from bot.settings import Settings

log = logging.getLogger(__name__)

Check = Callable[[], object]


def create_app(
    settings: Settings,
    redis_url: str,
    checks: Mapping[str, Check] | None = None,
    api: Callable[[], Application] | None = None,
    degraded: Callable[[], object] | None = None,
) -> Flask:
    """The Flask application of the web process; register further blueprints on it.

    `checks` (name → callable that raises when it is not ready, within a few seconds) decide
    `GET /readyz` together with a check of the queue. `api` makes what answers below `/api`, when
    it is first asked for. `degraded` tells of outside services that are away: that is said with
    the answer, and we are ready all the same. Raises `MissingWebhookSecret`.
    """
    app = Flask("towpath")
    redis = Redis.from_url(
        redis_url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    all_checks = {"queue": redis.ping, **(checks or {})}
    keep = _keeper(Appender(redis_url), redis)
    follows = settings.webhook_secret_file is not None
    secrets = (lambda: settings.webhook_secrets) if follows else settings.webhook_secrets
    behind = Lazily(app.wsgi_app, "/api", api) if api else app.wsgi_app
    behind = JiraDoor(behind, settings.jira_webhook_secrets, keep)
    app.wsgi_app = Intake(behind, secrets, keep)  # type: ignore[method-assign]

    @app.get("/healthz")
    def alive() -> ResponseReturnValue:
        return jsonify(status="alive")

    @app.get("/readyz")
    def ready() -> ResponseReturnValue:
        found = {name: _problem(name, check) for name, check in all_checks.items()}
        is_ready = not any(found.values())
        told = {"ready": is_ready, "checks": {name: p or "ok" for name, p in found.items()}}
        if degraded is not None:
            told["degraded"] = _away(degraded)
        return jsonify(told), 200 if is_ready else 503

    @app.get("/setup")
    @app.get("/setup/callback")
    def setup() -> ResponseReturnValue:
        from bot.door.setup import is_set_up  # pages: not before the first answer

        return is_set_up()

    @app.get("/schema/<name>.json")
    def schema(name: str) -> ResponseReturnValue:
        from bot.configuration import published  # models: not before the first answer

        if name not in published.NAMES:
            return jsonify(error="there is no such schema"), 404
        return jsonify(published.schema(name))

    return app


def _problem(name: str, check: Check) -> str | None:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is "not ready"
        log.warning("not ready: %s: %s", name, type(error).__name__)
        return type(error).__name__  # never its text: it may name a host or a password
    return None


def _away(degraded: Callable[[], object]) -> object:
    try:
        return degraded()
    except Exception as error:  # noqa: BLE001 - the database is away: deliveries are kept still
        log.warning("nobody knows what is degraded: %s", type(error).__name__)
        return "unknown"


def _keeper(appender: Appender, redis: Redis) -> Keep:
    """Append, and let somebody else queue the drain: the sender does not wait for a hint."""
    hints = ThreadPoolExecutor(1, "drain-hint")

    def keep(guid: str, event: str, body: bytes, received_at: float) -> None:
        if appender.append(guid, event, body, received_at):
            hints.submit(_hint, redis)

    return keep


def _hint(redis: Redis) -> None:
    from bot.queue.wakeups import enqueue_drain  # RQ: not before the first answer

    try:
        enqueue_drain(redis)
    except RedisError as error:  # the next sweep drains
        log.warning("no drain was queued: %s", type(error).__name__)
