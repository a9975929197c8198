"""A git repository of this machine in a GitHub of its own, and a Towpath beside it (B13).

Promises: the repository itself is only read; everything else lives below one folder and in this
process, so nothing is left when the block is left, whatever ends it. Of the caller's settings only
the bounds on what a story may do and cost hold here. Never: talks to anything but loopback (but for
the project's own packages, and the model that was named).
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import tempfile
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from pydantic import ValidationError

from bot.cli.local_run import KEPT_SETTINGS, MANIFEST, leave
from bot.cli.lone_house import LoneHouse
from bot.cli.source_copy import copy_head
from bot.configuration.files import Told
from bot.localhub import LocalHub, serve
from bot.localhub.deliveries import Reply
from bot.queue.delivery import Delivery
from bot.settings import Settings
from bot.settings_problems import PREFIX, SettingsError, problem
from bot.story.vocabulary import Repository
from bot.wiring import now
from bot.workspace.git import git

PEOPLE = {"you": "admin", "reviewer": "write"}


class _Given(Settings):
    """Settings of nobody but the caller: neither the environment nor a stored app counts."""

    @classmethod
    def settings_customise_sources(  # type: ignore[override]
        cls, settings_cls: Any, init_settings: Any, env_settings: Any, **others: Any
    ) -> tuple[Any, ...]:
        return (init_settings,)


class LocalProject:
    """A context manager. `house` works on `repository`; `hub` is the GitHub."""

    def __init__(
        self,
        folder: Path,
        source: Path,
        name: str,
        options: dict[str, Any],
        supposed: Told | None = None,
    ) -> None:
        self.home, self._folder, self._source, self.name = folder / "home", folder, source, name
        self._options, self._supposed = options, supposed
        self._heard: deque[Delivery] = deque()
        self.remarks: list[str] = []

    def __enter__(self) -> LocalProject:
        self._stack = ExitStack()
        try:
            for number in (signal.SIGTERM, signal.SIGHUP):
                self._stack.callback(signal.signal, number, signal.signal(number, leave))
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *why: object) -> None:
        self._stack.close()

    def _open(self) -> None:
        copy = self._folder / "source.git"
        self.remarks = copy_head(self._source, copy)
        self.hub = LocalHub(self._folder / "github", send=self._listen)
        self._server = self._stack.enter_context(serve(self.hub))
        owner = self.name.partition("/")[0]
        for login in {owner, *PEOPLE}:
            self.hub.add_user(login)
        manifest = yaml.safe_load(MANIFEST.read_text())
        secret = secrets.token_hex(16)
        app = self.hub.register_app(manifest, "http://towpath.invalid/webhook", secret)
        self.house = LoneHouse(self._settings(app.app_id, app.pem, secret), self._supposed)
        self._stack.callback(lambda: self.house.database.dispose())
        self._place = self.hub.create_repository(self.name, copy)
        for login, permission in PEOPLE.items():
            self.hub.add_collaborator(self.name, login, permission)
        self.hub.install(app.app_id, [self.name])
        self.hear()

    def _settings(self, app_id: int, pem: str, secret: str) -> Settings:
        kept = {
            name.removeprefix(PREFIX).lower(): value
            for name in KEPT_SETTINGS
            if (value := os.environ.get(name))
        }
        given = {
            **kept,
            "home": self.home,
            "github_api_url": self._server.url,
            "github_web_url": self._server.url,
            "app_id": app_id,
            "private_key": pem,
            "webhook_secret": secret,
            "onboarding": False,
            # Their tools are a large installation, which nobody who tries this asked for.
            "quality_gates": os.environ.get(f"{PREFIX}QUALITY_GATES") or False,
            **self._options,
        }
        try:
            return _Given(**given)
        except ValidationError as error:
            fields = Settings.model_fields
            raise SettingsError([problem(one, fields) for one in error.errors()]) from None

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def repository(self) -> Repository:
        """The repository as Towpath knows it."""
        github = self.house.github
        return github.repository(self.name, github.installation_of(self.name))

    def refresh(self) -> None:
        """Bring what was committed to the source since into the copy's default branch."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            fresh = Path(folder) / "fresh.git"
            copy_head(self._source, fresh)
            head = git(fresh, "rev-parse", "HEAD").decode().strip()
            place = self._place.git.path
            fetched = ("--quiet", "--no-write-fetch-head", str(fresh), "+HEAD:refs/towpath/fresh")
            git(place, "fetch", *fetched, env={"GIT_ALLOW_PROTOCOL": "file"})
            branch = quote(self._place.default_branch)
            told = {"sha": head, "force": True}
            you = self.hub.act_as("you")
            you.request("PATCH", f"/repos/{self.name}/git/refs/heads/{branch}", told)
            git(place, "update-ref", "-d", "refs/towpath/fresh")
        self.hear()

    def _listen(self, url: str, headers: dict[str, str], body: bytes) -> Reply:
        told = {name.lower(): value for name, value in headers.items()}
        self._heard.append(
            Delivery(told["x-github-delivery"], told["x-github-event"], json.loads(body), now())
        )
        return Reply(202)

    def hear(self) -> None:
        """Handle what GitHub has told since."""
        self.hub.deliveries.settle()
        while self._heard:
            self.house.dispatch([self._heard.popleft()])
