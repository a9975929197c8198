"""A process of its own that runs lanes: `python -m tests.backlog.lanes.worker WHAT URL …`."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot.backlog.lanes import intake, rank, reconcile, refine
from bot.backlog.lanes.lane import Hands, Outcome, Shift
from bot.backlog.lanes.runner import Runner
from bot.story.database import open_database
from bot.story.journal import Journal
from bot.story.repository_events import ConfigurationRead
from tests.backlog.lanes.samples import Said, office_on, runner_on
from tests.journal.samples import REPOSITORY

THEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def race(journal: Journal, name: str, log: str, seconds: str) -> None:
    """Run one lane again and again; each run writes when it began and when it ended."""

    def answer(shift: Shift) -> Outcome:
        write(f"{name} in")
        time.sleep(0.005)
        write(f"{name} out")
        return Outcome()

    def write(line: str) -> None:
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{line}\n".encode())
        os.close(handle)

    lane = Said(answer=answer)
    runner = runner_on(journal, owner=name)
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        runner.run(REPOSITORY, lane)


def die(journal: Journal) -> None:
    """Get as far as the third piece, and be killed."""
    ticks = iter(range(0, 10**6, 11))  # eleven seconds a look

    def answer(shift: Shift) -> Outcome:
        for piece in ("1", "2", "3"):
            shift.reached(piece)
        os.kill(os.getpid(), signal.SIGKILL)
        return Outcome()

    lane = Said(answer=answer)
    runner = Runner([lane], office_on(journal), Hands(), "dead", monotonic=lambda: next(ticks))
    runner.run_due()


class Service:
    """Issues as GitHub has them, in an order of their own each time."""

    def __init__(self, seed: int, head: str) -> None:
        self._random, self._head = random.Random(seed), head

    def identity(self) -> Any:
        return SimpleNamespace(bot=SimpleNamespace(login="towpath[bot]"))

    def branch_head(self, repository: Any, branch: str) -> str:
        return self._head

    def open_issues(self, repository: Any) -> list[dict[str, Any]]:
        found = [
            {
                "number": number,
                "title": f"Wish {number} of somebody",
                "body": "- [ ] it works\n- [ ] it is fast",
                "html_url": f"https://github.com/ada/tables/issues/{number}",
                "created_at": f"2026-02-{number % 28 + 1:02}T00:00:00Z",
                "labels": [{"name": name} for name in self._mixed(["bug", "p1", "area: ui"])],
                "reactions": {"+1": number % 9},
                "user": {"login": "ada"},
                "assignees": [],
            }
            for number in range(1, 40)
        ]
        return self._mixed(found)

    def _mixed(self, told: list[Any]) -> list[Any]:
        self._random.shuffle(told)
        return told


def decide(journal: Journal, seed: str, git_dir: str, head: str) -> None:
    """Run the lanes once; print what they decided."""
    sources = ["issues", "backlog_md", "backlog_yml", "documents"]
    random.Random(int(seed)).shuffle(sources)
    office = office_on(journal, Service(int(seed), head))
    rules = [{"label": "bug", "risk": 8}, {"path": "docs/", "value": 1}]
    config = {"backlog": {"sources": sources, "wsjf": rules, "scoring": {"threshold": 0.5}}}
    read = ConfigurationRead(repository=REPOSITORY, sha=head, files=(("x", "y"),), told=config)
    office.record(REPOSITORY, read)
    mirrors = SimpleNamespace(
        fetch=lambda repository, branch: head,
        mirror=lambda repository: SimpleNamespace(path=Path(git_dir)),
    )
    hands = Hands(mirrors=mirrors)
    ran = Runner([intake, refine, rank, reconcile], office, hands, f"w{seed}").run_due()
    told = [
        one.model_dump(mode="json", include={"lane", "inputs", "decisions", "decided", "counts"})
        for one in ran
    ]
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    what, url, *rest = sys.argv[1:]
    clock = (lambda: THEN) if what != "race" else (lambda: datetime.now(UTC))
    engine = open_database(url)
    {"race": race, "die": die, "decide": decide}[what](Journal(engine, clock), *rest)
    engine.dispose()
