"""Tickets become items (B4, B8): what changed at each look, everything now and then.

Promises: what a lost webhook would have told is found by asking for all that changed since the last
look; another question (configuration, host) means that everything is read again; only a look at
everything can find that a ticket is gone, and only where it came to its end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.backlog.reading import Reading
from bot.backlog.sources import jira
from bot.backlog.tracker.desk import Tickets
from bot.backlog.tracker.ledger import Ledger
from bot.story.ticket_events import TicketsRead
from bot.story.tickets import Ticket
from bot.story.vocabulary import digest

OVERLAP = timedelta(minutes=5)  # clocks differ, and searching lags behind writing
NOTED = timedelta(minutes=30)
LONGEST = timedelta(days=2)  # since the last look; after that everything is read
WHOLE = timedelta(hours=6)  # how often everything is read


@dataclass(frozen=True)
class Look:
    """What was read; not `finished`: the time was over. `fact`: to be told once it is taken."""

    reading: Reading
    finished: bool
    fact: TicketsRead


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


def is_due(ledger: Ledger, now: datetime) -> bool:
    """Whether it is to be noted how far was read. Asking again costs less than a fact each time."""
    return ledger.read_at is None or not timedelta(0) <= now - ledger.read_at < NOTED


def look(
    tickets: Tickets,
    ledger: Ledger,
    whole_after: timedelta = WHOLE,
    over: Callable[[], bool] = lambda: False,
) -> Look:
    """What changed since the last look that came to its end. Raises TrackerError."""
    asked = fingerprint(tickets)
    minutes = minutes_since(ledger, asked, tickets.office.clock(), whole_after)
    fields, faults = jira.wanted(tickets.config, tickets.tracker.custom_fields())
    found: list[Ticket] = []
    finished = True
    for page in tickets.tracker.search(jira.query(tickets.config, minutes), fields):
        found += page
        if over():
            finished = False
            break
    told = jira.read(
        found,
        tickets.config,
        _ours(tickets, ledger),
        complete=minutes is None and finished,
        repository=tickets.repository.full_name,
        faults=faults,
    )
    return Look(told, finished, TicketsRead(whole=minutes is None, fingerprint=asked))


def look_at(tickets: Tickets, ledger: Ledger, key: str) -> Reading | None:
    """One ticket as it is now, if it is among those that are read. Raises TrackerError."""
    fields, _ = jira.wanted(tickets.config, tickets.tracker.custom_fields())
    pages = tickets.tracker.search(jira.query(tickets.config, ticket=key), fields)
    found = [one for page in pages for one in page]
    ours = _ours(tickets, ledger)
    name = tickets.repository.full_name
    return jira.read(found, tickets.config, ours, repository=name) if found else None


def _ours(tickets: Tickets, ledger: Ledger) -> jira.Ours:
    return jira.Ours(tickets.tracker.us(), frozenset(ledger.held))
