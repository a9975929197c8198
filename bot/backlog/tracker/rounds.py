"""Jira's part of the lanes (B6, B8): taken in with the other sources, and brought together.

Promises: where Jira is away the rest of the lane goes on, and that it is away is a wait; one ticket
that cannot be looked after keeps no other from it.
"""

from __future__ import annotations

from datetime import datetime

from bot.backlog.lanes.day import Day
from bot.backlog.lanes.lane import Decision, Outcome, Shift, Wait
from bot.backlog.store import Backlog
from bot.backlog.tracker.desk import SOURCE, tickets_of
from bot.backlog.tracker.ledger import Ledger
from bot.backlog.tracker.look_after import look_after
from bot.backlog.tracker.reading import is_due, look, look_at
from bot.story.office import Office
from bot.story.services import back_since
from bot.story.ticket_events import TicketsInStep
from bot.story.tickets import SERVICE, TrackerError
from bot.story.vocabulary import Repository
from bot.texts import tickets as texts


def intake(day: Day) -> None:
    """What changed in the tracker since the last look becomes items."""
    shift = day.shift
    tickets = tickets_of(shift.office, shift.repository)
    if tickets is None:
        day.away(SOURCE, texts.NO_TRACKER)
        return
    ledger = tickets.ledger()
    try:
        told = look(tickets, ledger, over=shift.budget.over)
    except TrackerError as error:
        day.away(SOURCE, _why(error))
        return
    day.take(told.reading)
    back = back_since(shift.office.journal, SERVICE)
    first = back is not None and (ledger.read_at is None or ledger.read_at < back)
    if told.finished and (told.fact.whole or first or is_due(ledger, shift.now)):
        tickets.tell(told.fact)


def reconcile(shift: Shift) -> Outcome:
    """Each ticket that we hold is looked after: a person's side, and what became of the work."""
    tickets = tickets_of(shift.office, shift.repository)
    decisions: list[Decision] = []
    if tickets is None or shift.dry:
        return Outcome()
    back = back_since(shift.office.journal, SERVICE)
    for key, held in sorted(tickets.ledger().held.items()):
        if shift.budget.over():
            return Outcome(decisions, waits=[Wait(SOURCE, texts.OUT_OF_TIME)])
        try:
            seen = look_after(tickets, shift.backlog, tickets.ledger(), held)
        except TrackerError as error:
            if error.retryable:
                return Outcome(decisions, waits=[Wait(SOURCE, _why(error))])
            decisions.append(Decision(held.item, "held back", f"{key}: {error}"))
            continue
        decisions += [Decision(one.item, one.what, one.why) for one in seen]
    ledger = tickets.ledger()
    if back is not None and not _in_step(ledger, back) and (ledger.read_at or back) > back:
        tickets.tell(TicketsInStep())
    return Outcome(decisions)


def all_in_step(office: Office, since: datetime) -> bool:
    """Whether since then everything was read and looked after, for all repositories."""
    for number in office.repositories.known():
        facts = office.repositories.facts(number)
        repository = facts.installation.repository or facts.repository
        if repository is None or office.stopped(repository):
            continue
        if office.configuration(repository).mode != "on":
            continue  # no ticket is looked after
        tickets = tickets_of(office, repository)
        if tickets is not None and not _in_step(tickets.ledger(), since):
            return False
    return True


def _in_step(ledger: Ledger, since: datetime) -> bool:
    return ledger.in_step_at is not None and ledger.in_step_at > since


def heard(office: Office, backlog: Backlog, repository: Repository, key: str) -> None:
    """Somebody says that a ticket changed: look after it, and read it. Raises TrackerError."""
    tickets = tickets_of(office, repository)
    if tickets is None:
        return
    ledger = tickets.ledger()
    if key in ledger.held and office.configuration(repository).mode == "on":
        look_after(tickets, backlog, ledger, ledger.held[key])
    told = look_at(tickets, tickets.ledger(), key)
    if told is not None:
        backlog.take(str(repository.id), told)


def _why(error: TrackerError) -> str:
    """In the same words as long as it lasts."""
    return error.kind if error.retryable else str(error)
