"""Both databases, for real: a SQLite file, and a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from bot.story.database import open_database
from bot.story.journal import Journal
from tests.journal.samples import Clock


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
