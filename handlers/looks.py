"""What a process remembers of its looks at GitHub, and how it goes on with a round of them (W3).

Promises: what could not be seen is owed until it was; what was looked at is not looked at again in
the same round, in however many parts that is done. Never: looks at anything by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from rq.timeouts import BaseTimeoutException

from policies.looks import MOST, turn
from policies.redelivery import KEPT

log = logging.getLogger(__name__)

LATE = timedelta(minutes=15)  # that GitHub may tell of something later than it happened
_FAR = timedelta(hours=1)  # how often one goes back as far as GitHub keeps deliveries

# Looks at what happened since an instant; False: something could not be seen.
Look = Callable[[datetime], object]
Looks = Iterator[tuple[str, Look]]


@dataclass
class Memory:
    """By the name of what was looked at. What was not seen since `mark` is owed.

    `from_round`: what was not tried since then has its turn now. `listed`: what GitHub's list of
    repositories says of each now; `shown`: what it said when each was looked at last. `more`: there
    was more to look at than a round takes.
    """

    mark: datetime
    from_round: int = 0
    number: int = 0
    tried: dict[str, int] = field(default_factory=dict)
    seen: dict[str, datetime] = field(default_factory=dict)
    far: dict[str, datetime] = field(default_factory=dict)
    listed: dict[int, str] = field(default_factory=dict)
    shown: dict[int, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    more: bool = False

    def begin(self) -> None:
        """A round begins."""
        self.number += 1
        self.more = False

    def missed(self, since: datetime, now: datetime) -> None:
        """Nothing can be said of what happened from `since` on: all is owed."""
        self.mark, self.from_round = now, self.number + 1
        self.seen = {name: min(at, since) for name, at in self.seen.items()}

    def owed(self) -> int:
        """How much was not seen since `mark`, of all that is there."""
        return sum(name not in self.seen or self.seen[name] < self.mark for name in self.names)

    def turn(self, names: Collection[str], now_too: Collection[str] = ()) -> list[str]:
        """Whose turn it is in this round."""
        anew = {name for name in names if self.tried.get(name, -1) < self.from_round}
        due = turn(names, self.tried, self.number, anew | set(now_too))
        self.more = self.more or len(due) > MOST
        return due[:MOST]

    def since(self, name: str, now: datetime) -> datetime:
        """How far back to look: a little before the last look, once an hour much further."""
        known, far = self.seen.get(name), self.far.get(name)
        if known is None or far is None or not known - LATE <= now < far + _FAR:
            return now - KEPT
        return known - LATE

    def note(self, name: str, at: datetime, since: datetime, seen: bool) -> None:
        """It was looked at, from `at` on, for what happened since `since`."""
        self.tried[name] = self.number
        if seen:
            self.seen[name] = at
            if at - since >= KEPT:
                self.far[name] = at

    def keep(self, names: Collection[str]) -> None:
        """These are all that are looked at; forget what is not there any more."""
        self.names = frozenset(names)
        for known in (self.tried, self.seen, self.far):
            for name in known.keys() - set(names):
                del known[name]


def go_on(
    round_: Looks, memory: Memory, clock: Callable[[], datetime], over: Callable[[], bool]
) -> bool:
    """Look at what the round has left until `over`, asked between two looks; whether it ended."""
    while not over():
        told = next(round_, None)
        if told is None:
            return True
        name, look = told
        at = clock()
        since = memory.since(name, at)
        memory.note(name, at, since, looked(partial(look, since)))
    return False


def looked(look: Callable[[], object]) -> bool:
    """Whether all could be seen; what could not is logged."""
    try:
        return look() is not False
    except BaseTimeoutException:
        raise  # the time of the whole job
    except Exception as error:
        if not getattr(error, "away", False):  # else the outage is in the log already
            log.exception("could not look at GitHub for what was missed")
        return False
