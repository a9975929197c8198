"""A journal in a real database, and a clock that only moves when told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.story.database import open_database
from bot.story.journal import Journal
from tests.journal.samples import Clock
from tests.metrics.tales import Teller


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    engine = open_database(f"sqlite:///{tmp_path}/towpath.db")
    yield Journal(engine, clock)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    """A journal on each of the two databases."""
    url = f"sqlite:///{tmp_path}/either.db"
    if request.param == "postgresql":
        make: Callable[..., str] = request.getfixturevalue("postgresql")
        url = make()
    engine = open_database(url)
    yield Journal(engine, clock)
    engine.dispose()


@pytest.fixture
def teller(journal: Journal, clock: Clock) -> Teller:
    return Teller(journal, clock)
