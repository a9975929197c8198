"""The tests' world: a GitHub on loopback, a real queue, a database, and the production app.

Tests press what people press and read what people read. Signed webhooks go through the production
intake into a real Valkey; the test turns the crank (`settle`), so nothing happens behind its back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from redis import Redis
from rq import Queue
from werkzeug.test import Client

from bot.cli.web_api import api_of
from bot.door.app import create_app
from bot.localhub import LocalHub, Server, serve
from bot.localhub.deliveries import Reply
from bot.queue import jobs
from bot.queue.inbox import Inbox
from bot.queue.wakeups import STORIES
from bot.settings import Settings
from bot.story.database import open_database
from bot.story.machine import Story, fold
from bot.story.office import stream_of
from bot.story.vocabulary import State
from bot.wiring import House
from tests.canaries import leaks

ROOT = Path(__file__).parents[1]
SECRET = "the webhook's secret"
REPO = "acme/shop"
PEOPLE = {"alice": "write", "bob": "write", "carol": "write", "tom": "triage", "rita": "read"}
FILES = {
    "shop.py": "def total(prices):\n    return sum(prices)\n",
    "requirements.txt": "idna==3.4\n",
    "tests/test_shop.py": (
        "import unittest\n\nimport shop\n\n\nclass Total(unittest.TestCase):\n"
        "    def test_total(self):\n        self.assertEqual(shop.total([1, 2]), 3)\n"
    ),
}
BUMP = ("Bump idna from 3.4 to 3.10", "idna 3.4 has CVE-2024-3651; it is fixed in 3.10.")


class World:
    """One GitHub, one Towpath. `hub` is the former, `house` the latter."""

    def __init__(
        self, root: Path, redis_url: str, environments: Path | None = None, **settings: Any
    ) -> None:
        self.ahead = _until_morning()
        self.claim_after = 30.0  # seconds until a dead reader's deliveries are taken over
        self.hub = LocalHub(
            root / "hub", clock=self.now, wall=lambda: self.now().timestamp(), send=self._deliver
        )
        for login in PEOPLE:
            self.hub.add_user(login)
        self.hub.add_org("acme", admins=())
        manifest = yaml.safe_load((ROOT / "app.yml").read_text())
        self.app = self.hub.register_app(manifest, "http://towpath.test/webhook", SECRET)
        self.server = self.serve()
        self.redis = Redis.from_url(redis_url)
        self.redis.flushall()
        self.settings = Settings(
            home=root / "home",
            redis_url=redis_url,
            github_api_url=self.server.url,
            github_web_url=self.server.url,
            app_id=self.app.app_id,
            private_key=self.app.pem,
            webhook_secret=SECRET,
            **{"quality_gates": False, "onboarding": False, **settings},
        )
        if environments:  # what a project needs is installed once for all worlds
            (root / "home").mkdir(parents=True, exist_ok=True)
            (root / "home" / "environments").symlink_to(environments)
        self.door = Client(
            create_app(self.settings, redis_url=redis_url, api=lambda: api_of(self.house))
        )
        self.boundary: Callable[[str], None] = lambda name: None
        if self.settings.database_url is None and not (root / "home" / "towpath.db").exists():
            (root / "home").mkdir(parents=True, exist_ok=True)
            (root / "home" / "towpath.db").write_bytes(_empty_database())
        self.house = self.new_house()

    def serve(self) -> Server:
        """GitHub on a port of its own."""
        return serve(self.hub)

    def new_house(self) -> House:
        """Towpath in a new process, as far as it can tell."""
        self.house = House(self.settings, clock=self.now, boundary=lambda n: self.boundary(n))
        return self.house

    def close(self, records: Iterable[logging.LogRecord] = ()) -> None:
        """The end; fails when a planted secret turned up anywhere. `records`: what was logged."""
        self.server.close()
        self.redis.close()
        if found := leaks(self, records):
            raise AssertionError(f"secrets got out: {found}")

    # -- time -------------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def later(self, seconds: float = 2.0) -> None:
        """GitHub's times are whole seconds: let what comes next be later than what was."""
        self.ahead += timedelta(seconds=seconds)

    # -- people -----------------------------------------------------------------------------

    def repository(self, files: Mapping[str, str] | Path | None = None, name: str = REPO) -> None:
        """A repository of files or of a git folder, PEOPLE in it, and the app installed on it."""
        source = files if isinstance(files, Path) else dict(files or FILES)
        made = self.hub.create_repository(name, source)
        self.place = made if name == REPO else self.place
        for login, permission in PEOPLE.items():
            self.hub.add_collaborator(name, login, permission)
        self.installation = self.hub.install(self.app.app_id, [name])
        self.settle()

    def act(self, login: str, silently: bool = False) -> Any:
        return self.hub.act_as(login, silently=silently)

    def story(self, title: str = BUMP[0], body: str = BUMP[1], by: str = "alice") -> int:
        """An issue that `by` opens and labels; returns its number once Towpath rests."""
        number = self.act(by).open_issue(REPO, title, body)
        self.act(by).label(REPO, number, "story")
        self.settle()
        return number

    def say(self, login: str, number: int, text: str) -> int:
        """A comment, two seconds after whatever was last; returns its id once Towpath rests."""
        self.later()
        comment = self.act(login).comment(REPO, number, text)
        self.settle()
        return comment

    # -- the crank --------------------------------------------------------------------------

    def settle(self, most: int = 200) -> None:
        """Deliver webhooks, drain the inbox and run stories until nothing moves."""
        for _ in range(most):
            self.hub.deliveries.settle()
            inbox = Inbox(self.redis, claim_after=self.claim_after)
            drained = jobs.drain(inbox, self.house.dispatch)
            if drained.handled + drained.failed + self.advance_queued() == 0:
                return
        raise AssertionError("the world does not come to rest")

    def queued(self) -> int:
        """How many stories wait for a worker."""
        return len(Queue(STORIES, connection=self.redis).jobs)

    def advance_queued(self) -> int:
        """Run the stories that wait for a worker; how many they were."""
        queue, done = Queue(STORIES, connection=self.redis), 0
        Queue("deliveries", connection=self.redis).empty()
        for job in queue.jobs:
            job.delete()
            self.house.advance(job.args[0])
            done += 1
        return done

    def sweep(self) -> None:
        """The clock ticks."""
        self.house.sweep()
        self.settle()

    def _deliver(self, url: str, headers: dict[str, str], body: bytes) -> Reply:
        answer = self.door.post("/webhook", data=body, headers=headers)
        return Reply(answer.status_code, dict(answer.headers), answer.get_data(as_text=True))

    # -- what people read -------------------------------------------------------------------

    def stream(self, number: int) -> str:
        return stream_of(self.place.id, number)

    def tale(self, number: int) -> Story:
        """The story as the journal tells it."""
        return fold(self.stream(number), self.house.journal.load(self.stream(number)))

    def state(self, number: int) -> State:
        return self.tale(number).state

    def comments(self, number: int) -> list[str]:
        """Bodies of the bot's comments on an issue or pull request, oldest first."""
        told = self.act("alice").comments(REPO, number)
        return [c["body"] for c in told if c["user"]["login"].endswith("[bot]")]

    def status_comments(self, number: int) -> list[str]:
        return [c for c in self.comments(number) if "### Towpath ·" in c]

    def labels(self, number: int) -> set[str]:
        return {label["name"] for label in self.act("alice").issue(REPO, number)["labels"]}

    def reactions(self, comment: int) -> list[str]:
        path = f"/repos/{REPO}/issues/comments/{comment}/reactions"
        return [r["content"] for r in self.act("alice").request("GET", path)]

    def pull(self, number: int) -> dict[str, Any]:
        return self.act("alice").request("GET", f"/repos/{REPO}/pulls/{number}")

    def pulls(self) -> list[dict[str, Any]]:
        return self.act("alice").request("GET", f"/repos/{REPO}/pulls?state=all&per_page=100")

    def branches(self) -> list[str]:
        told = self.act("alice").request("GET", f"/repos/{REPO}/branches")
        return sorted(branch["name"] for branch in told)

    def events(self, number: int) -> list[str]:
        return [r.event.kind for r in self.house.journal.load(self.stream(number))]


def _until_morning() -> timedelta:
    """Worlds begin at nine: no midnight lies between two steps of a test that sets none there."""
    now = datetime.now(UTC)
    return (now.replace(hour=9, minute=0, second=0) - now) % timedelta(days=1)


@cache
def _empty_database() -> bytes:
    """The tables, made once for all worlds of a process."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "towpath.db"
        engine = open_database(f"sqlite:///{path}")
        engine.dispose()
        return path.read_bytes()


@contextmanager
def world(root: Path, redis_url: str, **settings: Any) -> Iterator[World]:
    """A world that is closed at the end."""
    made = World(root, redis_url, **settings)
    try:
        yield made
    finally:
        made.close()
