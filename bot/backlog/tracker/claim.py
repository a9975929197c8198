"""Our claim on a ticket: visible before the work begins, read back before it counts (B7).

Promises: of two Towpaths that want a ticket at most one gets it, however their steps mix: each
writes its own property, that it means to take it, before it looks for the others', and takes it
only where it sees none. Another's claim, a person's ticket and a person's move are respected; a
claim that ran out is taken with the next fence, and that is said on the ticket.
Never: begins anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.backlog.item import Item
from bot.backlog.sources.jira import means_of
from bot.backlog.tracker.desk import Done, Tickets, key_of, tickets_of
from bot.story.item_events import ItemState
from bot.story.office import Office
from bot.story.ticket_effects import (
    AssignTicket,
    CommentTicket,
    SetTicketProperty,
    TransitionTicket,
)
from bot.story.ticket_events import TicketClaimed, TicketReleased
from bot.story.tickets import Record, Ticket, TrackerError
from bot.story.vocabulary import Repository
from bot.texts import tickets as texts
from policies import claims
from policies.claims import HOLD, Claim, Seen, Taking, Us, What
from policies.tickets import Shown, Side, side

MEANT = timedelta(minutes=10)  # how long it stands that somebody means to take a ticket
_AGAIN = timedelta(minutes=2)
_UNHURT = frozenset({"refused", "not_found", "forbidden"})  # the claim stands without this part


def claim(office: Office, repository: Repository, item: Item, asked: bool) -> Taking | None:
    """Claim the ticket of an item; `may` of the answer says whether work may begin.

    None: it has no ticket. `asked`: a person wants it done, which outweighs an assignee.
    """
    tickets = tickets_of(office, repository)
    key = key_of(item, tickets.config.project) if tickets else ""
    if tickets is None or not key:
        return None
    try:
        return _Claiming(tickets, key, item.number, asked).claim()
    except TrackerError as error:
        if not error.retryable:
            return _no("tracker", f"{key}: {error}")
        wait = timedelta(seconds=error.retry_after or _AGAIN.total_seconds())
        return _no("tracker_away", f"{key}: {error}", office.clock() + wait)


def has_ticket(office: Office, repository: Repository, item: Item) -> bool:
    """Whether an item stands for a ticket, which has to be claimed."""
    tickets = tickets_of(office, repository)
    return tickets is not None and bool(key_of(item, tickets.config.project))


def records_of_others(records: Sequence[Record], name: str, now: datetime) -> list[Record]:
    """The claims of others that stand, by their holders. `name`: of our property."""
    standing = [one for one in records if one.name != name and one.expires > now]
    return sorted(standing, key=lambda one: one.holder)


def give_up(tickets: Tickets, ticket: str, item: int, reason: str, fence: int) -> Done:
    """Take our claim away from a ticket. The ticket itself is left as it is."""
    done = tickets.do(
        SetTicketProperty(
            key=tickets.key("claim", ticket, fence, "gone"),
            repository=tickets.repository,
            ticket=ticket,
            name=tickets.property_name,
            value=None,
        )
    )
    if not done.no or done.no in _UNHURT:
        tickets.tell(TicketReleased(ticket=ticket, item=item, reason=reason))
        return Done()
    return done


def prolong(tickets: Tickets, ticket: str, fence: int, until: datetime) -> Done:
    """Write that the claim stands until then."""
    return _written(tickets, ticket, fence, until, held=True, step=f"until-{until:%Y%m%d%H%M}")


def _written(
    tickets: Tickets, ticket: str, fence: int, until: datetime, *, held: bool, step: str
) -> Done:
    value = {
        "holder": tickets.holder,
        "fence": fence,
        "expires": until.isoformat(timespec="seconds"),
        "held": held,
    }
    return tickets.do(
        SetTicketProperty(
            key=tickets.key("claim", ticket, fence, step),
            repository=tickets.repository,
            ticket=ticket,
            name=tickets.property_name,
            value=value,
        )
    )


def _no(rule: str, reason: str, until: datetime | None = None) -> Taking:
    return Taking(What.ANOTHERS, rule, reason, until=until)


class _Claiming:
    """One attempt."""

    def __init__(self, tickets: Tickets, key: str, item: int, asked: bool) -> None:
        self._tickets, self._key, self._item, self._asked = tickets, key, item, asked
        self._now = tickets.office.clock()
        self._ledger = tickets.ledger()

    def claim(self) -> Taking:
        tracker = self._tickets.tracker
        us, ticket = tracker.us(), tracker.ticket(self._key, {})
        if ticket is None or ticket.key != self._key:
            where = "is not there" if ticket is None else f"is {ticket.key} now"
            return _no("no_ticket", f"{self._key} {where}")
        records = tracker.records(self._key)
        judged = self._judged(ticket, records, us)
        if judged.what is What.OURS:
            return self._stopped(ticket, us) or judged
        if not judged.may:
            if judged.rule != "claimed":  # else we stand in line
                self._take_back(records, judged.reason)
            return judged
        fences = [one.fence for one in records] + [self._ledger.fences.get(self._key, 0)]
        fence = max(fences) + 1
        if no := self._take(ticket, us, fence):
            return no
        if judged.what is What.STALE:
            self._say(fence, texts.took_over(judged.reason))
        return Taking(What.TAKE, judged.rule, judged.reason, fence)

    def _judged(self, ticket: Ticket, records: Sequence[Record], us: str) -> Taking:
        others = records_of_others(records, self._tickets.property_name, self._now)
        ours = [one for one in records if one.name == self._tickets.property_name]
        last = sorted(records, key=lambda one: one.fence)[-1:]
        strongest = next(iter(others or ours or last), None)
        means = means_of(ticket, self._tickets.config)
        theirs = () if ticket.assignee in ("", us) else (ticket.assignee_name or ticket.assignee,)
        stands = None
        if strongest is not None:
            begun = strongest in ours and self._key not in self._ledger.held
            expires = min(strongest.expires, self._now) if begun else strongest.expires
            stands = Claim(strongest.holder, strongest.fence, expires)
        state = claims.CLOSED if means is ItemState.DONE else claims.OPEN
        names = (ticket.assignee_name,) if ticket.assignee == us else ()
        asked = self._now if self._asked else None
        judged = claims.decide(
            Seen(stands, theirs, state), Us(self._tickets.holder, names, asked), self._now
        )
        if not judged.may or judged.what is What.OURS or self._asked:
            return judged  # what was only begun is no claim: people may have come between
        if means is ItemState.BLOCKED:
            return _no("blocked", f"{self._key} is {ticket.status}")
        if means in (ItemState.DOING, ItemState.PR) and stands is None and ticket.assignee != us:
            return _no("under_way", f"{self._key} is {ticket.status}, and not by us")
        return judged

    def _stopped(self, ticket: Ticket, us: str) -> Taking | None:
        """A person ended or took what we hold; that is told when the ticket is looked after."""
        held = self._ledger.held[self._key]
        blocked = means_of(ticket, self._tickets.config) is ItemState.BLOCKED
        shown = Shown(ticket.status, ticket.category, blocked, ticket.assignee)
        sided = side(held.shown, shown, us)
        if sided.side is not Side.STOPS or self._asked:
            return None
        return _no("yielded", f"{self._key}: a person came between ({sided.why})")

    def _take_back(self, records: Sequence[Record], reason: str) -> None:
        """What was begun and broken off says no longer that we want it."""
        for one in records:
            if one.name == self._tickets.property_name and self._key not in self._ledger.held:
                give_up(self._tickets, self._key, self._item, reason, one.fence)

    def _take(self, ticket: Ticket, us: str, fence: int) -> Taking | None:
        """Why not, or None where it is ours now."""
        tickets, tracker = self._tickets, self._tickets.tracker
        meant = _written(tickets, self._key, fence, self._now + MEANT, held=False, step="meant")
        if meant.no:
            return _no(meant.no, f"{self._key}: {meant.reason}", meant.until)
        records, now = tracker.records(self._key), tickets.office.clock()
        if not any(one.name == tickets.property_name and one.expires > now for one in records):
            # written by an attempt of long ago, too late for anybody to see: begin anew
            return _no("not_now", f"{self._key}: what we meant came too late", now + _AGAIN)
        others = records_of_others(records, tickets.property_name, now)
        if others:
            first = all(not one.held and tickets.holder < one.holder for one in others)
            if not first:  # the first by name stays in line, so that one of us gets it next time
                give_up(tickets, self._key, self._item, "another was there", fence)
            reason = f"{others[0].holder} wants it too"
            return _no("claimed", f"{self._key}: {reason}", self._now + _AGAIN)
        for done in (self._moved(ticket, fence), self._assigned(ticket, us, fence)):
            if done.no and done.no not in _UNHURT:
                if done.no != "not_now":
                    give_up(tickets, self._key, self._item, done.reason, fence)
                return _no(done.no, f"{self._key}: {done.reason}", done.until)
        kept = _written(tickets, self._key, fence, self._now + HOLD, held=True, step="held")
        if kept.no:
            return _no(kept.no, f"{self._key}: {kept.reason}", kept.until)
        return self._read_back(ticket, us, fence)

    def _moved(self, ticket: Ticket, fence: int) -> Done:
        wanted = self._tickets.config.states.doing
        if (done := self._former_move()).no == "not_now":
            return done
        if not wanted or wanted.casefold() == ticket.status.casefold():
            return Done()
        return self._tickets.do(
            TransitionTicket(
                key=self._tickets.key("move", self._key, fence, "claim"),
                repository=self._tickets.repository,
                ticket=self._key,
                status=wanted,
                expected=ticket.status,
            )
        )

    def _former_move(self) -> Done:
        """What became of the move of a try that was broken off: it tells what was before it."""
        former = self._ledger.fences.get(self._key, 0)
        key = self._tickets.key("move", self._key, former, "claim")
        row = self._tickets.office.journal.effect(key)
        if row is None or not (row.status == "performing" or row.not_before is not None):
            return Done()
        return self._tickets.do(row.effect)

    def _assigned(self, ticket: Ticket, us: str, fence: int) -> Done:
        if ticket.assignee:  # ours already; or a person's, who asked us or was outweighed by one
            return Done()
        return self._tickets.do(
            AssignTicket(
                key=self._tickets.key("assign", self._key, fence, "claim"),
                repository=self._tickets.repository,
                ticket=self._key,
                ours=True,
                expected="",
            )
        )

    def _read_back(self, before: Ticket, us: str, fence: int) -> Taking | None:
        tickets, tracker = self._tickets, self._tickets.tracker
        now, records = tracker.ticket(self._key, {}), tracker.records(self._key)
        kept = next((one for one in records if one.name == tickets.property_name), None)
        others = records_of_others(records, tickets.property_name, tickets.office.clock())
        stands = kept is not None and kept.held and kept.fence == fence
        if now is None or not stands or any(one.held for one in others):
            give_up(tickets, self._key, self._item, "it was not there when read back", fence)
            return _no("read_back", f"{self._key}: our claim was not there when read back")
        if now.assignee not in ("", us, before.assignee):
            reason = f"{now.assignee_name or now.assignee} took it"
            give_up(tickets, self._key, self._item, reason, fence)
            return _no("assigned", f"{self._key}: {reason}")
        if means_of(now, tickets.config) in (ItemState.DONE, ItemState.BLOCKED):
            reason = f"somebody moved it to {now.status}"
            give_up(tickets, self._key, self._item, reason, fence)
            return _no("moved", f"{self._key}: {reason}")
        tickets.tell(
            TicketClaimed(
                ticket=self._key,
                item=self._item,
                fence=fence,
                before=tickets.ledger().before(self._key, before.status),
                status=now.status,
                assignee=now.assignee,
            ),
            once=tickets.key("claimed", self._key, fence),
        )
        return None

    def _say(self, fence: int, text: str) -> None:
        self._tickets.do(
            CommentTicket(
                key=self._tickets.key("comment", self._key, fence, "stale"),
                repository=self._tickets.repository,
                ticket=self._key,
                body=text,
            )
        )
