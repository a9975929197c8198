"""A journal in the database of a home, and a clock that only moves when told to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.story.database import open_database
from bot.story.journal import Journal
from tests.backlog.conftest import clock, either
from tests.journal.samples import Clock
from tests.metrics.tales import Teller

__all__ = ["clock", "either"]


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    engine = open_database(f"sqlite:///{tmp_path}/towpath.db")
    yield Journal(engine, clock)
    engine.dispose()


@pytest.fixture
def teller(journal: Journal, clock: Clock) -> Teller:
    return Teller(journal, clock)
