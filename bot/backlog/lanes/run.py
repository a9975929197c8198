"""One run of a lane under its lease: what it is given, and the artefact that it leaves (B6).

Promises: every fact shows the lease's fence; what was decided has a digest that says nothing of
when or where it was; whatever goes wrong in a lane, its run ends with an artefact.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.backlog.lanes.due import LONGEST, SOON
from bot.backlog.lanes.history import KIND, history
from bot.backlog.lanes.lane import Budget, Decision, Hands, Lane, Outcome, Shift, Wait, why_away
from bot.backlog.scoring import STANDARD, UnknownScoring, scoring
from bot.backlog.store import Backlog
from bot.story.journal import Head, Journal
from bot.story.lane_events import LaneEnded, LaneReached, LaneStarted
from bot.story.leases import FenceLost, Lease
from bot.story.office import Office
from bot.story.schema import storable
from bot.story.vocabulary import Repository, digest

log = logging.getLogger(__name__)

KEPT = 200  # decisions of a run that its artefact holds; the digest is of all
REMEMBERED_S = 10.0  # how often a run writes down how far it got


@dataclass(frozen=True)
class Workplace:
    """What a process has for running lanes."""

    office: Office
    hands: Hands
    owner: str
    monotonic: Callable[[], float]


class Run:
    """One run; `took_over`: who held the lane before and did not end its run."""

    def __init__(
        self,
        place: Workplace,
        repository: Repository,
        lane: Lane,
        lease: Lease,
        took_over: str,
        still_ours: Callable[[], None],
    ) -> None:
        self._place, self._repository, self._lane = place, repository, lane
        self._lease, self._took_over, self._still_ours = lease, took_over, still_ours
        self._journal: Journal = place.office.journal
        self._monotonic, self._clock = place.monotonic, place.office.clock
        self._past = history(self._journal, lease.stream)
        self._number = self._past.run + 1
        self._config = place.office.configuration(repository)
        self._dry = self._config.mode == "dry_run"

    def to_the_end(self) -> LaneEnded:
        past, began = self._past, self._monotonic()
        self._remembered, self._at = began, past.checkpoint
        self._tell(
            LaneStarted(
                lane=self._lane.NAME,
                run=self._number,
                checkpoint=past.checkpoint,
                by=self._place.owner,
                took_over=self._took_over,
                dry=self._dry,
            ),
            head=Head(kind=KIND, repository=self._repository.full_name, wake_at=self._wake()),
        )
        due = self._wake()
        try:
            outcome, how, error = self._work()
        except FenceLost:
            raise
        except self._place.hands.ends as end:
            failed = self._artefact(Outcome(), "failed", type(end).__name__, began)
            self._end(failed, due)
            raise
        ended = self._artefact(outcome, how, error, began)
        self._end(ended, due)
        return ended

    def _work(self) -> tuple[Outcome, str, str]:
        """The lane's answer, what to call it, and the name of an error."""
        where = {"lane": self._lane.NAME, "repository": self._repository.full_name}
        try:
            outcome = self._lane.run(self._shift())
        except Exception as error:  # noted with a number, and tried again
            if isinstance(error, (FenceLost, *self._place.hands.ends)):
                raise
            name = type(error).__name__
            if getattr(error, "retryable", False):
                log.warning("a lane waits: %s", error, extra=where)
                return Outcome(waits=[Wait("lane", why_away(error))]), "waiting", name
            number = uuid.uuid4().hex[:12]
            log.exception("a lane failed (error %s)", number, extra=where)
            return Outcome(), "failed", f"{name} {number}"
        if not outcome.finished:
            return outcome, "unfinished", ""
        return outcome, "waiting" if outcome.waits else "done", ""

    def _shift(self) -> Shift:
        return Shift(
            office=self._place.office,
            repository=self._repository,
            backlog=backlog_of(self._journal, self._config.backlog.scoring.rule),
            config=self._config,
            now=self._clock(),
            budget=Budget(self._lane.BUDGET.total_seconds(), self._monotonic, self._still_ours),
            checkpoint=self._past.checkpoint,
            dry=self._dry,
            former=self._past.ended,
            hands=self._place.hands,
            reached=self._reached,
        )

    def _reached(self, checkpoint: str) -> None:
        """The lane got so far; written down now and then."""
        if self._monotonic() >= self._remembered + REMEMBERED_S:
            self._remembered, self._at = self._monotonic(), checkpoint
            self._tell(LaneReached(run=self._number, checkpoint=checkpoint))

    def _artefact(self, told: Outcome, how: str, error: str, began: float) -> LaneEnded:
        failed = how == "failed" or (how == "waiting" and bool(error))
        decisions = sorted(
            Decision(item, storable(what), storable(why)) for item, what, why in told.decisions
        )
        decided = digest([list(one) for one in decisions])
        waits = self._waits(told.waits)
        return LaneEnded(
            lane=self._lane.NAME,
            run=self._number,
            outcome=how,  # type: ignore[arg-type]
            checkpoint=self._at if failed else told.checkpoint,
            inputs=tuple(sorted((storable(name), at) for name, at in told.inputs.items())),
            decisions=tuple((one.item, one.what, one.why) for one in decisions[:KEPT]),
            decided=decided,
            counts=tuple(sorted(told.counts.items())),
            waits=waits,
            seconds=round(self._monotonic() - began, 3),
            by=self._place.owner,
            idle=self._idle(how, decisions, decided, waits, failed),
            dry=self._dry,
            error=error,
        )

    def _idle(
        self,
        how: str,
        decisions: Sequence[Decision],
        decided: str,
        waits: Sequence[tuple[str, str, datetime]],
        failed: bool,
    ) -> int:
        """How many runs in a row, with this one, decided nothing that was not decided before."""
        former = self._past.ended
        if former is None:
            return int(failed)
        told = {one[:2] for one in waits} == {one[:2] for one in former.waits}
        same = told and how == former.outcome and (not decisions or decided == former.decided)
        return former.idle + 1 if same or failed else 0

    def _waits(self, waits: Sequence[Wait]) -> tuple[tuple[str, str, datetime], ...]:
        """With the instant since when each lasts, also where its reason has other words by now."""
        former = self._past.ended.waits if self._past.ended else ()
        known = {(what, reason): since for what, reason, since in former}
        alone = {what: since for what, _, since in former if _count(former, what) == 1}
        now = self._clock()
        told: dict[tuple[str, str], datetime] = {}
        for what, reason, since in waits:
            what, reason = storable(what), storable(reason)
            before = known.get((what, reason))
            if before is None and _count(waits, what) == 1:
                before = alone.get(what)
            told[what, reason] = since or before or now
        return tuple(sorted((what, why, since) for (what, why), since in told.items()))[:KEPT]

    def _wake(self) -> datetime | None:
        row = self._journal.stream(self._lease.stream)
        return row.wake_at if row else self._clock()

    def _end(self, ended: LaneEnded, due: datetime | None) -> None:
        """Tell how it ended, and when the next run is due: later where nothing happens."""
        most = LONGEST if ended.outcome == "done" else SOON
        times = max(1, min(2 ** min(ended.idle, 6), most // self._lane.EVERY))
        if self._wake() != due:  # there was news meanwhile
            times = 1
        wait = timedelta(0) if ended.outcome == "unfinished" else self._lane.EVERY * times
        self._tell(ended, head=Head(wake_at=self._clock() + wait))

    def _tell(self, event: LaneStarted | LaneReached | LaneEnded, head: Head | None = None) -> None:
        stream, lease = self._lease.stream, self._lease
        self._journal.append(stream, [event], actor="lanes", lease=lease, head=head)


def _count(waits: Sequence[Sequence[Any]], what: str) -> int:
    return sum(one[0] == what for one in waits)


def backlog_of(journal: Journal, rule: str) -> Backlog:
    """The backlog by a repository's scoring rule; one that is not installed is not followed."""
    try:
        return Backlog(journal, scoring(rule))
    except UnknownScoring:
        return Backlog(journal, scoring(STANDARD))
