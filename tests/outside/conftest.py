"""One localhub over HTTP for the adapter, with a log of every request that reached it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.localhub import LocalHub, Person, serve
from bot.localhub.deliveries import Reply
from bot.outside.github import GitHub, connect
from bot.story.vocabulary import Repository

REPO = "acme/shop"
MANIFEST = {
    "name": "Towpath",
    "default_permissions": {
        "checks": "write",
        "contents": "write",
        "issues": "write",
        "pull_requests": "write",
        "members": "read",
        "metadata": "read",
    },
    "default_events": ["issues"],
}
FILES = {"a.py": "x = 1\n", "CODEOWNERS": "* @alice @acme/core\n", "logo.bin": b"\xff\xfe"}


@dataclass
class Place:
    """A GitHub, ourselves on it, and what was asked of it so far."""

    hub: LocalHub
    url: str
    app: Any
    repository: Repository
    github: GitHub
    _ahead: list[timedelta]
    asked: list[tuple[str, str]]

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead[0]

    def later(self, seconds: float) -> None:
        """Time passes, for GitHub and for us."""
        self._ahead[0] += timedelta(seconds=seconds)

    def connect(self, **options: Any) -> GitHub:
        """Ourselves in a new process, as far as can be told."""
        return connect(self.url, str(self.app.app_id), self.app.pem, self.now, **options)

    def as_person(self, login: str = "alice") -> Person:
        return self.hub.act_as(login)

    def writes(self) -> list[tuple[str, str]]:
        """The writes that reached GitHub, the minting of tokens left out."""
        return [
            (verb, path)
            for verb, path in self.asked
            if verb != "GET" and "access_tokens" not in path
        ]

    def comments(self, number: int) -> list[dict[str, Any]]:
        return self.as_person().comments(REPO, number)

    def branch(self, name: str = "feature/STORY-1/x") -> str:
        """A branch of one commit; answers its SHA."""
        return self.as_person().push(REPO, name, {"b.py": "y = 2\n"}, "feat: y")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    ahead = [timedelta()]
    hub = LocalHub(
        tmp_path / "hub",
        send=_nowhere,
        wall=lambda: (datetime.now(UTC) + ahead[0]).timestamp(),
    )
    for login in ("alice", "bob"):
        hub.add_user(login)
    hub.add_org("acme", admins=("alice",))
    hub.create_repository(REPO, FILES)
    hub.add_collaborator(REPO, "bob", "triage")
    hub.add_team("acme", "core", ["alice"], {REPO: "write"})
    app = hub.register_app(MANIFEST)
    inner, asked, lock = hub.application, [], threading.Lock()

    def counted(environ: dict[str, Any], start: Any) -> Any:
        if "HTTP_X_LOCALHUB_PERSON" not in environ:
            with lock:
                asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        return inner(environ, start)

    hub._application = counted
    with serve(hub) as server:
        installation = hub.install(app.app_id, [REPO])
        made = Place(hub, server.url, app, None, None, ahead, asked)  # type: ignore[arg-type]
        made.github = made.connect()
        made.repository = made.github.repository(REPO, installation)
        made.github.identity()
        asked.clear()
        yield made


def _nowhere(*_: Any) -> Reply:
    return Reply(0)
