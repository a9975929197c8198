"""Opening the database, and the two ways to it: `reading` and `writing`.

Promises: a returned `writing` block is one durable commit and a raised one left nothing; writers of
one SQLite file take turns fairly; the tables are at the newest migration when `open_database`
returns, also when several processes start at once; a forked child never uses its parent's
connections. Never reads the environment.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.expression import ClauseElement

from bot.story.turnstile import Turnstile

_NAMED = "named"  # parameters of SQLite, as `Prepared` hands them over
_BUSY_MS = 10_000  # only for writers that came past the turnstile (a person with a shell)
_RESTED_S = 1.0  # a connection that was used later is not asked whether it is alive

_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


class Cursor(Protocol):
    """What `writing` hands out: the driver's cursor (sqlite3 or psycopg)."""

    rowcount: int

    def execute(self, statement: str, parameters: Any = ..., /) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Any: ...


class Prepared:
    """A Core statement, compiled once for each dialect and then run by the driver itself.

    SQLAlchemy writes the SQL of both databases; its execution layer would cost a transition more
    than the disk does.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}

    def on(self, engine: Engine) -> tuple[str, dict[str, Any]]:
        """The SQL for the engine's database and the values of the literals in it."""
        compiled = self._compiled.get(engine.dialect.name)
        if compiled is None:
            said = self._statement.compile(dialect=engine.dialect)
            literals = {name: value for name, value in said.params.items() if value is not None}
            compiled = self._compiled[engine.dialect.name] = str(said), literals
        return compiled


class Store:
    """What every part of the journal is made of: a database, a clock and the fault boundary."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], datetime],
        boundary: Callable[[str], None] = lambda name: None,
    ) -> None:
        """`clock` gives aware datetimes; `boundary` is told each durable step, before and after."""
        self._engine = engine
        self._clock = clock
        self._boundary = boundary

    @property
    def engine(self) -> Engine:
        """The database, for another store beside this one."""
        return self._engine

    @property
    def clock(self) -> Callable[[], datetime]:
        """What this store takes the time from."""
        return self._clock

    @contextmanager
    def _looking(self, *, once: bool = False) -> Iterator[Cursor]:
        """The driver's cursor for reads that all see one moment; see `Prepared` for why.

        `once`: for one statement, which needs no transaction around it.
        """
        connection = self._engine.raw_connection()
        lite = self._engine.dialect.name == "sqlite"  # begins nothing by itself
        driver: Any = connection.driver_connection
        try:
            if not lite:
                driver.autocommit = once
            cursor = connection.cursor()
            if not once:
                lock = "BEGIN" if lite else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
                cursor.execute(lock)
            yield cursor
        finally:
            if not lite and once:
                driver.autocommit = False
            connection.close()  # the pool rolls back

    def _run(self, cursor: Cursor, statement: Prepared, **values: Any) -> Cursor:
        text, literals = statement.on(self._engine)
        cursor.execute(text, literals | values)
        return cursor


def open_database(url: str) -> Engine:
    """An engine on `sqlite:///FILE` or `postgresql+psycopg://…`, migrated to the newest tables.

    Raises ValueError for another database or SQLite in memory (its connections share nothing).
    """
    from bot.story.migrations import upgrade  # Alembic: not needed to import the tables' users

    parsed = make_url(url)
    if parsed.drivername == "sqlite":
        engine = _open_sqlite(url, parsed.database)
    elif parsed.drivername == "postgresql+psycopg":
        engine = _open_postgresql(url)
    else:
        raise ValueError(f"not a database for Towpath: {parsed.drivername}")
    _engines.add(engine)
    upgrade(engine)
    return engine


def _open_postgresql(url: str) -> Engine:
    """Connections are asked whether they are alive after a rest, not before every statement."""
    from psycopg import Error  # a slow import that SQLite can do without

    engine = create_engine(url)

    @event.listens_for(engine, "checkin")
    def _rests(connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _is_alive(connection: Any, record: Any, proxy: Any) -> None:
        since = record.info.get("rests_since")
        if since is None or time.monotonic() - since < _RESTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except Error as gone:
            raise InvalidatePoolError from gone

    return engine


def only_look(url: str) -> Engine:
    """An engine that makes nothing and changes nothing: for reads of what others keep up to date.

    Every connection is closed after its use. Raises what SQLAlchemy says of a bad URL.
    """
    parsed = make_url(url)
    options = {"paramstyle": _NAMED} if parsed.drivername == "sqlite" else {}
    return create_engine(parsed, poolclass=NullPool, **options)


def _open_sqlite(url: str, path: str | None) -> Engine:
    if not path or path == ":memory:" or path.startswith("file:"):
        raise ValueError("SQLite needs a plain file path")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, paramstyle=_NAMED)
    lock = os.path.realpath(path) + "-turn"

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        turnstile = record.info["turnstile"] = Turnstile(lock)
        with turnstile.turn():  # changing the mode does not heed the time-out
            connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "close")
    def _close(connection: Any, record: Any) -> None:
        record.info["turnstile"].close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")  # one snapshot for all reads of a block

    return engine


@contextmanager
def writing(engine: Engine, before: Callable[[], None] = lambda: None) -> Iterator[Cursor]:
    """One transaction that writes; commits at the end, or rolls back when anything is raised.

    `before` is called with everything written and nothing committed. Keep the block short, and
    never write to the same database inside it.
    """
    connection = engine.raw_connection()
    try:
        if engine.dialect.name == "sqlite":
            with connection.info["turnstile"].turn():
                yield from _transaction(connection, before, "BEGIN IMMEDIATE")
        else:
            yield from _transaction(connection, before, None)
    finally:
        connection.close()


def _transaction(
    connection: Any, before: Callable[[], None], begin: str | None
) -> Iterator[Cursor]:
    cursor = connection.cursor()
    try:
        if begin:
            cursor.execute(begin)
        yield cursor
        before()
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        cursor.close()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection whose reads all see one moment of the database."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def _forget_in_child() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_in_child)
