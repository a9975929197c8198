"""A server that sends a byte now and then holds nobody up."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest
import requests

from bot.localhub.app_registry import signing_key
from bot.outside.errors import Unavailable
from bot.outside.github_guard import GITHUB, WRITES
from bot.outside.github_http import AppKey, GitHubHttp
from bot.outside.jira.errors import JiraError
from bot.outside.jira.http import JIRA, Account, JiraHttp
from bot.outside.whole_answers import session
from bot.story.services import Services

PEM = signing_key(0)[0]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
BODY = HEAD + b'"' + b"x" * 90_000
LINES = b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 10_000
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Dripping:
    """Says `said` to everybody: its first `at_once` bytes, then one every 50 ms."""

    def __init__(self, said: bytes, at_once: int = 0) -> None:
        self.said, self.at_once, self.requests = said, at_once, 0
        self.reads_well = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                one, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._answer, args=(one,)))
                self._threads[-1].start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            asked = connection.recv(65536)
            self.requests += 1
            if self.reads_well and asked.startswith(b"GET"):
                return connection.sendall(ANSWER)
            connection.sendall(self.said[: self.at_once])
            for each in self.said[self.at_once :]:
                if self._over.wait(0.05):
                    return
                connection.sendall(bytes([each]))

    def close(self) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def dripping() -> Iterator[Callable[..., Dripping]]:
    made: list[Dripping] = []

    def make(*args: object) -> Dripping:
        made.append(Dripping(*args))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(("said", "at_once"), [(BODY, len(HEAD)), (LINES, 0), (LINES, 40)])
def test_an_answer_that_drips_is_a_time_out(
    dripping: Callable[..., Dripping], said: bytes, at_once: int
) -> None:
    server, began = dripping(said, at_once), time.monotonic()
    with session(0.5) as alone, pytest.raises(requests.RequestException):
        alone.get(server.url, timeout=5)
    assert 0.4 < time.monotonic() - began < 15
    assert server.requests == 1


def test_an_answer_that_comes_slowly_but_in_time_is_read(
    dripping: Callable[..., Dripping],
) -> None:
    server = dripping(ANSWER, len(ANSWER) - 3)
    with session(3.0) as alone:
        assert alone.get(server.url, timeout=1).json() == {}


@contextmanager
def one_connection(answers: int, after_s: float) -> Iterator[str]:
    """The URL of a server that hears one connection, and answers each time after a while."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            one, _ = listener.accept()
            with one:
                for _ in range(answers):
                    one.recv(65536)
                    time.sleep(after_s)
                    one.sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


def test_each_answer_on_one_connection_has_its_own_time() -> None:
    with one_connection(7, 0.3) as url, session(2.0) as alone:
        assert [alone.get(url, timeout=1).json() for _ in range(7)] == [{}] * 7


def test_requests_to_github_share_a_connection() -> None:
    with one_connection(3, 0.0) as url:
        http = GitHubHttp(url, AppKey("1", PEM), now, timeout=1)
        assert [http.get("/app", None) for _ in range(3)] == [{}] * 3


def test_a_write_to_github_whose_answer_drips_may_have_been_done(
    dripping: Callable[..., Dripping],
) -> None:
    server, services = dripping(BODY, len(HEAD)), Services(now, lambda: 0.5)
    server.reads_well = True
    http = GitHubHttp(server.url, AppKey("1", PEM), now, timeout=1, services=services)
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        http.write("POST", "/repos/acme/shop/issues", None, {"title": "x"})
    assert caught.value.maybe_done
    assert time.monotonic() - began < 15
    assert services.condition(WRITES).failures
    assert not services.condition(GITHUB).failures


def test_a_jira_whose_answers_drip_is_away(dripping: Callable[..., Dripping]) -> None:
    server, services = dripping(BODY, len(HEAD)), Services(now, lambda: 0.5)
    account = Account("", lambda: "token")
    http = JiraHttp(server.url, account, now, cloud=False, timeout=1, services=services)
    began = time.monotonic()
    with pytest.raises(JiraError) as caught:
        http.write("POST", "issue", "A-1", "comment", body={"body": "x"})
    assert caught.value.kind == "unavailable"
    assert caught.value.maybe_done
    assert time.monotonic() - began < 15
    assert services.condition(JIRA).failures
