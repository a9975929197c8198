"""What is ready is begun, the most worthwhile first, at a pace that people can review (B7, B10).

Promises: nothing begins by itself unless `backlog.autostart` says so; never more than the throttle,
the number under way and what an item comes after allow; whoever works on something keeps it.
Each item that is passed over says why. Never: begins what a person has to decide on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property

from bot.backlog.dependencies import comes_after, in_circles
from bot.backlog.edges import UNDERWAY
from bot.backlog.item import Item
from bot.backlog.lanes.lane import Decision, Outcome, Shift, Wait
from bot.backlog.open_issues import OpenIssues
from bot.backlog.start import AUTOSTART, PERSON, by_author, stands_against, start
from bot.backlog.store import family_of
from bot.story import ci
from bot.story.claim_records import seen
from bot.story.item_events import ItemState
from bot.story.opened_pulls import opened_pulls
from bot.story.peoples_pulls import pulls_of_people
from bot.story.vocabulary import State, digest
from policies import claims, throttle
from policies.claims import Us

NAME = "dispatch"
EVERY = timedelta(minutes=2)
BUDGET = timedelta(seconds=90)

_LOOKED_AT = 100  # items of one run


def run(shift: Shift) -> Outcome:
    """Begin what may begin now."""
    if shift.config.backlog.autostart != "on":
        return Outcome(inputs={"autostart": "off"})
    return begin(shift, AUTOSTART)


def begin(
    shift: Shift,
    leave: str,
    most: int | None = None,
    begun: Callable[[int, int], None] = lambda item, issue: None,
) -> Outcome:
    """Begin what may begin with this leave, `most` items; `begun` is told of each, with its issue.

    Where `most` is said it stands for `backlog.throttle.under_way`; the rest of the throttle holds.
    """
    if shift.office.stopped(shift.repository):
        return Outcome(waits=[Wait("all", "nothing is done for the repository now")])
    ready = [
        (row.score, shift.backlog.item(shift.key, row.number))
        for row in shift.backlog.next(shift.key, _LOOKED_AT, (ItemState.READY,))
    ]
    look = _Look(shift, [item for _, item in ready], leave, most, begun)
    for score, item in ready:
        if shift.budget.over():
            return look.outcome(finished=False)
        if item.merged_into is not None:
            continue
        if float(score) < shift.config.backlog.scoring.threshold:
            look.pass_over(item, "its score is below backlog.scoring.threshold")
        else:
            look.consider(item)
    return look.outcome()


@dataclass
class _Look:
    """One run: what is under way, what was decided."""

    shift: Shift
    ready: list[Item]
    leave: str
    most: int | None
    begun: Callable[[int, int], None]
    decisions: list[Decision] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    _new: int = 0
    _known: dict[str, throttle.Opened] = field(default_factory=dict)  # by family
    _authors: dict[str, str] = field(default_factory=dict)  # what stands against their issues

    def consider(self, item: Item) -> None:
        """Begin an item, or say what stands against it."""
        if reason := next(self._against(item), ""):
            return self.pass_over(item, reason, waits=True)
        shift = self.shift
        if shift.dry:
            no = stands_against(shift.office, shift.repository, item, self.leave, self._pull_of)
            if no is not None:
                return self.pass_over(item, no.reason, waits=True)
            self.decisions.append(Decision(item.number, "would begin"))
            return self._count(item)
        told = start(
            shift.office,
            shift.backlog,
            shift.repository,
            item.number,
            None,
            self.leave,
            self._pull_of,
        )
        if told.begun:
            self.begun(item.number, told.issue)
            self.decisions.append(Decision(item.number, "begun", f"issue {told.issue}"))
            self._count(item)
        else:
            self.pass_over(item, told.reason or told.rule, waits=True)

    def pass_over(self, item: Item, reason: str, waits: bool = False) -> None:
        self.decisions.append(Decision(item.number, "passed over", reason))
        if waits:
            self.waits.append(Wait(f"item {item.number}", reason))

    def outcome(self, finished: bool = True) -> Outcome:
        counts = Counter(one.what for one in self.decisions)
        inputs = {
            "ready": digest([[one.number, one.version] for one in self.ready])[:16],
            "under way": digest(sorted(self._under_way))[:16],
        }
        return Outcome(self.decisions, inputs, dict(counts), finished, waits=self.waits)

    def _against(self, item: Item) -> Iterator[str]:
        """The reasons not to begin it now, the plainest first."""
        if why := self._workable(item):
            yield why
        before = comes_after(item.title, item.body, item.issue)
        if item.issue in self._circles:
            yield "it comes after itself, by way of others: " + _listed(before)
        elif left := [issue for issue in before if self._is_open(issue)]:
            yield f"it comes after {_listed(left)}"
        most = self.shift.config.backlog.throttle.under_way
        if self.most is not None:
            if self._new >= self.most:
                yield f"--max-prs {self.most}"
        elif len(self._under_way) >= most:
            yield f"{len(self._under_way)} of {most} stories of the backlog are under way"
        verdict = throttle.decide(
            self._opened(str(item.family)), self._pace, self._ci, self.shift.now
        )
        if verdict is not None:
            yield verdict.reason.partition("; it goes on at")[0]
        if why := self._of_others(item.issue):
            yield why

    def _of_others(self, issue: int) -> str:
        """What the list of issues says against it already; the last word is `start`'s."""
        told = self._issues.listed(issue) if issue else None
        if told is None:
            return ""
        us = Us("", (self.shift.office.github.identity().bot.login,))
        judged = claims.decide(seen(told, (), self._pull_of(issue)), us, self.shift.now)
        if not judged.may:
            return judged.reason
        who = str((told.get("user") or {}).get("login"))
        if who not in self._authors:
            no = by_author(self.shift.office, self.shift.repository, told, self.leave)
            self._authors[who] = no.reason if no else ""
        return self._authors[who]

    def _count(self, item: Item) -> None:
        self._new += 1
        self._under_way.add(item.number)
        self._coming[str(item.family)] += 1

    @cached_property
    def _workable(self) -> Callable[[Item], str]:
        workable = self.shift.hands.workable
        return workable(self.shift) if workable else lambda item: ""

    @cached_property
    def _running(self) -> list[Item]:
        """The items that are worked on, by whoever's leave."""
        backlog, key = self.shift.backlog, self.shift.key
        items = [backlog.item(key, row.number) for row in backlog.next(key, 10_000, UNDERWAY)]
        return [item for item in items if item.state in UNDERWAY]

    @cached_property
    def _under_way(self) -> set[int]:
        by_people = {None, PERSON}
        return {
            item.number
            for item in self._running
            if (item.started.leave if item.started else None) not in by_people
        }

    @cached_property
    def _coming(self) -> Counter[str]:
        """Pull requests that will be opened for what is under way, by kind of work."""
        return Counter(str(one.family) for one in self._running if one.state is ItemState.DOING)

    def _opened(self, family: str) -> throttle.Opened:
        """What is opened, and what is on its way there."""
        office, repository = self.shift.office, self.shift.repository
        known = self._known.get(family) or opened_pulls(
            office.journal.engine,
            lambda: self.shift.now,
            family_of(office.journal),
            repository,
            family=family,
        )
        self._known[family] = known
        coming, alike = self._coming.total(), self._coming[family]
        return replace(
            known,
            day=known.day + coming,
            open=known.open + coming,
            family_day=known.family_day + alike,
            family_open=known.family_open + alike,
        )

    @cached_property
    def _pace(self) -> throttle.Pace:
        return ci.pace_of(self.shift.config)

    @cached_property
    def _ci(self) -> throttle.CiHealth | None:
        return ci.health(self.shift.office.github, self.shift.repository, self.shift.now)

    def _pull_of(self, issue: int) -> int:
        """The open pull request of a person's for an issue, or 0."""
        return self._pulls.get(issue, 0)

    @cached_property
    def _pulls(self) -> dict[int, int]:
        return pulls_of_people(self.shift.office.github.open_pulls(self.shift.repository))

    @cached_property
    def _circles(self) -> frozenset[int]:
        known = [one for one in self.ready if one.issue]
        return in_circles({one.issue: comes_after(one.title, one.body, one.issue) for one in known})

    def _is_open(self, issue: int) -> bool:
        """Whether something that comes before is still to be done; what is gone holds nobody up."""
        story = self.shift.office.story(self.shift.repository, issue)
        if story is not None and story.state is State.DONE:
            return False
        return self._issues.is_open(issue)

    @cached_property
    def _issues(self) -> OpenIssues:
        wanted = sum(1 for item in self.ready if item.issue)
        return OpenIssues(self.shift.office.github, self.shift.repository, wanted)


def _listed(issues: tuple[int, ...] | list[int]) -> str:
    return ", ".join(f"#{issue}" for issue in issues)
