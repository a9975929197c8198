"""A small world: alice owns a shop, bob may write, carol may read, an app is installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from bot.localhub import AppCredentials, LocalHub, Server, serve
from bot.localhub.deliveries import Reply

REPO = "acme/shop"
SECRET = "a webhook secret"
MANIFEST = {
    "name": "Towpath Test",
    "url": "http://example.invalid",
    "default_permissions": {
        "actions": "read",
        "administration": "read",
        "checks": "write",
        "contents": "write",
        "deployments": "write",
        "issues": "write",
        "members": "read",
        "pull_requests": "write",
        "security_events": "read",
        "statuses": "write",
        "vulnerability_alerts": "read",
    },
    "default_events": [
        "check_run",
        "check_suite",
        "create",
        "delete",
        "deployment",
        "deployment_status",
        "issue_comment",
        "issues",
        "label",
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "push",
        "status",
    ],
}
FILES = {
    "README.md": "# Shop\n",
    "src/shop.py": "def price():\n    return 1\n",
    "tests/test_shop.py": "def test_price():\n    assert True\n",
    ".github/CODEOWNERS": "*.md @carol\n/src/ @bob @nobody\n",
}


@dataclass
class World:
    hub: LocalHub
    server: Server
    app: AppCredentials
    installation: int
    sent: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.url

    def get(self, path: str, token: str | None = None, **more: object) -> requests.Response:
        return self.request("GET", path, token, **more)

    def request(
        self, method: str, path: str, token: str | None = None, **more: object
    ) -> requests.Response:
        headers = dict(more.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return requests.request(method, self.url + path, headers=headers, timeout=20, **more)

    def app_token(self) -> str:
        return self.hub.installation_token(self.installation)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    sent: list[tuple[str, dict[str, str], bytes]] = []

    def receive(url: str, headers: dict[str, str], body: bytes) -> Reply:
        sent.append((url, headers, body))
        return Reply(202, {}, "accepted")

    hub = LocalHub(tmp_path / "hub", send=receive)
    for login in ("alice", "bob", "carol", "mallory"):
        hub.add_user(login)
    hub.add_org("acme", admins=("alice",))
    hub.create_repository(REPO, FILES)
    hub.add_collaborator(REPO, "bob", "write")
    hub.add_collaborator(REPO, "carol", "read")
    app = hub.register_app(MANIFEST, "http://127.0.0.1:1/webhook", SECRET)
    with serve(hub) as server:
        installation = hub.install(app.app_id, [REPO])
        assert hub.deliveries.settle()
        yield World(hub, server, app, installation, sent)
