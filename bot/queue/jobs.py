"""The jobs that RQ runs, and how a drain works.

Promises: one delivery that cannot be handled never holds up another; a delivery leaves the inbox
only after `House.dispatch` returned for it. Never: decides anything about a story.

The house (everything wired together) is made lazily, once in each process: the web process never
makes one, and a forked work-horse never shares its parent's connections.
"""

from __future__ import annotations

import importlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from redis import Redis
from rq import get_current_job
from rq.timeouts import BaseTimeoutException

from bot.queue.delivery import Delivery, Failure, MalformedDelivery, NotReady
from bot.queue.inbox import Inbox, Taken
from bot.queue.wakeups import enqueue_advance, request_drain

BATCH = 32
DRAIN_SECONDS = 5.0
LANES_LOCK = "towpath:lanes"  # spares workers; that no lane runs twice at once is the leases' part
LANES_LOCK_SECONDS = 150.0

log = logging.getLogger(__name__)

Dispatch = Callable[[Sequence[Delivery]], Sequence[Failure | None]]
GivenUp = Callable[[Delivery, str], None]


class House(Protocol):
    """What jobs need of the application."""

    def dispatch(self, deliveries: Sequence[Delivery]) -> Sequence[Failure | None]:
        """Handle deliveries; one answer for each, in order: None when it was dealt with.

        May be called again with the same delivery (after a crash, a redelivery). Raises
        `NotReady` when nothing can be handled now. Any other exception is held against the
        delivery that causes it, found by trying each alone.
        """

    def given_up(self, delivery: Delivery, error_id: str) -> None:
        """A delivery is a dead letter now: tell whoever waits for an answer."""

    def advance(self, story_id: str) -> float | None:
        """Work on a story until it waits; seconds until it wants to be woken, or None.

        When somebody else holds the story's lease: return the seconds to try again in, because
        this wake-up may be news to them.
        """

    def sweep(self) -> None:
        """Look at everything that may have been missed."""

    def run_lanes(self) -> None:
        """Run the lanes of backlogs that are due, for a while."""

    def queue_was_away(self, since: datetime) -> None:
        """The queue answers again; what came in from `since` on may not have been kept."""


class _Houses:
    """The house of this process, from the module named in `source`."""

    def __init__(self) -> None:
        self.source = "bot.wiring"
        self._made: dict[int, House] = {}

    def preload(self) -> None:
        """Import what a house needs, so that a forked process does not have to."""
        importlib.import_module(self.source)

    def here(self) -> House:
        if os.getpid() not in self._made:
            self._made = {os.getpid(): importlib.import_module(self.source).house()}
        return self._made[os.getpid()]


houses = _Houses()


@dataclass
class Drained:
    """What a drain did. `more`: it ran out of time, not of deliveries."""

    handled: int = 0
    failed: int = 0
    buried: int = 0
    more: bool = False


def drain_inbox() -> None:
    """RQ job: hand what is in the inbox to the house, and queue the next drain if time is up."""
    redis = _redis()
    house = houses.here()
    if drain(Inbox(redis), house.dispatch, given_up=house.given_up).more:
        request_drain(redis)


def advance_story(story_id: str) -> None:
    """RQ job: let the house work on a story, and wake it again when the house says so."""
    again_in = houses.here().advance(story_id)
    if again_in is not None:
        enqueue_advance(_redis(), story_id, delay=again_in)


def sweep() -> None:
    """RQ job of the clock: drain what no drain was queued for, then let the house sweep."""
    drain_inbox()
    houses.here().sweep()


def run_lanes() -> None:
    """RQ job of the clock: one round of lanes; another one at work is enough."""
    lock = _redis().lock(LANES_LOCK, timeout=LANES_LOCK_SECONDS)
    if not lock.acquire(blocking=False):
        return
    try:
        houses.here().run_lanes()
    finally:
        if lock.owned():
            lock.release()


def queue_returned(since: float) -> None:
    """RQ job of the clock: the queue did not answer from `since` (seconds since 1970) until now."""
    houses.here().queue_was_away(datetime.fromtimestamp(since, UTC))
    sweep()


def drain(
    inbox: Inbox,
    dispatch: Dispatch,
    *,
    given_up: GivenUp = lambda delivery, error_id: None,
    batch: int = BATCH,
    seconds: float = DRAIN_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> Drained:
    """Hand deliveries to `dispatch` until there are none or `seconds` are over.

    `given_up` hears of each that became a dead letter, with the id of the error.
    """
    inbox.lower()  # first: whoever appends from here on queues another drain
    deadline = monotonic() + seconds
    tally = Drained()
    while True:
        fresh = inbox.take(batch)
        if not _attempt(inbox, dispatch, given_up, fresh, tally):
            return tally
        dropped = [] if (one := inbox.reclaim()) is None else [one]
        if not _attempt(inbox, dispatch, given_up, dropped, tally) or not (fresh or dropped):
            return tally
        if monotonic() >= deadline:
            tally.more = True
            return tally


def _attempt(
    inbox: Inbox, dispatch: Dispatch, given_up: GivenUp, group: Sequence[Taken], tally: Drained
) -> bool:
    """Handle what can be handled of `group`; False when the house is not ready for any."""
    readable: list[tuple[Taken, Delivery]] = []
    for taken in group:
        if taken.attempt > inbox.attempts:  # every reader before this one died of it
            _bury(inbox, taken, f"no attempt of {inbox.attempts} came to an end", tally, given_up)
            continue
        try:
            readable.append((taken, taken.delivery()))
        except MalformedDelivery as malformed:
            _bury(inbox, taken, str(malformed), tally, given_up)
    try:
        outcomes = _outcomes(dispatch, [delivery for _, delivery in readable])
    except NotReady as not_ready:
        log.warning("deliveries wait: %s", not_ready)
        inbox.hand_back((taken for taken, _ in readable), at_once=True)
        return False
    good = []
    for (taken, _), failure in zip(readable, outcomes, strict=True):
        if failure is None:
            good.append(taken)
        elif failure.final or (failure.counted and taken.attempt >= inbox.attempts):
            _bury(inbox, taken, failure.reason, tally, given_up)
        else:
            tally.failed += 1
            if not failure.counted:
                inbox.hand_back([taken], at_once=False)
            level = logging.WARNING if failure.counted else logging.INFO
            log.log(level, "delivery %s: attempt %d: %s", taken.guid, taken.attempt, failure.reason)
    inbox.done(good)
    tally.handled += len(good)
    return True


def _outcomes(dispatch: Dispatch, deliveries: Sequence[Delivery]) -> list[Failure | None]:
    if not deliveries:
        return []
    try:
        outcomes = list(dispatch(deliveries))
        if len(outcomes) != len(deliveries):
            raise TypeError(f"{len(outcomes)} answers for {len(deliveries)} deliveries")
    except (BaseTimeoutException, NotReady):
        raise
    except Exception as error:
        if len(deliveries) > 1:  # somebody's fault, but whose: try each alone
            return [outcome for one in deliveries for outcome in _outcomes(dispatch, [one])]
        log.exception("delivery %s could not be handled", deliveries[0].guid)
        return [Failure(type(error).__name__)]
    return outcomes


def _bury(inbox: Inbox, taken: Taken, reason: str, tally: Drained, given_up: GivenUp) -> None:
    error_id = inbox.bury(taken, reason)
    tally.buried += 1
    log.error("delivery %s is a dead letter now: %s (error %s)", taken.guid, reason, error_id)
    try:
        given_up(taken.delivery(), error_id)
    except MalformedDelivery:
        return  # nobody can be told of what cannot be read
    except BaseTimeoutException:
        raise
    except Exception:
        log.exception("nobody could be told of delivery %s", taken.guid)


def _redis() -> Redis:
    job = get_current_job()
    if job is None:
        raise RuntimeError("this function is a job: a worker runs it")
    return job.connection
