"""The embedded server: one for each home, durable, private, and shared by processes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, SimpleWorker

from bot.queue.embedded import EmbeddedServer, EmbeddedServerError, redis_url
from bot.settings import Settings

START = """
import sys
from pathlib import Path
from bot.queue.embedded import EmbeddedServer
from redis import Redis
url = EmbeddedServer(Path(sys.argv[1])).start()
print(Redis.from_url(url).info("server")["run_id"], flush=True)
{then}
"""


def start_in_another_process(home: Path, then: str = "") -> subprocess.Popen[str]:
    code = START.format(then=then)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    one = EmbeddedServer(tmp_path / "home")
    yield one
    one.stop()


def test_a_url_that_is_given_is_used_and_nothing_is_started(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", redis_url="redis://queue.example:6379/1")
    assert redis_url(settings) == "redis://queue.example:6379/1"
    assert not (tmp_path / "home").exists()


def test_several_processes_that_start_at_once_share_one_server(server: EmbeddedServer) -> None:
    home = server.folder.parent
    starters = [start_in_another_process(home) for _ in range(4)]
    run_ids = {starter.communicate(timeout=30)[0].strip() for starter in starters}
    assert all(starter.returncode == 0 for starter in starters)
    assert len(run_ids) == 1
    assert run_ids.pop()


def test_it_outlives_a_starter_that_is_killed(server: EmbeddedServer) -> None:
    starter = start_in_another_process(server.folder.parent, "import time; time.sleep(60)")
    assert starter.stdout is not None
    run_id = starter.stdout.readline().strip()
    starter.send_signal(signal.SIGKILL)
    starter.wait(10)
    starter.stdout.close()
    with Redis.from_url(server.start()) as client:
        assert client.info("server")["run_id"] == run_id


def test_what_was_acknowledged_survives_a_kill_of_the_server(server: EmbeddedServer) -> None:
    with Redis.from_url(server.start()) as client:
        for number in range(50):
            client.rpush("kept", number)
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
    with Redis.from_url(server.start()) as client:
        assert client.llen("kept") == 50


def test_a_stale_socket_of_a_killed_server_is_no_obstacle(server: EmbeddedServer) -> None:
    with Redis.from_url(server.start()) as client:
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
    assert server.socket.exists()
    with Redis.from_url(server.start()) as client:
        assert client.ping()


def test_a_server_that_hangs_is_reported_and_no_second_one_is_started(
    server: EmbeddedServer,
) -> None:
    with Redis.from_url(server.start()) as client:
        pid = client.info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(EmbeddedServerError, match="does not answer"):
            EmbeddedServer(server.folder.parent, patience=0.5).start()
    finally:
        os.kill(pid, signal.SIGCONT)
    with Redis.from_url(server.url) as client:
        assert client.info("server")["process_id"] == pid


def test_nobody_else_on_the_machine_can_open_the_socket_or_the_data(server: EmbeddedServer) -> None:
    server.start()
    for path in (server.socket, server.folder, server.folder / "server.log"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    with Redis.from_url(server.url) as client:
        assert client.config_get("port") == {"port": "0"}


def test_stopping_it_ends_it_and_a_second_stop_finds_nothing(server: EmbeddedServer) -> None:
    server.start()
    assert server.stop()
    assert not server.stop()
    assert not server.socket.exists()


def test_a_home_with_a_long_path_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / ("deep-" * 20) / "home")
    try:
        with Redis.from_url(server.start()) as client:
            assert client.ping()
        assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
    finally:
        server.stop()
        server.socket.parent.rmdir()


def test_no_server_at_all_is_a_typed_refusal(tmp_path: Path) -> None:
    broken = tmp_path / "valkey-server"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(EmbeddedServerError, match="does not start"):
        EmbeddedServer(tmp_path / "home", binaries=(broken,)).start()


def test_data_that_the_server_cannot_read_is_reported_at_once(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "home")
    server.start()
    server.stop()
    manifest = next(server.folder.glob("appendonlydir/*.manifest"))
    manifest.write_text("nonsense\n")
    began = time.monotonic()
    with pytest.raises(EmbeddedServerError):
        server.start()
    assert time.monotonic() - began < 10


def test_jobs_run_over_the_unix_socket(server: EmbeddedServer) -> None:
    with Redis.from_url(server.start()) as client:
        queue = Queue("any", connection=client)
        job = queue.enqueue(os.path.basename, "/a/b")
        SimpleWorker([queue], connection=client).work(burst=True, logging_level="ERROR")
        assert job.return_value() == "b"
