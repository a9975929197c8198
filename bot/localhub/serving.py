"""The server on a port of this machine, in this process.

Promises that the port answers when `serve` returns and is free when `close` returns. Never
listens anywhere but where it was told; the default is loopback.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from bot.localhub.hub import LocalHub
from bot.localhub.shapes.urls import Urls


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # clients keep their connections, as with GitHub

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the addresses of requests belong to nobody's terminal."""


class Server:
    """A running server: `url` is the API base without a final slash; a context manager."""

    def __init__(self, hub: LocalHub, host: str, port: int) -> None:
        self.hub = hub
        application = hub.faults.around(hub.application)
        self._server = make_server(host, port, application, threaded=True, request_handler=_Quiet)
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._server.server_port}"
        hub.urls = Urls(self.url, self.url)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="localhub", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self.hub.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def serve(hub: LocalHub, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Serve `hub`; port 0 takes a free one. Close it, or use it as a context manager."""
    return Server(hub, host, port)
