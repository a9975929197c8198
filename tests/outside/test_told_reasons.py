"""Why GitHub is left alone is said to everybody who asks whether we are ready."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot.localhub.tokens import signing_key
from bot.outside.errors import Unavailable
from bot.outside.github_guard import WRITES
from bot.outside.github_http import AppKey, GitHubHttp
from bot.story.services import Services


class RefusesWrites(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._say(200, b"{}")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._say(502, b'{"message": "in acme/hidden: bad gateway"}')

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


def now() -> datetime:
    return datetime.now(UTC)


def test_the_reason_of_an_outage_names_no_repository() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), RefusesWrites) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        services = Services(now, lambda: 0.5)
        url = f"http://127.0.0.1:{server.server_port}"
        http = GitHubHttp(url, AppKey("1", signing_key(0)[0]), now, services=services)
        with pytest.raises(Unavailable, match="acme/hidden"):
            http.write("POST", "/repos/acme/hidden/issues", None, {})
        told = services.condition(WRITES).reason
        server.shutdown()
        thread.join()
    assert told == "POST: 502"
