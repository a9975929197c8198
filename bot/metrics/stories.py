"""A story as the numbers need it: a fold over its facts (O3).

Promises: the order of the facts is the order they were told in, whatever their clocks say; a story
that was tried again is one story, and what came of it is how it ended last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from bot.metrics.facts import Fact
from bot.story.item_events import Family
from bot.story.vocabulary import TERMINAL, State

_APPROVALS = ("pre_code", "pre_deploy", "pre_production")
_REVERTS = re.compile(r"\bThis reverts commit ([0-9a-f]{7,64})\b")
_ASKED = re.compile(r"revert\b", re.IGNORECASE)
_NAMED = re.compile(r"(?<![\w&/])#(\d{1,9})\b|\b([0-9a-f]{7,64})\b")
_FAMILIES = {
    "feature": Family.FEATURE,
    "bugfix": Family.BUG,
    "refactor": Family.DEBT,
    "infra": Family.OPERATIONS,
}
_MOST_NAMED = 20
SPLIT = "SPLIT"
CONFLICT = "conflict-"  # how the names of tasks begin that resolve one


@dataclass
class Merge:
    """A change that got to the default branch. `committed`: when its first commit was made.

    `reverts`: names of what it may take back: commits, #numbers. `broke`: when it showed that it
    has to be put right, `mended`: when it was.
    """

    at: datetime
    sha: str
    committed: datetime | None
    commits: tuple[str, ...] = ()
    reverts: tuple[str, ...] = ()
    broke: datetime | None = None
    mended: datetime | None = None
    tests_failed: datetime | None = None  # on the default branch, once it was there


class Wait(NamedTuple):
    """For people at a gate. `end` None: still."""

    gate: str
    begin: datetime
    end: datetime | None
    approved: bool


class Run(NamedTuple):
    """One run of the project's tests: at the head of a branch, or of what was `merged`."""

    at: datetime
    merged: bool
    ran: bool
    ok: bool
    flaky: bool


@dataclass
class Met:
    """A conflict with the base. `task`: what resolves it; `remembered`: files out of memory."""

    at: datetime
    task: str
    remembered: int = 0
    resolved: bool = False


@dataclass
class Course:
    """How a story went. `state`: SPLIT where it became smaller ones."""

    repository: str
    issue: int
    received: datetime | None = None
    begun: datetime | None = None
    state: str = State.RECEIVED
    ended: datetime | None = None
    family: str = Family.FEATURE
    pulls: set[int] = field(default_factory=set)
    merges: list[Merge] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    calls: list[tuple[datetime, float | None]] = field(default_factory=list)
    rebased: list[datetime] = field(default_factory=list)
    conflicts: list[Met] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.state == State.DONE


class _Fold:
    """Reads the facts of one story; `course` is the result."""

    def __init__(self, repository: str, issue: int) -> None:
        self.course = Course(repository, issue)
        self._commits: dict[str, datetime] = {}
        self._reverts: list[str] = []
        self._asked: tuple[str, ...] = ()
        self._split = self._parts = False
        self._failing: datetime | None = None  # the tests of what was merged
        self._told: dict[str, Callable[[Fact, dict[str, Any]], None]] = {
            "story_received": self._received,
            "analyzed": self._analyzed,
            "planned": self._planned,
            "split_proposed": self._proposed,
            "transitioned": self._moved,
            "committed": self._committed,
            "tested": self._tested,
            "task_done": self._task,
            "conflict_met": self._met,
            "approved": self._approved,
            "auto_approved": self._approved,
            "pull_closed": self._closed,
            "effect_performed": self._performed,
            "effect_failed": self._lost,
        }

    def read(self, fact: Fact) -> None:
        if fact.kind == "rebased":
            self.course.rebased.append(fact.at)
        elif fact.kind in self._told:
            self._told[fact.kind](fact, fact.told)

    def _received(self, fact: Fact, told: dict[str, Any]) -> None:
        if self.course.received is None:
            self.course.received = fact.at
            if _ASKED.match(told["title"].strip()):
                text = f"{told['title']}\n{told['body']}"
                named = [f"#{one[1]}" if one[1] else one[2] for one in _NAMED.finditer(text)]
                self._asked = tuple(named[:_MOST_NAMED])

    def _analyzed(self, fact: Fact, told: dict[str, Any]) -> None:
        kind = told["spec"]["story_type"]
        self.course.family = _FAMILIES.get(kind, Family.FEATURE)

    def _planned(self, fact: Fact, told: dict[str, Any]) -> None:
        self._split = self._parts = False

    def _proposed(self, fact: Fact, told: dict[str, Any]) -> None:
        self._split = True

    def _moved(self, fact: Fact, told: dict[str, Any]) -> None:
        course, target = self.course, told["target"]
        self._leave(fact.at, target)
        if target == State.ANALYZING:
            course.begun = course.begun or fact.at
            self._commits.clear()
            self._reverts.clear()
            self._split = self._parts = False
        if target in (State.FAILED, State.CODING) and told["source"] == State.VERIFYING:
            self._broke()
        if target == State.DONE:
            self._mend(fact.at)
        course.state = target
        course.ended = fact.at if target in TERMINAL else None
        if target == State.FAILED and self._parts:
            course.state = SPLIT
        waiting = told.get("waiting") or {}
        if target == State.WAITING and waiting.get("gate") in _APPROVALS:
            self._wait(fact.at, waiting)

    def _wait(self, at: datetime, waiting: dict[str, Any]) -> None:
        """A wait that goes on because one approval was not enough is the same wait."""
        waits, gate = self.course.waits, waiting["gate"]
        if waiting.get("approvals_seen") and waits and waits[-1].gate == gate:
            waits[-1] = waits[-1]._replace(end=None, approved=False)
        else:
            waits.append(Wait(gate, at, None, approved=False))

    def _leave(self, at: datetime, target: str) -> None:
        waits = self.course.waits
        if waits and waits[-1].end is None and self.course.state == State.WAITING:
            given_up = target in TERMINAL
            waits[-1] = waits[-1]._replace(end=at, approved=waits[-1].approved and not given_up)

    def _approved(self, fact: Fact, told: dict[str, Any]) -> None:
        waits = self.course.waits
        if waits and waits[-1].end is None and waits[-1].gate == told["approval"]["gate"]:
            waits[-1] = waits[-1]._replace(approved=True)

    def _committed(self, fact: Fact, told: dict[str, Any]) -> None:
        self._commits.setdefault(told["sha"], fact.at)
        self._reverts += _REVERTS.findall(told["message"])

    def _tested(self, fact: Fact, told: dict[str, Any]) -> None:
        subject, summary = told["subject"], told["summary"]
        if subject not in ("head", "merged"):
            return
        ran, ok = summary["ran"], summary["ok"]
        flaky = bool(told.get("flaky"))
        self.course.runs.append(Run(fact.at, subject == "merged", ran, ok, flaky))
        if subject == "merged":
            self._failing = fact.at if ran and not ok else None
            if ran and ok:
                self._mend(fact.at)

    def _broke(self) -> None:
        merges = self.course.merges
        if self._failing is not None and merges and merges[-1].broke is None:
            merges[-1].broke = merges[-1].tests_failed = self._failing

    def _mend(self, at: datetime) -> None:
        for merge in self.course.merges:
            if merge.broke is not None and merge.mended is None:
                merge.mended = at

    def _met(self, fact: Fact, told: dict[str, Any]) -> None:
        task = CONFLICT + told["base_sha"][:10]
        self.course.conflicts.append(Met(fact.at, task, len(told["remembered"])))

    def _task(self, fact: Fact, told: dict[str, Any]) -> None:
        """What an older journal tells of a conflict is its end alone."""
        if told["task"].startswith(CONFLICT):
            met = self.course.conflicts
            if not met or met[-1].task != told["task"] or met[-1].resolved:
                met.append(Met(fact.at, told["task"]))
            met[-1].resolved = told["outcome"] == "changed"

    def _closed(self, fact: Fact, told: dict[str, Any]) -> None:
        if told["merged"]:
            self._merged(fact.at, told.get("sha") or "")

    def _performed(self, fact: Fact, told: dict[str, Any]) -> None:
        result = told["result"]
        match told["effect"]:
            case "call_model":
                self._call(fact.at, result.get("usage") or {})
            case "open_pull_request":
                self.course.pulls.add(result["number"])
            case "open_issue":
                self._parts = self._split
            case "merge_pull_request":
                self._merged(fact.at, result.get("sha") or "")

    def _lost(self, fact: Fact, told: dict[str, Any]) -> None:
        if told.get("usage"):
            self._call(fact.at, told["usage"])

    def _call(self, at: datetime, usage: dict[str, Any]) -> None:
        cost = usage.get("cost_usd")
        self.course.calls.append((at, None if cost is None else float(cost)))

    def _merged(self, at: datetime, sha: str) -> None:
        """Our own merge and what GitHub tells of it are one."""
        merges = self.course.merges
        known = any(one.sha == sha for one in merges if sha)
        if known or (not sha and merges and not self._commits):
            return
        reverts = tuple(self._reverts) or (self._asked if not merges else ())
        commits, first = tuple(self._commits), min(self._commits.values(), default=None)
        self._commits.clear()
        self._reverts.clear()
        self._failing = None
        merges.append(Merge(at, sha, first, commits, reverts))


def course_of(stream: str, facts: Iterable[Fact]) -> Course | None:
    """How the story of a stream went; None where no story was received in it."""
    _, repository, issue = stream.split(":")
    fold = _Fold(repository, int(issue))
    for fact in facts:
        fold.read(fact)
    return fold.course if fold.course.received is not None else None
