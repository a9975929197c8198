"""A whole walk whose worker is killed at one boundary of the journal.

The worker is a real process, ended by SIGKILL in the middle of what it does; what stays behind (a
lease, a claim, an unrecorded push) is found by the next one. GitHub and the queue live on.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.queue import jobs
from bot.queue.inbox import Inbox
from bot.story.vocabulary import State
from tests.world import REPO, World

_FORK = multiprocessing.get_context("fork")
TURNS = 60


@dataclass(frozen=True)
class Left:
    """What a walk left on GitHub and in the journal, counted."""

    state: State
    pulls: int
    merges: int
    branches: tuple[str, ...]
    status_comments: int
    answers: int
    issue: str
    labels: tuple[str, ...]
    reactions: dict[str, int]
    broken: int
    killed_at: str


WANTED = {
    "state": State.DONE,
    "pulls": 1,
    "merges": 1,
    "branches": ("main",),
    "status_comments": 1,
    "answers": 1,
    "issue": "closed",
    "labels": ("story", "towpath:done"),
    "reactions": {"eyes": 3, "+1": 2},
    "broken": 0,
}


class Walk:
    """One world, one walk, one death at most."""

    def __init__(self, queue_url: str, environments: Path, crash_at: int = 0) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="towpath-fault-")
        self.world = World(Path(self._folder.name), queue_url, environments)
        self._passed = _FORK.Value("i", 0)
        self._crash_at = crash_at
        self._killed_at = _FORK.Array("c", 64)

    @property
    def boundaries(self) -> int:
        return self._passed.value

    def run(self) -> Left:
        """The walk: label, a question for the status, the approval; then count."""
        try:
            return self._run()
        finally:
            self.world.close()
            self._folder.cleanup()

    def _run(self) -> Left:
        world = self.world
        world.settle = self._settle  # type: ignore[method-assign]
        world.repository()
        number = world.story()
        world.say("carol", number, "/status")
        approval = world.say("bob", number, "/approve")
        world.later(300)
        self._sweep()
        return self._count(number, approval)

    def _settle(self) -> None:
        """Webhooks from here, work in processes of its own, until nothing moves."""
        for _ in range(TURNS):
            self.world.hub.deliveries.settle()
            if not self._in_a_process(self._work):
                self.world.later(120)  # the dead one's lease and claims run out
                self.world.claim_after = 0.0
                self._in_a_process(self._sweep_once)
                continue
            if not self._anything_queued():
                return
        raise AssertionError("the walk does not come to rest")

    def _anything_queued(self) -> bool:
        self.world.hub.deliveries.settle()
        counts = Inbox(self.world.redis).counts()
        return bool(counts.waiting or counts.taken or self.world.queued())

    def _sweep(self) -> None:
        self._in_a_process(self._sweep_once)
        self._settle()

    def _sweep_once(self) -> None:
        self.world.new_house().sweep()

    def _work(self) -> None:
        house = self.world.new_house()
        inbox = Inbox(self.world.redis, claim_after=self.world.claim_after)
        for _ in range(TURNS):
            drained = jobs.drain(inbox, house.dispatch)
            if drained.handled + drained.failed + self.world.advance_queued() == 0:
                return

    def _in_a_process(self, work: Any) -> bool:
        """Whether a process did the work to its end; False where it was killed."""
        self.world.boundary = self._boundary
        process = _FORK.Process(target=work)
        process.start()
        process.join(120)
        self.world.boundary = lambda name: None
        if process.exitcode not in (0, -signal.SIGKILL):
            raise AssertionError(f"the worker ended with {process.exitcode}")
        return process.exitcode == 0

    def _boundary(self, name: str) -> None:
        with self._passed.get_lock():
            self._passed.value += 1
            mine = self._passed.value == self._crash_at
        if mine:
            self._killed_at.value = name.encode()
            os.kill(os.getpid(), signal.SIGKILL)

    def _count(self, number: int, approval: int) -> Left:
        world = self.world
        comments = world.comments(number)
        status = [c for c in comments if "towpath:status" in c]
        issue = world.act("alice").issue(REPO, number)
        given = world.act("alice").comments(REPO, number)
        reactions: Counter[str] = Counter()
        for comment in given:
            reactions.update(world.reactions(comment["id"]))
        path = f"/repos/{REPO}/issues/{number}/reactions"
        reactions.update(r["content"] for r in world.act("alice").request("GET", path))
        pulls = world.pulls()
        return Left(
            state=world.state(number),
            pulls=len(pulls),
            merges=sum(p["merged_at"] is not None for p in pulls),
            branches=tuple(world.branches()),
            status_comments=len(status),
            answers=len(comments) - len(status),
            issue=issue["state"],
            labels=tuple(sorted(world.labels(number))),
            reactions=dict(reactions),
            broken=len(world.house.journal.verify()),
            killed_at=self._killed_at.value.decode(),
        )


def wrong(left: Left) -> dict[str, tuple[Any, Any]]:
    """What differs from an undisturbed walk: name to (wanted, found)."""
    found = {name: getattr(left, name) for name in WANTED}
    return {n: (w, found[n]) for n, w in WANTED.items() if found[n] != w}
