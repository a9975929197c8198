"""Bringing a database to the newest tables.

Promises: `upgrade` changes everything in one transaction or nothing, under a lock, so that any
number of processes may call it at once; on a database that is up to date it reads one row.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

HEAD = "0002"  # the newest revision; kept here so that a start need not import Alembic
_LOCK = 0x746F7770617468  # "towpath", PostgreSQL's advisory lock


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing."""
    if _revision(engine) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.connect() as connection:
        # SQLite: the connection's own BEGIN lets others write first; both locks end with it.
        if engine.dialect.name == "sqlite":
            with connection.connection.info["turnstile"].turn():
                _upgrade(command, config, connection)
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _upgrade(command, config, connection)


def _upgrade(command: Any, config: Any, connection: Connection) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.scalar(text("SELECT version_num FROM alembic_version"))
