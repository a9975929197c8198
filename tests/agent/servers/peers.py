"""Servers to talk to: the SDK's own in a process, and ones over HTTP that mean no good."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.agent import event_loop
from bot.agent.servers.offered import Offered, Withheld, offered, pin_of
from bot.agent.servers.sessions import Door, opened
from bot.configuration.servers import AllowedTool, Server
from bot.workspace.choose_sandbox import choose_sandbox

HERE = Path(__file__).parent
DOCS = HERE / "docs_server.py"
_BASE = Path(os.path.realpath(sys.base_prefix))
_PACKAGES = Path(sysconfig.get_path("platlib"))
_PYTHON = f"{_BASE}/bin/python{sys.version_info.major}.{sys.version_info.minor}"
NO_HOME = Path("/nonexistent/home")


@contextmanager
def docs(*arguments: str) -> Iterator[str]:
    """The SDK's server over HTTP; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port, told = listening.getsockname()[1], str(listening.fileno())
        process = subprocess.Popen(
            [sys.executable, DOCS, "--fd", told, *arguments],
            pass_fds=[listening.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait()


def at(url: str, **fields: Any) -> Server:
    """A declared server over HTTP on this machine."""
    told = {"name": "docs", "repositories": ("*/*",), "private": True, "timeout_seconds": 20.0}
    return Server(url=url, **{**told, **fields})


def inside(*command: str, **fields: Any) -> Server:
    """A declared server that runs in the sandbox."""
    told = {"name": "docs", "repositories": ("*/*",), "timeout_seconds": 30.0}
    return Server(command=command, **{**told, **fields})


def docs_inside(*arguments: str, **fields: Any) -> Server:
    """The SDK's server, in the sandbox."""
    start = ("env", f"PYTHONPATH={_PACKAGES}", _PYTHON, "-s", str(DOCS), *arguments)
    folders = tuple(map(str, (_BASE, _PACKAGES, HERE)))
    if any(one.startswith("/tmp/") for one in folders):
        pytest.skip("nothing below /tmp can be shown in the sandbox, which has one of its own")
    return inside(*start, folders=folders, **fields)


def allowing(server: Server, *names: str, writes: tuple[str, ...] = ()) -> Server:
    """The server with these tools allowed, pinned as they are now."""
    pins = {tool.name: pin_of(tool) for tool in tools_of(server)}
    tools = tuple(
        AllowedTool(name=name, pin=pins.get(name), writes=name in writes) for name in names
    )
    return server.model_copy(update={"tools": tools})


def door(credential: str = "") -> Door:
    return Door(NO_HOME, choose_sandbox, lambda server: credential)


def tools_of(server: Server, through: Door | None = None) -> list[Any]:
    """What the server tells of. Raises Problem."""

    async def look() -> list[Any]:
        async with opened(server, through or door()) as session:
            return await session.tools()

    return event_loop.run(look())


def offers(server: Server) -> tuple[list[Offered], list[Withheld]]:
    return offered(server, tools_of(server))


class Hostile(BaseHTTPRequestHandler):
    """By the path: elsewhere | denied | packed | flood | hang | garbage | closed."""

    seen: ClassVar[list[tuple[str, str]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.path, self.headers.get("Authorization", "")))
        getattr(self, f"_{self.path.strip('/')}")()

    do_GET = do_DELETE = do_POST

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _elsewhere(self) -> None:
        port = self.server.server_address[1]
        self._answer(307, Location=f"http://localhost:{port}/stolen")

    def _stolen(self) -> None:
        self._answer(200, b"{}")

    def _denied(self) -> None:
        self._answer(401)

    def _packed(self) -> None:
        self._answer(200, gzip.compress(b"{}" * 1000), Content_Encoding="gzip")

    def _garbage(self) -> None:
        self._answer(200, b'{"jsonrpc": "2.0", "id": 1, "result": {"x": ' + b"[" * 5000)

    def _hang(self) -> None:
        time.sleep(3)

    def _closed(self) -> None:
        self.connection.close()

    def _flood(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for _ in range(2_000):
            self.wfile.write(b": " + b"x" * 10_000 + b"\n")

    def log_message(self, *told: Any) -> None:
        """Nothing is said."""


@contextmanager
def hostile(certificate: Path | None = None) -> Iterator[str]:
    """A server that means no good; its URL, to which a path of `Hostile` belongs.

    `certificate`: a file with it and its key; then it speaks TLS.
    """
    Hostile.seen.clear()

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """They hang up on it; that is what it is for."""

    server = Quiet(("127.0.0.1", 0), Hostile)
    if certificate:
        speaks = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        speaks.load_cert_chain(certificate)
        server.socket = speaks.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def certificate(name: str, file: Path) -> Path:
    """A certificate for a name, signed by itself, and its key, in `file`."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, *plain))
    return file
