"""A house that works on stories itself, one after another, with no queue and no other process.

Promises: what another process works on is left to it (the journal's leases decide); a story is
followed until it waits, ends, or its time is over. Never: decides anything.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property

from bot.backlog.lanes.lane import Lane
from bot.configuration.files import Told
from bot.settings import Settings
from bot.story.journal import Recorded
from bot.story.lane_events import LaneEnded
from bot.story.repositories import Repositories
from bot.story.vocabulary import Repository, State
from bot.wiring import Boundary, House, now

_FAR_S = 60.0  # a story that wants to be looked at later than that rests
_LONGEST_NAP_S = 5.0
_PIECES = 50  # runs of one lane in one cycle: each goes on where the budget of the last one ended


class LoneHouse(House):
    """`supposed`: a configuration that holds instead of every repository's own."""

    def __init__(
        self,
        settings: Settings,
        supposed: Told | None = None,
        clock: Callable[[], datetime] = now,
        boundary: Boundary = lambda name: None,
    ) -> None:
        super().__init__(settings, clock, boundary)
        self._supposed = supposed
        self.woken: deque[str] = deque()

    def wake(self, stream: str, delay: float | None = None) -> None:
        """Remember the story for `work`."""
        if stream not in self.woken:
            self.woken.append(stream)

    @cached_property
    def repositories(self) -> Repositories:
        """What the journal tells of repositories, with the configuration that is supposed."""
        made: Repositories = House.repositories.func(self)  # type: ignore[attr-defined]
        made.supposed = self._supposed
        return made

    def go_on(self, repository: Repository) -> None:
        """Wake the repository's stories that are due and worked on by nobody: `work` does it."""
        for row in self.journal.streams(
            kind="story",
            repository=repository.full_name,
            due_before=self.clock(),
            unleased=True,
            limit=200,
        ):
            self.wake(row.stream)

    def work(self, timeout_s: float, hear: Callable[[], None] = lambda: None) -> Iterator[Recorded]:
        """Work on the stories that were woken; what happens in them, as it happens.

        `hear`: called between steps, to hear what GitHub has to say.
        """
        told: dict[str, int] = {}  # stream → the last event that was told
        until: dict[str, float] = {}
        later: dict[str, float] = {}
        while self.woken:
            stream, at = self.woken.popleft(), time.monotonic()
            if at < later.get(stream, 0.0):  # the others first
                if all(at < later.get(other, 0.0) for other in self.woken):
                    time.sleep(min(later[stream] - at, _LONGEST_NAP_S))
                self.woken.append(stream)
                continue
            until.setdefault(stream, at + timeout_s)
            if stream not in told:
                row = self.journal.stream(stream)
                told[stream] = row.version if row else 0
            wait = self.advance(stream)
            hear()
            for record in self.journal.load(stream, told[stream]):
                told[stream] = record.seq
                yield record
            at, soon = time.monotonic(), wait is not None and wait <= _FAR_S
            if soon and at < until[stream] and not self._rests(stream):
                later[stream] = at + (wait or 0.0)
                self.wake(stream)

    def _rests(self, stream: str) -> bool:
        story = self.office.load(stream)
        return story is None or story.terminal or story.state is State.WAITING


def run_lane(house: House, repository: Repository, lane: Lane) -> list[LaneEnded]:
    """The lane's runs until it is through; [] where another process has it."""
    ran: list[LaneEnded] = []
    for _ in range(_PIECES):
        ended = house.lanes.runner.run(repository, lane)
        if ended is None:
            break
        ran.append(ended)
        if ended.outcome != "unfinished":
            break
    return ran
