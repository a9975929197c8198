"""`towpath serve` for real, while every kind of its processes is killed once (S6, X2)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from bot.localhub import LocalHub, serve
from tests.world import BUMP, FILES, REPO, ROOT, SECRET

PATIENCE_S = 150.0


class Served:
    """A GitHub in this process, Towpath in its own."""

    def __init__(self, root: Path, port: int) -> None:
        self.hub = LocalHub(root / "hub")
        for login in ("alice", "bob"):
            self.hub.add_user(login)
        self.hub.add_org("acme")
        manifest = yaml.safe_load((ROOT / "app.yml").read_text())
        app = self.hub.register_app(manifest, f"http://127.0.0.1:{port}/webhook", SECRET)
        self.server = serve(self.hub)
        (root / "key.pem").write_text(app.pem)
        self.hub.create_repository(REPO, FILES)
        for login in ("alice", "bob"):
            self.hub.add_collaborator(REPO, login, "write")
        settings = {
            "HOME": root / "home",
            "GITHUB_API_URL": self.server.url,
            "GITHUB_WEB_URL": self.server.url,
            "APP_ID": app.app_id,
            "PRIVATE_KEY_FILE": root / "key.pem",
            "WEBHOOK_SECRET": SECRET,
            "ONBOARDING": "false",
            "BIND_PORT": port,
            "SWEEP_SECONDS": 1,
            "CATCH_UP_SECONDS": 2,
            "LEASE_SECONDS": 4,
            "HEARTBEAT_SECONDS": 1,
        }
        environ = {k: v for k, v in os.environ.items() if not k.startswith("TOWPATH_")}
        environ |= {f"TOWPATH_{name}": str(value) for name, value in settings.items()}
        self.log = (root / "serve.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "serve"],
            cwd=ROOT,
            env=environ,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        self.hub.install(app.app_id, [REPO])

    def kill(self, name: str) -> None:
        """SIGKILL to every process of one kind."""
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                words = process.cmdline()
            except psutil.Error:
                continue
            if name in words or (name == "valkey" and any("valkey-server" in w for w in words)):
                process.send_signal(signal.SIGKILL)

    def labels(self, number: int) -> set[str]:
        return {label["name"] for label in self.alice.issue(REPO, number)["labels"]}

    @property
    def alice(self) -> Any:
        return self.hub.act_as("alice")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.server.close()
        self.log.close()


@pytest.fixture
def served(tmp_path: Path, unused_port: int) -> Iterator[Served]:
    made = Served(tmp_path, unused_port)
    yield made
    made.close()


@pytest.mark.slow
def test_each_process_killed_once_loses_nothing_and_doubles_nothing(served: Served) -> None:
    number = served.alice.open_issue(REPO, *BUMP)
    served.alice.label(REPO, number, "story")
    victims = iter(["stories", "worker", "web", "clock", "valkey", "stories"])
    approved, until = False, time.monotonic() + PATIENCE_S
    while "towpath:done" not in served.labels(number):
        assert time.monotonic() < until, served.labels(number)
        time.sleep(1.5)
        victim = next(victims, None)
        if victim:
            served.kill(victim)
        if "towpath:review" in served.labels(number) and not approved:
            time.sleep(2)
            served.hub.act_as("bob").comment(REPO, number, "/approve")
            approved = True
    told = served.alice.comments(REPO, number)
    ours = [c for c in told if c["user"]["login"].endswith("[bot]")]
    pulls = served.alice.request("GET", f"/repos/{REPO}/pulls?state=all")
    assert len(ours) == 1
    assert [p["merged_at"] is not None for p in pulls] == [True]
