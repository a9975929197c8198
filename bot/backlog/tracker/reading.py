"""Tickets become items (B4, B8): what changed at each look, everything now and then.

Promises: what a lost webhook would have told is found by asking for all that changed since the last
look; another question (configuration, host) means that everything is read again; only a look at
everything can find that a ticket is gone, and only where it came to its end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.backlog.sources import jira
from bot.backlog.store import Backlog
from bot.backlog.taking import Taken
from bot.backlog.tracker.desk import Tickets
from bot.backlog.tracker.ledger import Ledger
from bot.story.ticket_events import TicketsRead
from bot.story.tickets import Ticket
from bot.story.vocabulary import digest

OVERLAP = timedelta(minutes=5)  # clocks differ, and searching lags behind writing
LONGEST = timedelta(days=2)  # since the last look; after that everything is read
WHOLE = timedelta(hours=6)  # how often everything is read


def fingerprint(tickets: Tickets) -> str:
    """Of the question that is asked."""
    return digest([tickets.tracker.url, tickets.config.model_dump(mode="json")])[:16]


def minutes_since(ledger: Ledger, asked: str, now: datetime, whole_after: timedelta) -> int | None:
    """How far back to ask for changes; None: read everything."""
    if ledger.fingerprint != asked or ledger.read_at is None or ledger.whole_at is None:
        return None
    since = now - ledger.read_at
    if since > LONGEST or since < timedelta(0) or now - ledger.whole_at >= whole_after:
        return None
    return math.ceil((since + OVERLAP).total_seconds() / 60)


def read(
    tickets: Tickets,
    backlog: Backlog,
    ledger: Ledger,
    whole_after: timedelta = LONGEST,
    over: Callable[[], bool] = lambda: False,
) -> tuple[Taken | None, str, bool]:
    """What changed, the digest of what was read, and whether it was read to its end.

    None: nothing was read yet when the time was `over`. Raises TrackerError.
    """
    asked, config, tracker = fingerprint(tickets), tickets.config, tickets.tracker
    minutes = minutes_since(ledger, asked, tickets.office.clock(), whole_after)
    fields, faults = jira.wanted(config, tracker.custom_fields())
    found: list[Ticket] = []
    finished = True
    for page in tracker.search(jira.query(config, minutes), fields):
        found += page
        if over():
            finished = False
            break
    whole = minutes is None
    told = jira.read(
        found,
        config,
        jira.Ours(tracker.us(), frozenset(ledger.held)),
        complete=whole and finished,
        repository=tickets.repository.full_name,
        faults=faults,
    )
    taken = backlog.take(str(tickets.repository.id), told)
    if finished:
        tickets.tell(TicketsRead(whole=whole, fingerprint=asked))
    return taken, told.digest, finished


def read_one(tickets: Tickets, backlog: Backlog, ledger: Ledger, key: str) -> Taken | None:
    """One ticket anew, as it is now, if it is among those that are read. Raises TrackerError."""
    config, tracker = tickets.config, tickets.tracker
    fields, _ = jira.wanted(config, tracker.custom_fields())
    found = [one for page in tracker.search(jira.query(config, ticket=key), fields) for one in page]
    if not found:
        return None
    ours = jira.Ours(tracker.us(), frozenset(ledger.held))
    told = jira.read(found, config, ours, repository=tickets.repository.full_name)
    return backlog.take(str(tickets.repository.id), told)
