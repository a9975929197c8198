"""Attempts on the network, by address, by name and by socket."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from .registry import Targets, attempt


def _send(address: Any, family: int, kind: int, secret: str) -> str:
    with socket.socket(family, kind) as made:
        made.settimeout(3)
        made.connect(address)
        made.sendall(secret.encode())
        return str(address)


@attempt
def tcp_by_address(t: Targets) -> str | None:
    return _send(("127.0.0.1", t["tcp"]), socket.AF_INET, socket.SOCK_STREAM, t["nonce"])


@attempt
def tcp_by_name(t: Targets) -> str | None:
    made = socket.create_connection(("localhost", t["tcp"]), timeout=3)
    made.close()
    return "localhost"


@attempt
def tcp_to_an_address_of_the_host(t: Targets) -> str | None:
    if not t["own_address"]:
        return None
    return _send((t["own_address"], t["tcp"]), socket.AF_INET, socket.SOCK_STREAM, t["nonce"])


@attempt
def name_service(t: Targets) -> str | None:
    return str(socket.getaddrinfo(t["known_name"], 443)[0][4])


@attempt
def udp(t: Targets) -> str | None:
    """Sending says nothing: whoever listens on the host tells."""
    _send(("127.0.0.1", t["udp"]), socket.AF_INET, socket.SOCK_DGRAM, t["nonce"])
    return None


@attempt
def udp_to_the_world(t: Targets) -> str | None:
    return _send(("192.0.2.1", 53), socket.AF_INET, socket.SOCK_DGRAM, t["nonce"])


@attempt
def abstract_socket(t: Targets) -> str | None:
    return _send("\0" + t["abstract"], socket.AF_UNIX, socket.SOCK_STREAM, t["nonce"])


@attempt
def queue_socket(t: Targets) -> str | None:
    """The embedded queue listens on a path below the home."""
    return _send(t["unix"], socket.AF_UNIX, socket.SOCK_STREAM, t["nonce"])


@attempt
def raw_packets(t: Targets) -> str | None:
    for family, kind, protocol in ((17, 3, 0), (2, 3, 1), (16, 3, 0), (40, 1, 0)):
        with contextlib.suppress(OSError), socket.socket(family, kind, protocol):
            return f"socket family {family}"
    return None


@attempt
def container_engine(t: Targets) -> str | None:
    for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock"):
        with contextlib.suppress(OSError):
            return _send(path, socket.AF_UNIX, socket.SOCK_STREAM, "GET / HTTP/1.0\r\n\r\n")
    return None
