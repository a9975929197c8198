"""A TCP proxy in front of a server that misbehaves as it is told: the network's own faults."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

HANG, RESET, HALF, PAGE, GARBLED = "hang", "reset", "half", "page", "garbled"
_ANSWER = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
_PAGE = b"<html>Sign in to the network</html>"


class Proxy:
    """`mode` '' passes everything on. `asked`: first lines of the requests that it saw."""

    def __init__(self, port: int) -> None:
        self._port, self.mode, self.asked = port, "", []  # type: ignore[var-annotated]
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._end = threading.Event()
        self.port = 0
        self.come()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def come(self) -> None:
        """Listen, on the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def go(self) -> None:
        """Listen no more; connections are reset."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for one in self._open:
            one.close()
        self._open.clear()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self.go()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        try:
            request = _request(client)
            if not request:
                return
            self.asked.append(request.split(b" HTTP", 1)[0].decode())
            match self.mode:
                case "":
                    client.sendall(self._real(request))
                case "hang":
                    self._end.wait(30)
                case "half":
                    real = self._real(request)
                    client.sendall(real[: len(real) - 20])
                case "page":
                    client.sendall(_ANSWER % (b"200 OK", b"text/html", len(_PAGE), _PAGE))
                case "garbled":
                    client.sendall(b"\x00\x01 this is not HTTP\r\n\r\n")
                case status if status.isdigit():
                    said = f"{status} Fault".encode()
                    client.sendall(_ANSWER % (said, b"text/html", len(_PAGE), _PAGE))
        except OSError:
            return  # whoever asked has gone
        finally:
            client.close()

    def _real(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [x for x in head.split(b"\r\n") if not x.lower().startswith(b"connection:")]
        asked = b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as server:
            server.sendall(asked)
            return b"".join(iter(lambda: server.recv(65536), b""))


def _request(client: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        more = client.recv(65536)
        if not more:
            return b""
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body
