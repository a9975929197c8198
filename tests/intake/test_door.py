"""The door as it runs in production: granian in a process of its own, and a real queue server."""

from __future__ import annotations

import contextlib
import hmac
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bot.door.app import create_app
from bot.door.intake import MissingWebhookSecret
from bot.queue.append import Appender, QueueUnavailable
from bot.queue.embedded import EmbeddedServer
from bot.queue.inbox import Inbox
from bot.settings import Settings
from tests.intake.conftest import DELIVERIES_WORKER, Start, starting, until

SECRET, PREVIOUS = b"the current secret", b"the one before"
WEB = """
from bot.door.serve import serve_web
from bot.settings import load_settings
serve_web(load_settings())
"""
BODY = json.dumps({"action": "opened", "issue": {"number": 7}}).encode()
STREAM = "towpath:deliveries"


@dataclass
class Web:
    """A running web process and how to talk to it."""

    port: int
    process: subprocess.Popen[bytes]

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            said = json.loads(answer.read() or b"{}")
            return answer.status, said, {k.lower(): v for k, v in answer.getheaders()}

    def deliver(
        self, body: bytes = BODY, *, secret: bytes = SECRET, **changed: str | None
    ) -> tuple[int, dict[str, Any]]:
        """Send a signed delivery; `changed` replaces headers (None: leaves one out)."""
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Delivery": "guid-1",
            "X-GitHub-Event": "issues",
            "X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, "sha256").hexdigest(),
        }
        for name, value in changed.items():
            headers[name.replace("_", "-")] = value or ""
            if value is None:
                del headers[name.replace("_", "-")]
        status, said, _ = self.ask("POST", "/webhook", body, headers)
        return status, said

    def is_up(self) -> bool:
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def begin(start: Start, **environ: str) -> Web:
    port = free_port()
    process = start(
        WEB,
        TOWPATH_BIND_PORT=str(port),
        TOWPATH_WEBHOOK_SECRET=SECRET.decode(),
        TOWPATH_WEBHOOK_SECRET_PREVIOUS=PREVIOUS.decode(),
        **environ,
    )
    web = Web(port, process)
    until(web.is_up)
    return web


@pytest.fixture(scope="module")
def shared(server: EmbeddedServer) -> Iterator[Web]:
    """One web process for the tests that leave it alive."""
    with starting(server) as start:
        yield begin(start)


@pytest.fixture
def web(shared: Web, redis: Redis) -> Web:
    """The shared web process, and an empty queue behind it."""
    return shared


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)


@pytest.mark.parametrize("secret", [SECRET, PREVIOUS])
def test_a_signed_delivery_is_kept_as_it_was_sent(web: Web, redis: Redis, secret: bytes) -> None:
    assert web.deliver(secret=secret) == (202, {"status": "queued"})
    (taken,) = Inbox(redis).take(10)
    delivery = taken.delivery()
    assert (delivery.guid, delivery.event, delivery.action) == ("guid-1", "issues", "opened")
    assert taken.fields[b"body"] == BODY
    assert abs(delivery.received_at.timestamp() - time.time()) < 30
    until(lambda: redis.llen("rq:queue:deliveries") >= 1)


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"X_Hub_Signature_256": None}, 401, "bad_signature"),
        ({"X_Hub_Signature_256": "sha256=" + "0" * 64}, 401, "bad_signature"),
        ({"X_Hub_Signature_256": ""}, 401, "bad_signature"),
        ({"X_Hub_Signature_256": "sha256=\xe9"}, 401, "bad_signature"),
        ({"X_GitHub_Delivery": None}, 400, "missing_header"),
        ({"X_GitHub_Delivery": "x" * 101}, 400, "missing_header"),
        ({"X_GitHub_Event": None}, 400, "missing_header"),
    ],
)
def test_an_unsigned_or_nameless_delivery_is_refused_and_not_kept(
    web: Web, redis: Redis, changed: dict[str, str | None], status: int, error: str
) -> None:
    answered, said = web.deliver(**changed)
    assert (answered, said["error"]) == (status, error)
    assert said["next"]
    assert redis.xlen(STREAM) == 0


def test_an_old_sha1_signature_is_not_enough(web: Web, redis: Redis) -> None:
    sha1 = "sha1=" + hmac.new(SECRET, BODY, "sha1").hexdigest()
    status, _ = web.deliver(X_Hub_Signature_256=None, X_Hub_Signature=sha1)
    assert status == 401
    assert web.deliver(X_Hub_Signature_256=sha1)[0] == 401
    assert redis.xlen(STREAM) == 0


def test_a_signature_made_with_a_wrong_secret_or_for_another_body_is_forged(
    web: Web, redis: Redis
) -> None:
    assert web.deliver(secret=b"guess")[0] == 401
    assert web.deliver(secret=b"")[0] == 401
    for_another = "sha256=" + hmac.new(SECRET, BODY + b" ", "sha256").hexdigest()
    assert web.deliver(X_Hub_Signature_256=for_another)[0] == 401
    assert redis.xlen(STREAM) == 0


def test_nothing_is_said_about_a_body_that_is_not_signed(web: Web) -> None:
    answers = {
        json.dumps(web.deliver(body, secret=b"guess"), sort_keys=True)
        for body in (BODY, b"not json", b"payload=%7B%7D", b"", b"[1]")
    }
    assert len(answers) == 1


@pytest.mark.parametrize("body", [b"", b"hello", b"[1, 2]", b'"{"', b"\x00" * 9])
def test_a_signed_body_that_is_no_json_object_is_refused(
    web: Web, redis: Redis, body: bytes
) -> None:
    status, said = web.deliver(body)
    assert (status, said["error"]) == (400, "not_json")
    assert redis.xlen(STREAM) == 0


def test_a_form_encoded_delivery_is_refused_with_what_to_change(web: Web) -> None:
    status, said = web.deliver(
        b"payload=%7B%7D", Content_Type="application/x-www-form-urlencoded; charset=utf-8"
    )
    assert (status, said["error"]) == (400, "form_encoded")
    assert "application/json" in said["next"]


def test_an_event_nobody_knows_is_accepted(web: Web, redis: Redis) -> None:
    assert web.deliver(X_GitHub_Event="event_of_next_year")[0] == 202
    assert Inbox(redis).take(1)[0].delivery().event == "event_of_next_year"


def test_the_same_delivery_thrice_is_kept_and_handed_on_under_one_guid(
    web: Web, redis: Redis
) -> None:
    assert [web.deliver()[0] for _ in range(3)] == [202] * 3
    assert [taken.guid for taken in Inbox(redis).take(10)] == ["guid-1"] * 3


def test_a_delivery_of_many_kilobytes_arrives_whole(web: Web, redis: Redis) -> None:
    body = json.dumps({"action": "opened", "text": "x" * 3_000_000}).encode()
    assert web.deliver(body)[0] == 202
    assert redis.memory_usage(STREAM) < 500_000
    assert len(Inbox(redis).take(1)[0].delivery().payload["text"]) == 3_000_000


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_another_method_is_refused_and_told_which_one_is_right(web: Web, method: str) -> None:
    status, _, headers = web.ask(method, "/webhook")
    assert (status, headers["allow"]) == (405, "POST")


def test_a_body_declared_too_large_is_refused_before_it_is_sent(web: Web) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as raw:
        raw.sendall(
            b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-GitHub-Delivery: g\r\nX-GitHub-Event: e\r\n"
            b"Content-Length: 26214401\r\n\r\n"
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 413")


def test_a_chunked_body_is_read_to_the_limit_and_no_further(web: Web, redis: Redis) -> None:
    headers = {
        "X-GitHub-Delivery": "g",
        "X-GitHub-Event": "issues",
        "Content-Type": "application/json",
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET, BODY, "sha256").hexdigest(),
    }
    assert web.ask("POST", "/webhook", iter([BODY[:9], BODY[9:]]), headers)[0] == 202
    assert redis.xlen(STREAM) == 1
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as raw:
        lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())
        raw.sendall(b"POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + lines)
        raw.sendall(b"\r\n")
        with contextlib.suppress(OSError):  # it may hang up on us
            for _ in range(27):
                raw.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 413")
    assert redis.xlen(STREAM) == 1


def test_senders_that_dawdle_do_not_keep_others_out(start: Start, redis: Redis) -> None:
    web = begin(start, TOWPATH_WEB_THREADS="12")
    dawdling = []
    for _ in range(8):
        raw = socket.create_connection(("127.0.0.1", web.port))
        raw.sendall(
            b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-GitHub-Delivery: g\r\nX-GitHub-Event: e\r\n"
            b"Content-Length: 1000\r\n\r\n{"
        )
        dawdling.append(raw)
    time.sleep(0.3)
    began = time.monotonic()
    assert web.deliver()[0] == 202
    assert time.monotonic() - began < 2
    for raw in dawdling:
        raw.close()


def test_alive_and_ready_and_everything_else_is_not_found(web: Web) -> None:
    assert web.ask("GET", "/healthz")[:2] == (200, {"status": "alive"})
    assert web.ask("GET", "/readyz")[:2] == (200, {"ready": True, "checks": {"queue": "ok"}})


def test_without_the_queue_it_answers_503_and_recovers(tmp_path: Path, start: Start) -> None:
    own = EmbeddedServer(tmp_path)
    own.start()
    try:
        web = begin(start, TOWPATH_REDIS_URL=own.url)
        assert web.deliver()[0] == 202
        own.stop()
        status, said = web.deliver()
        assert (status, said["error"]) == (503, "queue_unavailable")
        assert web.ask("GET", "/readyz")[0] == 503
        assert web.ask("GET", "/healthz")[0] == 200
        own.start()
        assert web.deliver()[0] == 202
        with Redis.from_url(own.url) as client:
            assert client.xlen(STREAM) == 2
        end(web.process)
    finally:
        own.stop()


def test_a_queue_that_hangs_is_a_503_in_seconds_and_then_at_once(
    tmp_path: Path, start: Start
) -> None:
    own = EmbeddedServer(tmp_path)
    with Redis.from_url(own.start()) as client:
        pid = client.info("server")["process_id"]
    try:
        web = begin(start, TOWPATH_REDIS_URL=own.url)
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        assert web.deliver()[0] == 503
        first, began = time.monotonic() - began, time.monotonic()
        assert first < 10
        assert web.deliver()[0] == 503
        assert time.monotonic() - began < first / 2
        os.kill(pid, signal.SIGCONT)
        until(lambda: web.deliver()[0] == 202)
    finally:
        os.kill(pid, signal.SIGCONT)
        own.stop()


def test_a_queue_that_refuses_writes_is_a_503(server: EmbeddedServer, redis: Redis) -> None:
    redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(QueueUnavailable):
            Appender(server.url).append("guid", "ping", b"{}", 1.0)
    finally:
        redis.config_set("maxmemory", "0")


def test_the_door_stays_shut_without_a_secret(tmp_path: Path, start: Start) -> None:
    with pytest.raises(MissingWebhookSecret):
        create_app(Settings(home=tmp_path), "redis://127.0.0.1:1")
    port = free_port()
    process = start(WEB, TOWPATH_BIND_PORT=str(port))
    assert process.wait(10) != 0


def test_a_check_that_fails_makes_it_not_ready_and_its_text_stays_inside(
    server: EmbeddedServer,
) -> None:
    def database() -> None:
        raise OSError("postgresql://towpath:hunter2@db")

    settings = Settings(webhook_secret="s")  # type: ignore[arg-type]
    client = create_app(settings, server.url, {"database": database}).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"ready": False, "checks": {"queue": "ok", "database": "OSError"}}


def test_the_web_process_imports_nothing_heavy_before_its_first_answer(start: Start) -> None:
    heavy = "rq github githubkit pydantic_ai sqlalchemy mcp anthropic openai"
    code = f"""
import sys
import bot.door.serve
sys.exit(" ".join(name for name in {heavy!r}.split() if name in sys.modules) or 0)
"""
    assert start(code).wait(20) == 0


def test_a_delivery_goes_through_the_door_to_the_house(
    web: Web, redis: Redis, start: Start
) -> None:
    start(DELIVERIES_WORKER)
    for number in range(20):
        assert web.deliver(X_GitHub_Delivery=f"guid-{number}")[0] == 202
    until(lambda: redis.llen("test:seen") >= 20)
    assert len(set(redis.lrange("test:seen", 0, -1))) == redis.llen("test:seen") == 20
    assert redis.xlen(STREAM) == 0


@pytest.fixture
def flood() -> Iterator[Callable[[Web], Flood]]:
    floods: list[Flood] = []

    def run(web: Web) -> Flood:
        floods.append(Flood(web))
        return floods[-1]

    yield run
    for one in floods:
        one.stop()


class Flood:
    """Four senders that deliver as fast as they can and remember what was acknowledged."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.acknowledged: list[str] = []
        self._stopped = threading.Event()
        self._senders = [threading.Thread(target=self._send, args=(n,)) for n in range(4)]
        for sender in self._senders:
            sender.start()

    def _send(self, sender: int) -> None:
        number = 0
        while not self._stopped.is_set():
            number += 1
            guid = f"{sender}-{number}"
            try:
                status, _ = self.web.deliver(X_GitHub_Delivery=guid)
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
                continue
            if status == 202:
                self.acknowledged.append(guid)

    def stop(self) -> None:
        self._stopped.set()
        for sender in self._senders:
            sender.join(10)


def test_no_acknowledged_delivery_is_lost_when_the_web_process_is_killed(
    redis: Redis, start: Start, flood: Callable[[Web], Flood]
) -> None:
    web = begin(start)
    running = flood(web)
    children = Path(f"/proc/{web.process.pid}/task/{web.process.pid}/children")
    until(lambda: len(running.acknowledged) > 100)
    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
    until(web.is_up)  # a serving process that dies is replaced
    before = len(running.acknowledged)
    until(lambda: len(running.acknowledged) > before + 100)
    web.process.kill()  # and now the one that watches it
    web.process.wait(10)
    until(lambda: not web.is_up(), seconds=3)
    running.stop()
    stored = {fields[b"guid"].decode() for _, fields in redis.xrange(STREAM)}
    assert len(running.acknowledged) > 200
    assert set(running.acknowledged) <= stored
