"""What an operator does at the terminal: serve, doctor, audit, inbox, and mistakes."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis

from bot.localhub import LocalHub, Server, serve
from bot.localhub.deliveries import Reply
from bot.queue.inbox import DEAD, Inbox
from bot.story.database import open_database
from bot.story.events import PauseRequested
from bot.story.journal import Journal
from bot.story.vocabulary import Person
from tests.cli.call import ROOT, command, environ, towpath

SECRET = "a-long-webhook-secret"
MANIFEST = yaml.safe_load((ROOT / "app.yml").read_text())


@pytest.fixture
def hub(tmp_path: Path) -> LocalHub:
    return LocalHub(tmp_path / "hub", send=lambda *_: Reply(0))


@pytest.fixture
def github(hub: LocalHub) -> Iterator[Server]:
    with serve(hub) as server:
        yield server


def settings(home: Path, github: Server, app: Any, queue_url: str) -> dict[str, Any]:
    key = home.parent / "app.pem"
    key.write_text(app.pem)
    return {
        "home": home,
        "redis_url": queue_url,
        "github_api_url": github.url,
        "github_web_url": github.url,
        "app_id": app.app_id,
        "private_key_file": key,
        "webhook_secret": SECRET,
    }


def verdicts(**settings: Any) -> tuple[int, dict[str, str]]:
    ran = towpath("doctor", "--json", **settings)
    return ran.returncode, {one["name"]: one["verdict"] for one in json.loads(ran.stdout)}


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["web", "worker", "stories"])
def test_a_process_without_its_settings_names_each_and_the_next_step(
    name: str, tmp_path: Path
) -> None:
    ran = towpath(name, home=tmp_path / "home")
    assert ran.returncode == 2
    missing = {"web": 1, "worker": 2, "stories": 2}[name]
    assert len(ran.stderr.splitlines()) == 1 + missing
    assert "not set. " in ran.stderr
    assert not (tmp_path / "home").exists()


def test_a_key_that_is_none_is_found_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("not a key: hunter2")
    ran = towpath("worker", home=tmp_path, app_id=5, private_key_file=tmp_path / "key")
    assert ran.returncode == 2
    assert "TOWPATH_PRIVATE_KEY_FILE: not an RSA private key" in ran.stderr
    assert "hunter2" not in ran.stderr


@pytest.mark.parametrize("arguments", [("audit", "verify"), ("inbox", "list"), ("lanes",)])
def test_looking_in_the_wrong_folder_makes_nothing_there(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    ran = towpath(*arguments, home=tmp_path / "home")
    assert ran.returncode == 2
    assert "TOWPATH_HOME" in ran.stderr
    assert not (tmp_path / "home").exists()


def test_a_database_or_queue_that_is_away_is_no_traceback_and_shows_no_password() -> None:
    away = "127.0.0.1:9/x"
    for arguments, setting in (
        (("audit", "verify"), {"database_url": f"postgresql+psycopg://me:hunter2@{away}"}),
        (("inbox", "list"), {"redis_url": "redis://:hunter2@127.0.0.1:9/0"}),
    ):
        ran = towpath(*arguments, **setting)
        assert ran.returncode == 1
        assert "Traceback" not in ran.stderr
        assert "hunter2" not in ran.stderr
        assert "TOWPATH_" in ran.stderr


# -- audit and inbox -------------------------------------------------------------------------------


def test_audit_shows_the_journal_and_a_change_of_it(tmp_path: Path) -> None:
    path = tmp_path / "towpath.db"
    journal = Journal(open_database(f"sqlite:///{path}"), lambda: datetime.now(UTC))
    event = PauseRequested(person=Person(id=1, login="alice\x1b[2J"))
    journal.append("story/1/2", [event, event], actor="alice\x1b[2J")

    assert towpath("audit", "verify", home=tmp_path).returncode == 0
    shown = towpath("audit", "show", "story/1/2", home=tmp_path)
    assert [json.loads(line)["seq"] for line in shown.stdout.splitlines()] == [1, 2]
    assert "\x1b" not in shown.stdout
    assert "story/1/2" in towpath("audit", "streams", home=tmp_path).stdout
    assert towpath("audit", "verify", "story/9/9", home=tmp_path).returncode == 2

    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE events SET data = replace(data, 'alice', 'mallory')")
    ran = towpath("audit", "verify", home=tmp_path)
    assert ran.returncode == 1
    assert "story/1/2 event 1" in ran.stdout


def test_a_delivery_that_was_given_up_on_is_listed_and_comes_back(queue_url: str) -> None:
    with Redis.from_url(queue_url) as redis:
        redis.flushall()
        for number in (1, 2):
            letter: dict[Any, Any] = {"guid": f"g{number}", "event": "issues", "body": b"{}"}
            redis.xadd(DEAD, {**letter, "reason": "x", "error_id": "e", "attempts": 5})
        listed = towpath("inbox", "list", redis_url=queue_url)
        letters = [json.loads(line) for line in listed.stdout.splitlines()]
        assert [one["guid"] for one in letters] == ["g2", "g1"]
        assert towpath("inbox", "replay", "0-1", redis_url=queue_url).returncode == 2
        assert towpath("inbox", "replay", redis_url=queue_url).returncode == 2
        assert towpath("inbox", "replay", letters[0]["id"], redis_url=queue_url).returncode == 0
        assert towpath("inbox", "replay", "--all", redis_url=queue_url).returncode == 0
        assert [one.guid for one in Inbox(redis).take(10)] == ["g2", "g1"]
        assert redis.xlen(DEAD) == 0


# -- doctor ----------------------------------------------------------------------------------------


def test_doctor_is_content_with_what_works_and_leaves_nothing(
    tmp_path: Path, hub: LocalHub, github: Server, queue_url: str
) -> None:
    hub.add_user("alice")
    hub.create_repository("alice/shop", {"a.py": "x = 1\n"})
    app = hub.register_app(MANIFEST)
    hub.install(app.app_id, ["alice/shop"])
    home = tmp_path / "home"
    status, found = verdicts(**settings(home, github, app, queue_url))
    sandbox = found.pop("sandbox")  # a machine of its own kind
    found.pop("package index")
    assert set(found.values()) <= {"ok", "warning"}
    assert [name for name, verdict in found.items() if verdict == "warning"] == ["model"]
    assert status == (0 if sandbox != "missing" else 1)
    assert not home.exists()


def test_doctor_says_what_the_app_was_not_granted(
    tmp_path: Path, hub: LocalHub, github: Server, queue_url: str
) -> None:
    hub.add_user("alice")
    less = {**MANIFEST, "default_permissions": {"issues": "read"}, "default_events": ["issues"]}
    app = hub.register_app(less)
    ran = towpath("doctor", **settings(tmp_path / "home", github, app, queue_url))
    assert ran.returncode == 1
    assert "issues: write" in ran.stdout
    assert "pull_request_review" in ran.stdout
    assert "Install the app" in ran.stdout


def test_doctor_tells_the_second_acceptance_from_the_first(
    tmp_path: Path, hub: LocalHub, github: Server, queue_url: str
) -> None:
    hub.add_user("alice")
    hub.create_repository("alice/shop", {"a.py": "x = 1\n"})
    app = hub.register_app({**MANIFEST, "default_permissions": {"issues": "write"}})
    installation = hub.install(app.app_id, ["alice/shop"])
    given = settings(tmp_path / "home", github, app, queue_url)
    assert verdicts(**given)[1]["app permissions"] == "missing"
    hub.change_permissions(app.app_id, MANIFEST["default_permissions"])
    found = verdicts(**given)[1]
    assert (found["app permissions"], found["installation on alice"]) == ("ok", "warning")
    hub.accept_permissions(installation)
    assert "installation on alice" not in verdicts(**given)[1]
    hub.suspend(installation)
    assert verdicts(**given)[1]["installation on alice"] == "warning"


def test_doctor_names_what_is_away_and_what_is_not_accepted(
    tmp_path: Path, hub: LocalHub, github: Server, queue_url: str
) -> None:
    hub.add_user("alice")
    app = hub.register_app(MANIFEST)
    wrong = {**settings(tmp_path / "home", github, app, queue_url), "app_id": 999_999}
    wrong |= {"database_url": "postgresql://u@127.0.0.1:9/x", "redis_url": "redis://127.0.0.1:9/0"}
    status, found = verdicts(**wrong)
    asked = ("GitHub App", "database", "queue")
    assert (status, *(found[name] for name in asked)) == (1, "missing", "missing", "missing")


def test_doctor_looks_at_the_machine_even_when_the_settings_are_wrong() -> None:
    status, found = verdicts(bind_port="x")
    assert (status, found["TOWPATH_BIND_PORT"], found["git"]) == (1, "missing", "ok")


# -- serve -----------------------------------------------------------------------------------------


def test_serve_listens_and_leaves_nothing_running(
    tmp_path: Path, hub: LocalHub, github: Server
) -> None:
    hub.add_user("alice")
    app = hub.register_app(MANIFEST)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path / "home"
    given = settings(home, github, app, "") | {"bind_port": port}
    del given["redis_url"]  # the embedded server is part of what must end
    log = (tmp_path / "log").open("w+")
    served = subprocess.Popen(
        command("serve", "--stories", "1", "--log", "json"),
        env=environ(**given),
        stderr=log,
        start_new_session=True,
    )
    try:
        _ready(f"http://127.0.0.1:{port}/readyz", served)
        taken = towpath("serve", **{**given, "home": tmp_path / "other"})
        assert taken.returncode == 1
        assert "TOWPATH_BIND_PORT" in taken.stderr
        family = _descendants(served.pid)
        assert len(family) >= 4
        served.send_signal(signal.SIGTERM)
        assert served.wait(30) == 0
    finally:
        if served.poll() is None:
            os.killpg(served.pid, signal.SIGKILL)
            served.wait()
    assert [pid for pid in family if _runs(pid)] == []
    assert not _runs_with(str(home))
    log.seek(0)
    lines = log.read().splitlines()
    assert SECRET not in "".join(lines)
    assert "Traceback" not in "".join(lines)


def _ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        assert process.poll() is None
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("it does not get ready")


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in children] + [d for one in children for d in _descendants(int(one))]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _runs_with(word: str) -> bool:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if word in (folder / "cmdline").read_text():
                return True
        except OSError:
            continue
    return False
