"""A repository with a backlog, and cycles of its lanes in processes that die, wait and jump.

Each process runs `towpath run`'s own cycle on one database; it is ended by SIGKILL at a random
boundary of the journal, by the time-out of its job, or stands before a GitHub that fails. Leases of
dead holders lie about, clocks jump, two processes run at once. All of it comes from one seed.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rq.timeouts import JobTimeoutException

from bot.backlog.lanes import NAMES
from bot.backlog.lanes.history import history, stream_of
from bot.backlog.store import Backlog
from bot.cli.cycle import Cycle
from bot.cli.lone_house import LoneHouse
from bot.lanes import LANES
from bot.localhub import LocalHub, serve
from bot.localhub.deliveries import Reply
from bot.settings import Settings
from bot.story.item_events import ItemState
from bot.story.lane_events import LaneEnded, LaneStarted
from bot.story.vocabulary import Repository, State
from tests.world import ROOT

_FORK = multiprocessing.get_context("fork")
NAME = "acme/shop"
CONFIG = "version: 1\nbacklog: {sources: [issues, todo, backlog_md, documents]}\n"
ASKS = {
    "answers": [
        {
            "purpose": "analyze",
            "output": {"story_type": "feature", "complexity": 2, "questions": ["Which one?"]},
        }
    ]
}
PATIENCE_S = 120.0


@dataclass
class Left:
    """What the faults left behind. `problems`: what may not be."""

    items: int = 0
    settled: int = 0
    runs: int = 0
    ended: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


class Scene:
    """One GitHub in this process, one Towpath's home, and processes that come and go."""

    def __init__(self, folder: Path, items: int, seed: int) -> None:
        self._rng, self.ahead = random.Random(seed), timedelta()
        self._titles = [f"Make page {n:03} of the shop nicer" for n in range(1, items + 1)]
        self._faults: Counter[str] = Counter()
        self.hub = LocalHub(
            folder / "hub",
            clock=self.now,
            wall=lambda: self.now().timestamp(),
            send=lambda url, headers, body: Reply(202),
        )
        self.hub.add_user("alice")
        self.hub.add_org("acme", admins=("alice",))
        manifest = yaml.safe_load((ROOT / "app.yml").read_text())
        app = self.hub.register_app(manifest, "http://towpath.test/webhook", "secret")
        self.server = serve(self.hub)
        files = {".github/towpath.yml": CONFIG, "BACKLOG.md": "# Plan\n"}
        self.hub.create_repository(NAME, files)
        self.hub.install(app.app_id, [NAME])
        (folder / "asks.yaml").write_text(yaml.safe_dump(ASKS))
        self._settings = Settings(
            home=folder / "home",
            github_api_url=self.server.url,
            github_web_url=self.server.url,
            app_id=app.app_id,
            private_key=app.pem,
            webhook_secret="secret",
            onboarding=False,
            quality_gates=False,
            model=f"scripted:{folder / 'asks.yaml'}",
        )
        house = LoneHouse(self._settings, clock=self.now)
        self.repository: Repository = house.github.repository(NAME)
        house.database.dispose()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def close(self) -> None:
        self.server.close()

    def house(self) -> LoneHouse:
        """Towpath in this process, undisturbed."""
        return LoneHouse(self._settings, clock=self.now)

    # -- the disturbed part -----------------------------------------------------------------

    def cycle(self, step: float) -> None:
        """One cycle with whatever the seed has for it. `step`: share of the way, 0 to 1."""
        rng = self._rng
        self._plan(step)
        wrong = rng.choice(_FAULTS)
        self._faults[wrong.__name__.strip("_")] += 1
        self.hub.faults.clear()
        wrong(self)
        self.hub.faults.clear()
        self.ahead += timedelta(seconds=rng.choice((5, 30, 90, 400, 4000)))

    def _plan(self, step: float) -> None:
        """People write down more and more, and change the order."""
        shown = self._titles[: max(1, round(len(self._titles) * min(1.0, step * 1.3)))]
        self._rng.shuffle(shown := list(shown))
        half = len(shown) // 2
        told = "".join(f"- [ ] {title}\n" for title in shown[:half])
        rows = "".join(f"| {title} | 3 |\n" for title in shown[half:])
        text = f"# Plan\n\n{told}\n| Title | Size |\n|---|---|\n{rows}"
        self.hub.act_as("alice").push(NAME, "main", {"BACKLOG.md": text}, "plan")

    def calm(self) -> None:
        self._run()

    def killed(self) -> None:
        """SIGKILL at a boundary; the next one takes over."""
        self._run(die_at=self._rng.randint(1, 150))

    def timed_out(self) -> None:
        self._run(alarm=self._rng.uniform(0.05, 1.5))

    def failing(self) -> None:
        """GitHub answers 5xx, some of it after it did what was asked."""
        for _ in range(self._rng.randint(1, 4)):
            self.hub.faults.add(
                status=self._rng.choice((500, 502, 503)),
                times=self._rng.randint(1, 6),
                skip=self._rng.randint(0, 40),
                after=self._rng.random() < 0.5,
            )
        self._run()

    def dropped(self) -> None:
        """Connections are closed without an answer."""
        self.hub.faults.add(drop=True, times=self._rng.randint(1, 4), skip=self._rng.randint(0, 30))
        self.hub.faults.add(drop=True, after=True, method="POST", skip=self._rng.randint(0, 5))
        self._run(die_at=self._rng.choice((0, 0, 90)))

    def limited(self) -> None:
        self.hub.faults.secondary_limit(times=2)
        self._run()

    def jumping(self) -> None:
        """The clock of the process is wrong from some boundary on."""
        delta = self._rng.choice((-86_400, -3_600, -120, 120, 3_600, 86_400))
        self._run(jump=(self._rng.randint(1, 60), delta))

    def held(self) -> None:
        """Somebody has the lane, and is dead."""
        house = self.house()
        lane = stream_of(self.repository.id, self._rng.choice(NAMES))
        house.journal.acquire(lane, "dead", 45.0)
        house.database.dispose()
        self._run()

    def together(self) -> None:
        """Two processes at once, one of which may die."""
        self._run(2, die_at=self._rng.choice((0, 40, 100)))

    def _run(
        self,
        processes: int = 1,
        die_at: int = 0,
        alarm: float = 0.0,
        jump: tuple[int, float] = (0, 0.0),
    ) -> None:
        began = [
            _FORK.Process(target=self._work, args=(die_at if n == 0 else 0, alarm, jump))
            for n in range(processes)
        ]
        for process in began:
            process.start()
        for process in began:
            process.join(PATIENCE_S)
            if process.is_alive():
                process.kill()
                process.join()
                raise AssertionError("a cycle does not come to its end")
            if process.exitcode not in (0, -signal.SIGKILL):
                raise AssertionError(f"a cycle ended with {process.exitcode}")

    def _work(self, die_at: int, alarm: float, jump: tuple[int, float]) -> None:
        passed, wrong = 0, timedelta()

        def boundary(name: str) -> None:
            nonlocal passed, wrong
            passed += 1
            if passed == die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            if passed == jump[0]:
                wrong = timedelta(seconds=jump[1])

        house = LoneHouse(self._settings, clock=lambda: self.now() + wrong, boundary=boundary)
        if alarm:
            signal.signal(signal.SIGALRM, _time_is_over)
            signal.setitimer(signal.ITIMER_REAL, alarm)
        try:
            self._a_cycle(house)
        except JobTimeoutException:
            pass  # as RQ does: the job is over
        except Exception as error:
            if not getattr(error, "retryable", False):
                raise  # GitHub being away is one of the faults
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            house.database.dispose()

    def _a_cycle(self, house: LoneHouse) -> None:
        cycle = Cycle(Console(quiet=True), house, self.repository)
        cycle.most, cycle.timeout_s = 4, 3.0
        cycle.run()

    # -- afterwards -------------------------------------------------------------------------

    def runs(self) -> int:
        """How many lane runs there were."""
        house = self.house()
        try:
            return sum(self._history(house, lane.NAME)[0] for lane in LANES)
        finally:
            house.database.dispose()

    def settle(self) -> None:
        """The faults are over: cycles in which nothing goes wrong, two hours apart.

        For more than a day: what a clock that was a day ahead noted may be waited for.
        """
        self.hub.faults.clear()
        self._plan(1.0)
        for _ in range(14 + len(self._titles) // 4):
            self.ahead += timedelta(hours=2)
            self._run()
            if self._at_rest():
                return

    def left(self) -> Left:
        """What there is, and what is wrong with it."""
        house = self.house()
        try:
            return self._left(house)
        finally:
            house.database.dispose()

    def _at_rest(self) -> bool:
        left = self.left()
        return left.settled == left.items == len(self._titles)

    def _history(self, house: LoneHouse, lane: str) -> tuple[int, Counter[str], list[str]]:
        """(runs, how they ended, what is wrong) of a lane."""
        stream = stream_of(self.repository.id, lane)
        outcomes: Counter[str] = Counter()
        problems, runs, current = [], 0, 0
        for record in house.journal.load(stream):
            event = record.event
            if isinstance(event, LaneStarted):
                runs += 1
                outcomes["taken over"] += current != 0
                if event.run <= current:
                    problems.append(f"{lane}: run {event.run} after run {current}")
                current = event.run
            elif isinstance(event, LaneEnded):
                if event.run != current:
                    problems.append(f"{lane}: run {event.run} ended during run {current}")
                outcomes[event.outcome] += 1
                current = 0
        if history(house.journal, stream).open is not None:
            problems.append(f"{lane}: its last run did not end")
        return runs, outcomes, problems

    def _left(self, house: LoneHouse) -> Left:
        left = Left(faults=self._faults)
        for lane in LANES:
            runs, outcomes, problems = self._history(house, lane.NAME)
            left.runs += runs
            left.outcomes += outcomes
            left.problems += problems
        left.ended = sum(left.outcomes.values())
        items = Backlog(house.journal).items(str(self.repository.id))
        left.items = len(items)
        titles = Counter(item.title for item in items)
        left.problems += [f"lost: {title}" for title in self._titles if not titles[title]]
        left.problems += [f"{count} items: {title}" for title, count in titles.items() if count > 1]
        for item in items:
            story = house.office.story(self.repository, item.issue) if item.issue else None
            working = item.state in (ItemState.DOING, ItemState.PR)
            rests = story is not None and (story.terminal or story.state is State.WAITING)
            if rests if working else item.state in (ItemState.DONE, ItemState.BLOCKED):
                left.settled += 1
            else:
                state = story.state if story else "no story"
                left.problems.append(f"item {item.number} is {item.state}, {state}")
        started = Counter(item.issue for item in items if item.issue)
        left.problems += [f"issue {n} is of {k} items" for n, k in started.items() if k > 1]
        issues = self._issues()
        opened = Counter(issue["title"] for issue in issues)
        left.problems += [f"{n} issues: {title}" for title, n in opened.items() if n > 1]
        for issue in issues:
            comments = self.hub.act_as("alice").comments(NAME, issue["number"])
            shown = sum("towpath:status" in comment["body"] for comment in comments)
            if shown > 1:
                left.problems.append(f"issue {issue['number']} has {shown} status comments")
        left.problems += [f"journal: {one}" for one in house.journal.verify()]
        return left

    def _issues(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for page in itertools.count(1):
            path = f"/repos/{NAME}/issues?state=all&per_page=100&page={page}"
            told = self.hub.act_as("alice").request("GET", path)
            found += told
            if len(told) < 100:
                break
        return found


_FAULTS: tuple[Callable[[Scene], None], ...] = (
    Scene.calm, Scene.killed, Scene.killed, Scene.killed, Scene.timed_out, Scene.failing,
    Scene.failing, Scene.dropped, Scene.limited, Scene.jumping, Scene.held, Scene.together,
)  # fmt: skip


def _time_is_over(number: int, frame: Any) -> None:
    raise JobTimeoutException("the time of the job is over")


def disturb(folder: Path, items: int, runs: int, seed: int, say: Callable[[str], None]) -> Left:
    """`items` × `runs` lane runs under faults, then quiet; what is left."""
    scene, wanted = Scene(folder, items, seed), items * runs
    began = time.monotonic()
    try:
        cycles = 0
        while (done := scene.runs()) < wanted:
            scene.cycle(done / wanted)
            cycles += 1
            if cycles % 20 == 0:
                say(f"{done} lane runs in {cycles} cycles, {time.monotonic() - began:.0f} s")
        scene.settle()
        return scene.left()
    finally:
        scene.close()
