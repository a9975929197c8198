"""Runs lanes: one at a time for a repository, with an artefact of each run (B6).

Promises: whoever runs a lane holds the lease of its stream, and shows it at every fact; a run that
died is taken over once the lease is over, where it got to; a run that hangs loses the lease. What
is away is waited for, what fails is tried again, each time a little later.
Never: decides anything about an item, or lets one lane's failure stop another.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot.backlog.lanes.due import ROSTER, Calendar
from bot.backlog.lanes.history import place_of, stream_of
from bot.backlog.lanes.lane import Hands, Lane
from bot.backlog.lanes.run import Run, Workplace
from bot.story.lane_events import LaneEnded
from bot.story.leases import FenceLost, Lease
from bot.story.office import Office
from bot.story.vocabulary import Repository

log = logging.getLogger(__name__)

HANGS = 4  # a run that takes so many times its budget is no longer kept alive
STOPPED_FOR = timedelta(minutes=15)  # until a repository where nothing may be done is looked at


@dataclass(frozen=True)
class Times:
    """Seconds of the lease and of its renewal, and what a round of `run_due` may take."""

    lease_s: float = 45.0
    heartbeat_s: float = 10.0
    round_s: float = 120.0


class Runner:
    """The lanes of all repositories, as one process runs them."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        office: Office,
        hands: Hands,
        owner: str,
        times: Times = Times(),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = Workplace(office, hands, owner, monotonic)
        self._lanes, self._office, self._times = tuple(lanes), office, times
        self._journal, self._clock, self._monotonic = office.journal, office.clock, monotonic
        self.calendar = Calendar(self._journal)

    def run_due(self, stop: Callable[[], bool] = lambda: False) -> list[LaneEnded]:
        """Run what is due, until that is done, the round is over or `stop` says so.

        A lane that changed something makes those after it due.
        """
        end = self._monotonic() + self._times.round_s
        due = self.calendar.due(self._times.lease_s)
        if ROSTER in due:
            self._enrol()
            due = self.calendar.due(self._times.lease_s)
        places = [place for stream in due if (place := place_of(stream))]
        ran: list[LaneEnded] = []
        for number in dict.fromkeys(number for number, _ in places):
            repository = self._repository(number)
            moved = False
            for lane in self._lanes:
                if not (moved or (number, lane.NAME) in places):
                    continue
                if repository is None:
                    until = self._clock() + STOPPED_FOR
                    self.calendar.postpone(stream_of(number, lane.NAME), until)
                    continue
                if ran and (self._monotonic() >= end or stop()):
                    return ran
                ended = self.run(repository, lane)
                if ended is not None:
                    ran.append(ended)
                    moved = moved or (ended.idle == 0 and not ended.error)
        return ran

    def run(self, repository: Repository, lane: Lane) -> LaneEnded | None:
        """One run now; None where somebody else has the lane, or took it from us."""
        stream = stream_of(repository.id, lane.NAME)
        before = self._journal.stream(stream)
        owner = f"{self._place.owner}:{uuid.uuid4().hex[:6]}"
        lease = self._journal.acquire(stream, owner, self._times.lease_s)
        if lease is None:
            return None
        try:
            with self._kept_alive(lease, lane) as still_ours:
                took = before.lease_owner or "" if before else ""
                return Run(self._place, repository, lane, lease, took, still_ours).to_the_end()
        except FenceLost:
            log.warning("a lane was taken over by another process", extra={"stream": stream})
            return None
        finally:
            self._journal.release(lease)

    def _enrol(self) -> None:
        known = self._office.repositories.known()
        places = [
            (number, facts.repository.full_name if facts.repository else "")
            for number, facts in sorted(known.items())
        ]
        self.calendar.enrol(places, self._lanes)

    def _repository(self, number: int) -> Repository | None:
        """The repository, where something may be done for it."""
        facts = self._office.repositories.facts(number)
        repository = facts.installation.repository or facts.repository
        if repository is None or self._office.stopped(repository):
            return None
        return None if self._office.configuration(repository).mode == "off" else repository

    @contextmanager
    def _kept_alive(self, lease: Lease, lane: Lane) -> Iterator[Callable[[], None]]:
        """Renew the lease in the background while the run is not overdue."""
        stop, lost = threading.Event(), threading.Event()
        end = self._monotonic() + HANGS * lane.BUDGET.total_seconds()

        def beat() -> None:
            while not stop.wait(self._times.heartbeat_s):
                if self._monotonic() >= end:
                    log.error("a lane hangs: its lease ends", extra={"stream": lease.stream})
                    return
                try:
                    ours = self._journal.renew(lease, self._times.lease_s)
                except Exception:  # the database may be back before the lease is over
                    log.exception("a lease could not be renewed", extra={"stream": lease.stream})
                    continue
                if not ours:
                    lost.set()
                    return

        def still_ours() -> None:
            if lost.is_set():
                raise FenceLost(lease.stream)

        thread = threading.Thread(target=beat, name=f"lease {lease.stream}", daemon=True)
        thread.start()
        try:
            yield still_ours
        finally:
            stop.set()
            thread.join()
