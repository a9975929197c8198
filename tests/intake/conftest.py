"""A real server, real worker processes, and a way to wait for what they do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from bot.queue.append import Appender
from bot.queue.embedded import EmbeddedServer

Append = Callable[[str, str, bytes, float], bool]
Start = Callable[..., subprocess.Popen[bytes]]

WORKER = """
from bot.queue.workers import run_worker
from bot.settings import load_settings
run_worker({kind!r}, load_settings(), house="tests.intake.house")
"""
DELIVERIES_WORKER = WORKER.format(kind="deliveries")
STORIES_WORKER = WORKER.format(kind="stories")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One server for the tests that leave it alive."""
    one = EmbeddedServer(tmp_path_factory.mktemp("shared"))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def redis(server: EmbeddedServer) -> Iterator[Redis]:
    """A connection to an empty server."""
    with Redis.from_url(server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def append(server: EmbeddedServer, redis: Redis) -> Append:
    """Put a delivery into the emptied inbox."""
    return Appender(server.url).append


@contextmanager
def starting(server: EmbeddedServer) -> Iterator[Start]:
    """Start Python processes of ours with settings in their environment; all end with the block."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(code: str, **environ: str) -> subprocess.Popen[bytes]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("TOWPATH_")}
        own |= {"TOWPATH_REDIS_URL": server.url, "PYTHONPATH": str(Path(__file__).parents[2])}
        process = subprocess.Popen([sys.executable, "-c", code], env=own | environ)
        running.append(process)
        return process

    try:
        yield begin
    finally:
        for process in running:
            process.kill()
            process.wait(10)


@pytest.fixture
def start(server: EmbeddedServer) -> Iterator[Start]:
    """Processes that end with the test."""
    with starting(server) as begin:
        yield begin


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until something is so; fail when it is not after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
