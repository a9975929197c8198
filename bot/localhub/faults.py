"""Faults of the REST and git surface, on demand: errors, delays, dropped connections.

Promises exactness: a fault fires for the requests it names and as often as it says, after letting
`skip` of them pass. Never touches the control plane or what people do through `Person`.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from bot.localhub.errors import DOCUMENTATION

SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
StartResponse = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


@dataclass
class Fault:
    """`path` is a regular expression searched in "path?query"; `times` 0 means for ever.

    `status` answers instead of the server; None lets the real answer through (with `delay` or
    `headers`). `after`: the request is carried out, then answered with the fault: the nasty one.
    `delay`: seconds before anything else. `drop`: the connection is closed without an answer.
    """

    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int | None = None
    delay: float = 0.0
    drop: bool = False
    after: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None

    def __post_init__(self) -> None:
        re.compile(self.path)


class Faults:
    """The faults in force. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self._closed = threading.Event()
        self.fired: list[tuple[str, str]] = []  # (method, path) of the requests that were hit

    def add(self, fault: Fault | None = None, **fields: Any) -> Fault:
        """Arm a fault, given whole or by its fields."""
        armed = fault or Fault(**fields)
        with self._lock:
            self._armed.append(armed)
        return armed

    def secondary_limit(
        self, *, times: int = 1, retry_after: int = 60, status: int = 403, path: str = ""
    ) -> Fault:
        """Refuse with GitHub's secondary rate limit (403 or 429 and Retry-After in seconds)."""
        return self.add(
            path=path,
            times=times,
            status=status,
            headers={"Retry-After": str(retry_after)},
            body={"message": SECONDARY, "documentation_url": DOCUMENTATION},
        )

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def close(self) -> None:
        """Let delayed requests go at once."""
        self._closed.set()

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._armed:
                if fault.method and fault.method.upper() != method:
                    continue
                if not re.search(fault.path, path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times > 0:
                    fault.times -= 1
                    if fault.times == 0:
                        self._armed.remove(fault)
                self.fired.append((method, path))
                return fault
        return None

    def around(self, inner: Wsgi) -> Wsgi:
        """The WSGI application that misbehaves as told, else is `inner`."""

        def application(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
            path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
            if path.startswith("/_hub/") or "HTTP_X_LOCALHUB_PERSON" in environ:
                return inner(environ, start)
            query = environ.get("QUERY_STRING", "")
            target = f"{path}?{query}" if query else path
            fault = self.take(environ["REQUEST_METHOD"], target)
            if fault is None:
                return inner(environ, start)
            if fault.delay:
                self._closed.wait(fault.delay)
            if fault.after:
                answered = inner(environ, lambda *_: lambda _: None)
                for _ in answered:
                    pass
                getattr(answered, "close", lambda: None)()
            if fault.drop:
                _hang_up(environ)
            if fault.status is None:
                return inner(environ, _with_headers(start, fault.headers))
            return _answer(fault, start)

        return application


def _hang_up(environ: dict[str, Any]) -> NoReturn:
    """Close the connection without a word, so that a client which keeps it alive notices."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("dropped on demand")


def _with_headers(start: StartResponse, more: dict[str, str]) -> StartResponse:
    def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        kept = [pair for pair in headers if pair[0].lower() not in {m.lower() for m in more}]
        return start(status, kept + list(more.items()), *rest)

    return started


def _answer(fault: Fault, start: StartResponse) -> list[bytes]:
    content = fault.body if fault.body is not None else {"message": "Server Error"}
    if isinstance(content, str):
        raw, media = content.encode(), "text/html; charset=utf-8"
    else:
        raw, media = json.dumps(content).encode(), "application/json; charset=utf-8"
    headers = {"Content-Type": media, "Content-Length": str(len(raw)), **fault.headers}
    start(f"{fault.status} Fault", list(headers.items()))
    return [raw]
