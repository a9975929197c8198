"""When everything on GitHub is looked at again, whether or not a webhook told of it (W2, W3).

Promises: a look goes on where the time of the one before was up, so that webhooks never wait for
its end, whatever the number of repositories; most looks go back a little, one an hour as far as
GitHub keeps deliveries. Never: looks at anything itself (`handlers.catch_up` does).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.story.office import Office
from handlers.catch_up import Round, catch_up
from policies.redelivery import KEPT

PART_S = 20.0  # of one look, before others have their turn
_LOST = timedelta(minutes=15)  # how far back most looks go
_FAR = timedelta(hours=1)  # how often one goes back as far as GitHub keeps deliveries


class Looking:
    """The looks of one process."""

    def __init__(
        self,
        office: Callable[[], Office],
        every: timedelta,
        begin: datetime,
        monotonic: Callable[[], float] = time.monotonic,
        part_s: float = PART_S,
    ) -> None:
        self._office, self._every, self._part_s = office, every, part_s
        self._monotonic, self._end = monotonic, 0.0
        self._again, self._far = begin, begin
        self._usual, self._after_outage = Round(self._over), Round(self._over)

    def _over(self) -> bool:
        return self._monotonic() >= self._end

    def if_due(self, at: datetime) -> None:
        """Look, where it is time for it."""
        if timedelta() < self._again - at <= self._every:
            return
        back = at < self._again  # the clock was set back: what it did not see, it does not know
        far = at >= self._far or back
        self._look(at - KEPT if far else self._again - _LOST, self._usual)
        if self._usual.finished:  # else the next sweep goes on with it
            self._again = at + self._every
            self._far = at + _FAR if far else self._far

    def back_to(self, since: datetime) -> int:
        """Look at what was missed since then; how much could not be seen yet."""
        return self._look(since, self._after_outage)

    def _look(self, since: datetime, round_: Round) -> int:
        self._end = self._monotonic() + self._part_s
        return catch_up(self._office(), since, round_)
