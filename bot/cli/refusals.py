"""Errors of a command as sentences with a next step.

Promises: what a person can put right is said without a traceback; what nobody expected gets an
error id, and its traceback goes to the log.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import click

from bot.cli.exits import Exit
from bot.settings import SettingsError
from bot.texts import operator as texts

log = logging.getLogger(__name__)


@contextmanager
def errors_for_people() -> Iterator[None]:
    """End the process with an answer instead of a traceback."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise  # click answers these, the last one (`… | head`) with silence
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except SettingsError as error:
        rows = [(one.variable, one.expected, one.next) for one in error.problems]
        click.echo(texts.settings_problems(rows), err=True)
        sys.exit(Exit.USAGE)
    except Exception as error:  # the last place that can answer a person
        said = explained(error)
        if said is None:
            error_id = uuid4().hex[:12]
            log.exception("a command failed", extra={"error_id": error_id})
            said = texts.unexpected(type(error).__name__, error_id)
        click.echo(said, err=True)
        sys.exit(Exit.FAILED)


def explained(error: Exception) -> str | None:
    """What a person can do about a known error; None for others.

    The types are imported here, so that a command that goes well does not pay for them.
    """
    import sqlite3

    from psycopg import Error as PostgresError
    from redis.exceptions import RedisError
    from sqlalchemy.exc import ArgumentError, DBAPIError

    from bot.outside.errors import GitHubError
    from bot.outside.redaction import redact
    from bot.queue.embedded import EmbeddedServerError
    from bot.workspace.sandbox import SandboxUnavailable

    if isinstance(error, EmbeddedServerError):
        return texts.no_embedded_queue(redact(error.reason), redact(error.detail))
    if isinstance(error, RedisError):
        return texts.no_queue(redact(str(error)))
    if isinstance(error, (sqlite3.Error, PostgresError)):  # of statements that are prepared
        return texts.no_database(redact(str(error)).partition("\n")[0])
    if isinstance(error, (ArgumentError, DBAPIError)):
        cause = error.orig if isinstance(error, DBAPIError) else error
        return texts.no_database(redact(str(cause)).partition("\n")[0])
    if isinstance(error, GitHubError):
        return texts.no_github(error.kind, str(error))
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return texts.no_file(redact(str(error.filename)), error.strerror)
    if isinstance(error, SandboxUnavailable):
        return texts.no_sandbox(error.findings)
    return None
