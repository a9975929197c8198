"""Shared by all tests: one real queue server, and worlds on top of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.queue.embedded import EmbeddedServer
from tests.world import World


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "network: needs the package index")


@pytest.fixture(scope="session")
def queue_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server on a socket of its own, for the session."""
    server = EmbeddedServer(tmp_path_factory.mktemp("queue"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the worlds' project environments are kept."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def new_world(tmp_path: Path, queue_url: str, environments: Path) -> Iterator[Callable[..., World]]:
    """Make worlds; each is closed, and asked whether anything unexpected was said, at the end."""
    made: list[World] = []

    def make(**settings: Any) -> World:
        made.append(World(tmp_path / str(len(made)), queue_url, environments, **settings))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """A world with one repository, the app installed on it."""
    made = new_world()
    made.repository()
    return made
