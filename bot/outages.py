"""What Towpath does while GitHub or its own queue is away, and when they are back (B9).

Promises: an effect that needs GitHub waits while GitHub does; after an outage everything is looked
at from the instant at which it began, until one such look had no gap. Never: decides when a service
counts as away (`policies.breaker`).
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from redis import Redis
from redis.exceptions import RedisError

from bot.outside.github_guard import GITHUB, limits_of, services_of
from bot.outside.jira.http import JIRA
from bot.queue.wakeups import enqueue_advance
from bot.story.effects import Effect
from bot.story.journal import Journal
from bot.story.services import InJournal, Resting, Services, back_since, recovered
from bot.story.ticket_effects import KINDS as OF_TICKETS

QUEUE = "queue"
_EARLIER = timedelta(minutes=15)  # a delivery may have been late when the outage began

log = logging.getLogger(__name__)


def services(journal: Journal, clock: Callable[[], datetime], owner: str) -> Services:
    """What all processes know of the services, by the journal."""
    return Services(clock, random.random, InJournal(journal, clock, owner), limits_of)


def resting_for(known: Services, kinds: Collection[str]) -> Callable[[Effect], Resting | None]:
    """Asks why an effect has to wait; `kinds`: those that GitHub's API performs."""

    def resting(effect: Effect) -> Resting | None:
        if effect.kind in kinds:
            installation = effect.repository.installation_id
            return known.resting(*services_of(installation, writes=True))
        if effect.kind in OF_TICKETS:
            return known.resting(JIRA)
        return known.resting(GITHUB) if effect.kind == "push_branch" else None

    return resting


def reconcile(
    known: Services,
    journal: Journal,
    look: Callable[[datetime], int],
    in_step: Callable[[datetime], bool],
) -> None:
    """Look at what was missed while a service was away. `look`: since when → what it missed.

    `in_step`: whether the lanes have looked at all tickets since an instant.
    """
    if (since := known.missed(JIRA)) is not None:
        back_at = back_since(journal, JIRA)
        if back_at is not None and in_step(back_at):
            known.reconciled(JIRA, since)
    back = [name for name in recovered(journal) if name == QUEUE or name.startswith(GITHUB)]
    missed = {name: since for name in back if (since := known.missed(name)) is not None}
    if not missed or known.resting(GITHUB):
        return
    if look(min(missed.values()) - _EARLIER):
        return  # the next sweep looks again
    for name, since in missed.items():
        known.reconciled(name, since)


@contextmanager
def waited_for() -> Iterator[Callable[[], float]]:
    """Around work that cannot even begin while a service is away; gives the seconds to wait."""
    seconds = 60.0
    try:
        yield lambda: seconds
    except Exception as error:
        if not getattr(error, "away", False):
            raise
        seconds = max(1.0, getattr(error, "retry_after", None) or seconds)


def wake(redis: Redis, stream: str, delay: float | None) -> None:
    """Have a worker advance a story. Where the queue is away, the sweep does when it is back."""
    try:
        enqueue_advance(redis, stream, delay)
    except RedisError as error:
        log.info("not woken: %s", type(error).__name__, extra={"stream": stream})
