"""When everything on GitHub is looked at again, whether or not a webhook told of it (W2, W3).

Promises: a round goes on where its time was up, and makes way for webhooks that wait; after a start
and after an outage everything has its turn, a hundred repositories at a time. Never: looks at
anything itself (`handlers.catch_up` does).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.story.office import Office
from handlers.catch_up import looks
from handlers.looks import Looks, Memory, go_on
from policies.redelivery import KEPT

PART_S = 20.0  # of a round, before others have their turn
FAIR_S = 5.0  # the same while a delivery waits; not less, or a busy inbox would end all looks
SOON = timedelta(seconds=20)  # between two rounds where one was too short for all


class Looking:
    """The looks of one process."""

    def __init__(
        self,
        office: Callable[[], Office],
        every: timedelta,
        begin: datetime,
        waits: Callable[[], bool] = lambda: False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`waits`: whether a delivery does."""
        self._office, self._every, self._waits = office, every, waits
        self._monotonic, self._part_ends, self._fair_ends = monotonic, 0.0, 0.0
        self._memory, self._again = Memory(mark=begin), begin
        self._began, self._back_to = begin, begin
        self._round: Looks | None = None

    def _over(self) -> bool:
        now = self._monotonic()
        return now >= self._part_ends or (now >= self._fair_ends and self._waits())

    def if_due(self, at: datetime) -> None:
        """Look, where it is time for it."""
        if self._again - at > self._every:  # the clock was set back: what was not seen is not known
            self._memory.missed(at - KEPT, at)
            self._again = at
        elif self._round is None and at < self._again:
            return
        self._go_on()

    def back_to(self, since: datetime) -> int:
        """Look at what was missed since then; how much could not be seen yet."""
        at = self._office().clock()
        if since != self._back_to:
            self._back_to, self._round, self._again = since, None, at
            self._memory.missed(since, at)
        self.if_due(at)
        return self._memory.owed() + (self._round is not None)

    def _go_on(self) -> None:
        office = self._office()
        if self._round is None:
            self._began, self._round = office.clock(), looks(office, self._memory)
        now = self._monotonic()
        self._part_ends, self._fair_ends = now + PART_S, now + FAIR_S
        if go_on(self._round, self._memory, office.clock, self._over):
            soon = office.clock() + min(SOON, self._every)
            self._round = None
            self._again = soon if self._memory.more else max(soon, self._began + self._every)
