"""The proxy of the set-up phase: the only thing that a build can reach. (T4, T6)

Promises: listens on a unix socket; lets GET and HEAD through to the listed hosts and nothing else,
also inside TLS, which ends here; the host that is connected to is the host that is asked; an
operator's credentials are added here and are never inside. What was refused is kept, with the
command that wanted it.
Never: passes on a body, a cookie or a credential that came from inside; trusts a certificate that
the operator's machine would not.
"""

from __future__ import annotations

import http.client
import logging
import shutil
import socketserver
import ssl
import threading
from base64 import b64encode
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment

from bot.workspace.egress.artifacts import Artifacts
from bot.workspace.egress.certificates import Authority

log = logging.getLogger(__name__)

_SECONDS = 120  # without a byte, from either side
_LONGEST = 2000  # of an address: more carries something out
_CONNECTIONS = 64
_MOST_REFUSALS = 50
_PASSED = (
    "Accept", "Accept-Encoding", "Cache-Control", "If-Modified-Since", "If-None-Match", "Range",
    "User-Agent",
)  # fmt: skip
_NOT_PASSED_BACK = {
    "connection", "keep-alive", "proxy-authenticate", "set-cookie", "te", "trailer",
    "transfer-encoding", "upgrade", "alt-svc", "strict-transport-security",
}  # fmt: skip


class Origin(NamedTuple):
    """Where something is fetched from."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """Of an http or https address; ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an http address")
        return cls(parts.scheme, parts.hostname, parts.port or _usual(parts.scheme))

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _usual(self.scheme) else f"{host}:{self.port}"


@dataclass(frozen=True)
class Rules:
    """`origins`: what may be reached, each with the `Authorization` to add or "".

    `upstream`: the operator's own proxies by scheme (`http`, `https`, and `no` for exceptions).
    """

    origins: Mapping[Origin, str] = field(repr=False)
    upstream: Mapping[str, str] = field(default_factory=dict, repr=False)

    def way(self, origin: Origin) -> str:
        """The operator's proxy for `origin`, or ""."""
        way = self.upstream.get(origin.scheme, "")
        without = {"no": self.upstream.get("no", "")}
        return "" if not way or proxy_bypass_environment(origin.host, without) else way


class Proxy(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Serves at the socket `path` until `close`. `command`: what runs inside now."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, path: Path, rules: Rules, authority: Authority, artifacts: Artifacts | None
    ) -> None:
        self.rules, self.authority, self.artifacts = rules, authority, artifacts
        self.command = ""
        self.refused: dict[tuple[str, str], None] = {}
        self.trusted = ssl.create_default_context()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(_CONNECTIONS)
        super().__init__(str(path), _Handler)
        path.chmod(0o666)  # its folder decides who comes near
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self.authority.context(host)
            return self._contexts[host]

    def refuse(self, what: str) -> None:
        with self._lock:
            if len(self.refused) < _MOST_REFUSALS:
                self.refused[what[:200], self.command] = None

    def connection(self, origin: Origin) -> tuple[http.client.HTTPConnection, bool]:
        """A connection for `origin`, and whether its proxy wants whole addresses."""
        way = self.rules.way(origin)
        if not way and origin.scheme == "http":
            return http.client.HTTPConnection(origin.host, origin.port, timeout=_SECONDS), False
        near = urlsplit(way if "://" in way else f"http://{way}")
        host, port = (near.hostname or "", near.port or 8080) if way else origin[1:]
        if origin.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=_SECONDS), True
        made = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=self.trusted)
        if way:
            made.set_tunnel(origin.host, origin.port, proxy_authorization(way))
        return made, False

    def process_request(self, request: Any, client_address: Any) -> None:
        self._free.acquire()
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._free.release()
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a connection of a build ended badly", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS
    server: Proxy
    tunnel: Origin | None = None
    upstream: tuple[Origin, http.client.HTTPConnection, bool] | None = None

    def finish(self) -> None:
        super().finish()
        self._hang_up()
        self.connection.close()

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        origin = Origin("https", host.strip("[]").lower(), int(port) if port.isdecimal() else 0)
        if self.tunnel or origin not in self.server.rules.origins:
            self._refuse(f"{host.lower()}:{port}")
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        secure = self.server.context(origin.host).wrap_socket(self.connection, server_side=True)
        self.connection = secure
        self.rfile, self.wfile = secure.makefile("rb"), secure.makefile("wb", 0)  # type: ignore[assignment]
        self.tunnel, self.close_connection = origin, False

    def do_GET(self) -> None:
        try:
            origin = self.tunnel or Origin.of(self.path)
        except ValueError:
            self._refuse(self.path[:100], 400)
            return
        if origin not in self.server.rules.origins:
            self._refuse(f"{origin.host}:{origin.port}")
        elif "Transfer-Encoding" in self.headers or self.headers.get("Content-Length", "0") != "0":
            self._refuse(f"a body for {origin.netloc}", 400)
        elif len(self.path) > _LONGEST:
            self._refuse(f"a long address of {origin.netloc}", 414)
        else:
            self._answer(origin)

    do_HEAD = do_GET

    def _other_method(self) -> None:
        host = self.tunnel.netloc if self.tunnel else urlsplit(self.path).netloc
        self._refuse(f"{self.command} {host}", 405)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = _other_method

    def _answer(self, origin: Origin) -> None:
        parts = urlsplit(self.path)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        url = f"{origin.scheme}://{origin.netloc}{path}"
        kept = self.server.artifacts
        place = kept.place(url) if kept and "Range" not in self.headers else None
        if kept and place and (found := kept.open(place)):
            with found:
                self._begin(200, {"Content-Length": str(place.stat().st_size)})
                if self.command == "GET":
                    shutil.copyfileobj(found, self.wfile)
            return
        try:
            answer = self._ask(origin, path, url)
            size = answer.headers.get("Content-Length")
            with ExitStack() as stack:
                copy: IO[bytes] | None = None
                whole = answer.status == 200 and self.command == "GET"
                if kept and place and whole and size and "Content-Encoding" not in answer.headers:
                    copy = stack.enter_context(kept.keeping(place, int(size)))
                self._pass_back(answer, size, copy)
        except (OSError, http.client.HTTPException) as problem:
            log.debug("a package host did not answer", exc_info=True)
            self._hang_up()
            self.close_connection = True
            self.send_error(502, type(problem).__name__)

    def _ask(self, origin: Origin, path: str, url: str) -> http.client.HTTPResponse:
        """On the connection of the request before, where it is for the same host and still open."""
        if self.upstream and self.upstream[0] == origin:
            try:
                return self._send(origin, path, url)
            except (OSError, http.client.HTTPException):
                log.debug("a kept connection was closed", exc_info=True)
        self._hang_up()
        self.upstream = (origin, *self.server.connection(origin))
        return self._send(origin, path, url)

    def _send(self, origin: Origin, path: str, url: str) -> http.client.HTTPResponse:
        assert self.upstream is not None
        _, connection, whole = self.upstream
        connection.request(self.command, url if whole else path, headers=self._headers(origin))
        return connection.getresponse()

    def _hang_up(self) -> None:
        if self.upstream:
            self.upstream[1].close()
        self.upstream = None

    def _headers(self, origin: Origin) -> dict[str, str]:
        made = {name: self.headers[name] for name in _PASSED if name in self.headers}
        if secret := self.server.rules.origins[origin]:
            made["Authorization"] = secret
        if origin.scheme == "http" and (way := self.server.rules.way(origin)):
            made |= proxy_authorization(way)
        return made

    def _pass_back(
        self, answer: http.client.HTTPResponse, size: str | None, copy: IO[bytes] | None
    ) -> None:
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in _NOT_PASSED_BACK}
        empty = self.command == "HEAD" or answer.status in (204, 304)
        if size is None and not empty:
            self.close_connection = True  # its end is the end of the connection
        self._begin(answer.status, headers)
        while not empty and (data := answer.read(1 << 16)):
            if copy:
                copy.write(data)
            self.wfile.write(data)

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _refuse(self, what: str, status: int = 403) -> None:
        self.server.refuse(what)
        self.close_connection = True
        self.send_error(status, "refused by the set-up phase", f"{what} is not let through")

    def log_message(self, format: str, *args: Any) -> None:
        """Addresses may hold what is private; what matters is in `refused`."""


def proxy_authorization(way: str) -> dict[str, str]:
    """The header for the credentials in the address of a proxy, if it has any."""
    parts = urlsplit(way if "://" in way else f"http://{way}")
    if not parts.username:
        return {}
    return {"Proxy-Authorization": basic(parts.username, parts.password or "")}


def basic(user: str, password: str) -> str:
    """An `Authorization` from the parts of an address, which are quoted there."""
    return "Basic " + b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()


def _usual(scheme: str) -> int:
    return 443 if scheme == "https" else 80
