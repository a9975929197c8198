"""What `towpath doctor` looks at, one function a thing.

Promises: each is tried for real, gives what was found and, where something is missing, the next
step; none raises for what it looks for; nothing is left behind. Never: changes the database, starts
a server in the home, shows a secret.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from bot.cli.installer import index_answers
from bot.cli.needed_settings import door_problems, github_problems
from bot.settings import Settings, SettingsError
from bot.texts import doctor as texts
from policies.standing import missing

OLDEST_PYTHON = (3, 11)
OLDEST_GIT = (2, 38)  # merge-tree --write-tree
LEAST_DISK_GB = 2.0
MANIFEST = Path(__file__).parents[2] / "app.yml"

Verdict = Literal["ok", "warning", "missing"]


@dataclass(frozen=True)
class Finding:
    """`missing`: Towpath cannot work so. `warning`: it can, with less."""

    name: str
    verdict: Verdict
    found: str
    next: str = ""


def machine() -> Iterator[Finding]:
    """What does not depend on settings."""
    yield _python()
    yield _git()
    yield _packages()


def configured(settings: Settings) -> Iterator[Finding]:
    """What the settings name."""
    for look in (_sandbox, _home, _database, _queue, _webhook, _model, _signature):
        yield look(settings)
    yield from _services(settings)
    yield from _github(settings)


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    enough = sys.version_info[:2] >= OLDEST_PYTHON
    return Finding("Python", "ok" if enough else "missing", found, "" if enough else texts.PYTHON)


def _git() -> Finding:
    try:
        said = subprocess.run(
            ["git", "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("git", "missing", type(error).__name__, texts.GIT)
    number = re.search(r"(\d+)\.(\d+)", said)
    if number is None or (int(number[1]), int(number[2])) < OLDEST_GIT:
        return Finding("git", "missing", said, texts.GIT)
    return Finding("git", "ok", said.removeprefix("git version "))


def _packages() -> Finding:
    if index_answers():
        return Finding("package index", "ok", texts.ANSWERS)
    return Finding("package index", "warning", texts.NO_ANSWER, texts.INDEX)


def _sandbox(settings: Settings) -> Finding:
    from bot.workspace.choose_sandbox import choose_sandbox
    from bot.workspace.plain_process import PlainProcess
    from bot.workspace.sandbox import SandboxUnavailable

    try:
        found = choose_sandbox(settings.sandbox)
    except SandboxUnavailable as problem:
        return Finding("sandbox", "missing", "; ".join(problem.findings), texts.SANDBOX)
    if isinstance(found, PlainProcess):
        return Finding("sandbox", "warning", texts.UNSANDBOXED, texts.SANDBOX)
    return Finding("sandbox", "ok", texts.sandbox_holds(found.name))


def _home(settings: Settings) -> Finding:
    home = settings.home
    nearest = next(one for one in (home, *home.parents) if one.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Finding("home", "missing", texts.not_writable(str(nearest)), texts.HOME)
    free = shutil.disk_usage(nearest).free / 1e9
    found = texts.space(str(home), free)
    if free < LEAST_DISK_GB:
        return Finding("home", "warning", found, texts.DISK)
    return Finding("home", "ok", found)


def _database(settings: Settings) -> Finding:
    from sqlalchemy import create_engine, inspect, make_url, text
    from sqlalchemy.exc import ArgumentError, DBAPIError
    from sqlalchemy.pool import NullPool

    from bot.story.migrations import HEAD

    try:
        url = make_url(settings.effective_database_url)
        path = url.database or ""
        if url.drivername not in ("sqlite", "postgresql+psycopg"):
            return Finding("database", "missing", url.drivername, texts.OTHER_DATABASE)
        if url.drivername == "sqlite" and not Path(path).exists():
            return Finding("database", "ok", texts.new_database(path))
        with create_engine(url, poolclass=NullPool).connect() as connection:
            is_old = not inspect(connection).has_table("alembic_version") or (
                connection.scalar(text("SELECT version_num FROM alembic_version")) != HEAD
            )
    except (ArgumentError, DBAPIError) as error:
        cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        return Finding("database", "missing", cause, texts.DATABASE)
    return Finding("database", "ok", texts.database(url.get_backend_name(), HEAD, is_old))


def _queue(settings: Settings) -> Finding:
    from redis import Redis
    from redis.exceptions import RedisError

    from bot.queue.embedded import OLDEST_SERVER, EmbeddedServer, EmbeddedServerError

    if settings.redis_url is None:
        with tempfile.TemporaryDirectory(prefix="towpath-doctor-") as folder:
            server = EmbeddedServer(Path(folder))
            try:
                server.start()
                server.stop()
            except EmbeddedServerError as error:
                return Finding("queue", "missing", f"{error.reason}: {error.detail}", texts.SERVER)
        return Finding("queue", "ok", texts.EMBEDDED)
    try:
        with Redis.from_url(settings.redis_url, socket_connect_timeout=5, socket_timeout=5) as one:
            about: Any = one.info("server")
    except (RedisError, ValueError) as error:
        return Finding("queue", "missing", type(error).__name__, texts.QUEUE)
    version = str(about.get("redis_version", ""))
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_SERVER:
        return Finding("queue", "missing", version, texts.OLD_QUEUE)
    return Finding("queue", "ok", about.get("valkey_version") or version)


def _services(settings: Settings) -> Iterator[Finding]:
    """Outside services that are left alone for now, and what was the matter with them."""
    from sqlalchemy.exc import ArgumentError, DBAPIError

    from bot.cli.services import degraded_services

    try:
        found = degraded_services(settings)
    except (ArgumentError, DBAPIError):
        return  # told as the database's finding
    for one in found:
        said = texts.degraded(one.since, one.because)
        yield Finding(one.service, "warning", said, texts.probed(one.probe))


def _webhook(settings: Settings) -> Finding:
    problems = door_problems(settings)
    if problems:
        return Finding("webhook secret", "missing", problems[0].expected, problems[0].next)
    if min(map(len, settings.webhook_secrets)) < 16:
        return Finding("webhook secret", "warning", texts.SHORT, texts.LONGER)
    return Finding("webhook secret", "ok", texts.SET)


def _model(settings: Settings) -> Finding:
    if settings.models is None:
        return Finding("model", "warning", texts.NO_MODEL, texts.MODEL)
    for model in settings.models.all:
        if problem := _unusable(model):
            return problem
    return Finding("model", "ok", ", ".join(settings.models.all))


def _signature(settings: Settings) -> Finding:
    try:
        signer = settings.signer()
    except SettingsError as error:
        (one,) = error.problems
        return Finding("signatures", "missing", one.expected, one.next)
    if signer is None:
        return Finding("signatures", "ok", texts.NOT_SIGNED)
    return Finding("signatures", "ok", texts.signed(signer.public))


def _unusable(model: str) -> Finding | None:
    from bot.agent.providers import KEYS

    family, _, name = model.partition(":")
    if family in ("scripted", "replay"):
        there = Path(name).is_file()
        return None if there else Finding("model", "missing", texts.no_file(name), texts.MODEL)
    variable, is_optional = KEYS[family]
    if not is_optional and not os.environ.get(variable):
        return Finding("model", "missing", texts.unset(variable), texts.key_of(family, variable))
    return None


def _github(settings: Settings) -> Iterator[Finding]:
    from bot.cli.app_check import ask_app, connection
    from bot.outside.errors import GitHubError

    problems = github_problems(settings)
    for one in problems:
        yield Finding(one.variable, "missing", one.expected, one.next)
    if problems:
        return
    try:
        http = connection(settings)
        app = ask_app(settings, http)
        installed = list(http.pages("/app/installations", None))
    except SettingsError as error:
        for one in error.problems:
            yield Finding("GitHub App", "missing", f"{one.variable}: {one.expected}", one.next)
        return
    except (GitHubError, ValueError) as error:
        yield Finding("GitHub", "missing", str(error), texts.GITHUB)
        return
    yield Finding("GitHub App", "ok", f"{app.get('slug')} @ {settings.github_api_url}")
    yield _granted(app)
    if installed:
        yield Finding("installations", "ok", str(len(installed)))
        yield from _accepted(app, installed)
    else:
        yield Finding("installations", "warning", "0", texts.install(str(app.get("html_url"))))


def _accepted(app: dict[str, Any], installed: list[dict[str, Any]]) -> Iterator[Finding]:
    """Installations that are suspended, or have not accepted what the app asks for by now."""
    asked = app.get("permissions") or {}
    for one in installed:
        name = f"installation on {(one.get('account') or {}).get('login', '?')}"
        if one.get("suspended_at"):
            yield Finding(name, "warning", texts.SUSPENDED, texts.unsuspend(one.get("html_url")))
        elif lacks := missing(one.get("permissions") or {}, asked):
            next_ = texts.accept(one.get("html_url"))
            yield Finding(name, "warning", texts.not_accepted(lacks), next_)


def _granted(app: dict[str, Any]) -> Finding:
    """What the app may do and hears of, against `app.yml`."""
    manifest = yaml.safe_load(MANIFEST.read_text())
    lacks = [
        *missing(app.get("permissions") or {}, manifest["default_permissions"]),
        *sorted(set(manifest["default_events"]) - set(app.get("events") or ())),
    ]
    if lacks:
        return Finding("app permissions", "missing", ", ".join(lacks), texts.PERMISSIONS)
    return Finding("app permissions", "ok", texts.AS_MANIFEST)
