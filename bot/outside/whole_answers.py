"""Answers that come whole, within a time, or not at all (S3, B9).

Promises: from the moment at which a request is out, everything of its answer has come within
`seconds`, or it is a time-out like any other: a server that sends a byte now and then holds nobody
up. Never: repeats a request by itself.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

import requests
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
)
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Retry

LONGER = 4  # an answer may take as many times as long as the silence that ends it


def session(seconds: float, retries: Retry | int = 0) -> requests.Session:
    """A session of which every answer comes within `seconds`, each trial on its own."""
    made = requests.Session()
    for scheme in ("https://", "http://"):
        made.mount(scheme, WholeAnswers(seconds, max_retries=retries))
    return made


class WholeAnswers(HTTPAdapter):
    """Carries requests, directly or through a proxy."""

    def __init__(self, seconds: float, **options: Any) -> None:
        self._pools = _pools(seconds)
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """As the library does, with our connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        """As the library does, with our connections."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager


def for_pygithub() -> None:
    """Have PyGithub carry its requests so, in this process: `LONGER` times its time-out each."""
    Requester.injectConnectionClasses(_PlainGithub, _Github)
    # With classes that are not its own it would open, and secure, a connection a request.
    Requester._Requester__persist = True  # type: ignore[attr-defined]


class _Github(HTTPSRequestsConnectionClass):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.session.mount("https://", _for_github(self))


class _PlainGithub(HTTPRequestsConnectionClass):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.session.mount("http://", _for_github(self))


def _for_github(made: HTTPSRequestsConnectionClass | HTTPRequestsConnectionClass) -> WholeAnswers:
    return WholeAnswers(LONGER * float(made.timeout or 15), max_retries=made.retry)


class _Timed(io.RawIOBase):
    """What comes out of a connection until an instant; then it is a time-out."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, until: float) -> None:
        self._raw, self._connection, self._until = raw, connection, until

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer does not come to its end")
        usual = self._connection.gettimeout()
        self._connection.settimeout(left if usual is None else min(usual, left))
        count: int | None = self._raw.readinto(into)
        self._connection.settimeout(usual)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def _pools(seconds: float) -> dict[str, type]:
    """By scheme: pools of connections whose answers have `seconds`."""

    class Answer(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
            super().__init__(sock, *args, **options)
            until = time.monotonic() + seconds
            self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock, until))

    class Plain(HTTPConnectionPool.ConnectionCls):  # type: ignore
        response_class = Answer

    class Safe(HTTPSConnectionPool.ConnectionCls):  # type: ignore
        response_class = Answer

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SafePool(HTTPSConnectionPool):
        ConnectionCls = Safe

    return {"http": PlainPool, "https": SafePool}
