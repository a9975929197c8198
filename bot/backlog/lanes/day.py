"""What comes of one run of the intake, while it is going on (B6).

Promises: everything that was read is among the inputs by its digest; what was broken or away is
told until it is not; documents are taken one by one, and after the budget is over the next run goes
on with the next one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.backlog.lanes.lane import Decision, Outcome, Shift, Wait
from bot.backlog.reading import Reading, of_one_look
from bot.backlog.taking import Taken
from bot.backlog.words import instant_of
from bot.story.item_events import Sighting

_FAULTS = 50  # of one kind that are told to people


class OutOfTime(Exception):
    """The budget is over; what was taken is kept."""


class Day:
    """The readings of one run. `touched`: the items that it changed."""

    def __init__(self, shift: Shift) -> None:
        self.shift = shift
        self.inputs: dict[str, str] = {}
        self.touched: set[int] = set()
        self._decisions: list[Decision] = []
        self._waits: list[Wait] = []
        self._counts: dict[str, int] = {}
        self._former = dict(shift.former.inputs) if shift.former else {}
        self._place = shift.place
        if self.looked:  # the run before was over in the middle: what it found still holds
            self.inputs |= self._former
            self._waits += [Wait(*one) for one in shift.former.waits] if shift.former else []

    @property
    def since(self) -> datetime | None:
        """When the last run that came to its end began; None: never, as far as one can tell."""
        at = instant_of(self._place.get("at", ""))
        return at if at is not None and at <= self.shift.now else None

    def pause(self) -> None:
        """Between two pieces of work. Raises OutOfTime, FenceLost."""
        if self.shift.budget.over():
            raise OutOfTime

    @property
    def looked(self) -> frozenset[str]:
        """The sources that were asked since the last run that came to its end."""
        told = self._place.get("looked")
        return frozenset(map(str, told)) if isinstance(told, list) else frozenset()

    def have_looked(self, source: str) -> None:
        """A source was asked; it is not asked again before all of them were."""
        self._place["looked"] = sorted({*self.looked, source})
        self.shift.reached(json.dumps(self._place, sort_keys=True))
        self.pause()

    def decide(self, item: int, what: str, why: str) -> None:
        self._decisions.append(Decision(item, what, why))

    def away(self, source: str, why: str) -> None:
        """A source could not be asked: what it said before stays."""
        self._waits.append(Wait(source, why))
        self._counts["away"] = self._counts.get("away", 0) + 1

    def take(self, told: Reading) -> None:
        """Let a reading happen to the backlog."""
        if told.place == told.source:
            told = replace(told, sightings=tuple(sorted(told.sightings, key=_in_order)))
        taken = self.shift.backlog.take(self.shift.key, told)
        name = told.source if told.place == told.source else f"{told.source} {told.place}"
        self.inputs[name] = told.digest
        for what, numbers in _changes(taken):
            if numbers:
                self._counts[what] = self._counts.get(what, 0) + len(numbers)
            self.touched.update(numbers)
            for number in numbers:
                self.decide(number, what, f"{told.source}: {told.place}")
        self._broken(told)

    def _broken(self, told: Reading) -> None:
        for fault in told.faults:
            where = f"{told.place}:{fault.line}" if fault.line else told.place
            self.decide(0, "unreadable", f"{where}: {fault.what}")
            if fault.loses and told.place == told.source:
                self._waits.append(Wait(told.source, fault.what))
            elif fault.loses:
                self._waits.append(Wait("document", f"{where}: {fault.what}"))

    def knows(self, name: str, sign: str) -> bool:
        """Whether the run before read just this, to its end."""
        return self._former.get(name) == sign

    def as_before(self, name: str, *waits: str) -> None:
        """Nothing changed: what was broken in it is still broken."""
        self.inputs[name] = self._former[name]
        former = self.shift.former.waits if self.shift.former else ()
        self._waits += [Wait(*one) for one in former if one[0] in waits]

    def take_each(self, name: str, sign: str, readings: Iterable[Reading]) -> None:
        """Take many; those that were taken before the budget was over are not taken again."""
        done = self._place.get("done", 0) if self._place.get("sign") == sign else 0
        for number, told in enumerate(of_one_look(list(readings)), 1):
            if number <= done:
                self._broken(told)
                continue
            self.take(told)
            self._place = {**self._place, "sign": sign, "done": number}
            self.shift.reached(json.dumps(self._place, sort_keys=True))
            self.pause()
        self._place = {n: one for n, one in self._place.items() if n in ("at", "looked")}
        self.inputs[name] = sign

    def issues(self) -> set[int]:
        """The issues of the items that were changed."""
        found = set()
        for number in self.touched:
            for one in self.shift.backlog.item(self.shift.key, number).known:
                for name in one.identities:
                    kind, _, issue = name.partition(":")
                    if kind == "issue" and issue.isdigit():
                        found.add(int(issue))
        return found

    def outcome(self, finished: bool = True) -> Outcome:
        """What the run comes to."""
        if finished:
            self._place = {"at": self.shift.now.isoformat()}
        else:
            self.inputs = self._former | self.inputs
        waits = list(dict.fromkeys(self._waits))[:_FAULTS]
        checkpoint = json.dumps(self._place, sort_keys=True)
        return Outcome(self._decisions, self.inputs, self._counts, finished, checkpoint, waits)


def _in_order(one: Sighting) -> tuple[str, int, str]:
    """What a service tells, the oldest first, however it answered."""
    return (one.created.isoformat() if one.created else "", len(one.key), one.key)


def _changes(taken: Taken) -> list[tuple[str, list[int]]]:
    return [
        ("new", taken.found),
        ("changed", taken.changed),
        ("joined", taken.joined),
        ("merged", taken.merged),
        ("gone", taken.gone),
    ]
