"""What many repositories cost that nothing happens to: a round of looks, and a round of lanes.

    python benchmarks/repositories.py [--quick] [--json]

One GitHub on loopback, one installation, a real queue and database, one process of Towpath. Counted
are requests by status, statements, and the CPU of the thread that looks; none of it depends on how
busy the machine is. Exit status 1 when an idle round asks for more than the repositories whose turn
it is, or when lanes that run again within the life of a token ask for anything that is counted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import event

from bot.localhub import LocalHub, serve
from bot.localhub.deliveries import Reply
from bot.queue.embedded import EmbeddedServer
from bot.settings import Settings
from bot.wiring import House
from policies.looks import PER_ROUND, rounds_between

ROOT = Path(__file__).resolve().parents[1]
FILES = {"a.py": "x = 1\n", ".github/towpath.yml": "backlog:\n  todo: {issues: off}\n"}
ROUND_S = 61.0
ABOUT_ALL = 20  # requests of a round that are about no repository in particular, with pages


class Counted(LocalHub):
    """Counts its answers: those to an app or to nobody by status, the others by `repo` + status."""

    answers: Counter[str]

    @property
    def application(self) -> Any:
        real = super().application

        def application(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
            def begin(status: str, headers: Any, *more: Any) -> Any:
                about = "repo " if environ["PATH_INFO"].startswith("/repos/") else ""
                self.answers[about + status[:3]] += 1
                return start(status, headers, *more)

            return real(environ, begin)

        return application


class Scene:
    """The repositories, and a Towpath that knows them."""

    def __init__(self, root: Path, queue: str, count: int) -> None:
        self.ahead, self.statements = timedelta(), Counter[str]()
        self.hub = Counted(
            root / "hub",
            clock=self.now,
            wall=lambda: self.now().timestamp(),
            send=lambda *_: Reply(202),
        )
        self.hub.answers = Counter()
        self.hub.add_user("alice")
        self.hub.add_org("acme", admins=())
        manifest = yaml.safe_load((ROOT / "app.yml").read_text())
        app = self.hub.register_app(manifest, "http://towpath.test/webhook", "a secret")
        names = [f"acme/r{number:04}" for number in range(count)]
        first = self.hub.create_repository(names[0], FILES)
        for name in names[1:]:
            self.hub.create_repository(name, first.git.path)
        self.server = serve(self.hub)
        self.settings = Settings(
            home=root / "home",
            redis_url=queue,
            github_api_url=self.server.url,
            github_web_url=self.server.url,
            app_id=app.app_id,
            private_key=app.pem,
            webhook_secret="a secret",
            onboarding=False,
        )
        self.hub.install(app.app_id, names)
        self.house = self.new_house()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def new_house(self) -> House:
        house = House(self.settings, clock=self.now)

        @event.listens_for(house.database, "checkout")
        def _counts(connection: Any, record: Any, proxy: Any) -> None:
            connection.set_trace_callback(lambda text: self.statements.update([text.split()[0]]))

        return house

    def cost(self, work: Callable[[], object]) -> dict[str, Any]:
        """What a piece of work takes."""
        self.hub.answers.clear()
        self.statements.clear()
        began = time.thread_time()
        work()
        return {
            "answers": dict(sorted(self.hub.answers.items())),
            "selects": self.statements["SELECT"],
            "commits": self.statements["COMMIT"],
            "cpu_s": round(time.thread_time() - began, 3),
        }

    def sweep(self) -> None:
        """A minute is over; as many sweeps as a round may take parts."""
        self.ahead += timedelta(seconds=ROUND_S)
        for _ in range(5):
            self.house.sweep()

    def lanes(self, house: House) -> None:
        """Every lane of every repository once."""
        for row in house.lanes.runner.calendar.rows():
            house.lanes.runner.calendar.postpone(row.stream, self.now())
        while house.lanes.runner.run_due():
            pass


def measure(count: int, lanes: int) -> dict[str, Any]:
    """The numbers for `count` repositories; the lanes of `lanes` others in a scene of their own."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "queue")
        try:
            queue = server.start()
            many = Scene(Path(folder) / "many", queue, count)
            told: dict[str, Any] = {"repositories": count, "turn": rounds_between(count)}
            told["start"] = many.cost(lambda: [many.sweep() for _ in range(-(-count // 100) + 1)])
            idle = [many.cost(many.sweep) for _ in range(rounds_between(count))]
            told["idle round"] = max(idle, key=lambda one: sum(one["answers"].values()))
            told["sweep without a round"] = many.cost(many.house.sweep)
            many.server.close()
            few = Scene(Path(folder) / "few", queue, lanes)
            few.sweep()
            few.lanes(few.house)
            told["lanes of"] = lanes
            told["lanes, kept"] = few.cost(lambda: few.lanes(few.house))
            told["lanes, a process anew"] = few.cost(lambda: few.lanes(few.new_house()))
            few.server.close()
        finally:
            server.stop()
    return told


def missed(told: dict[str, Any]) -> list[str]:
    """The bounds that were not kept."""
    answers = told["idle round"]["answers"]
    asked = sum(number for name, number in answers.items() if name.startswith("repo"))
    turn = min(told["repositories"], PER_ROUND) * 2
    kept = told["lanes, kept"]["answers"]
    wrong = {
        f"an idle round asks {asked} times about repositories, not {turn}": asked > turn,
        "an idle round reads what did not change": answers.get("repo 200", 0) > 0,
        "an idle round asks too much about all": sum(answers.values()) - asked > ABOUT_ALL,
        "lanes that run again read what did not change": set(kept) - {"repo 304"},
    }
    return [what for what, is_wrong in wrong.items() if is_wrong]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="90 repositories instead of 300")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    told = measure(90, 5) if asked.quick else measure(300, 20)
    if asked.json:
        print(json.dumps(told, indent=2))
    else:
        for name, value in told.items():
            print(f"{name:24} {value}")
    for what in (problems := missed(told)):
        print(what, file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
