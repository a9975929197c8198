"""The tickets that we work on: what people did to them, and what became of the work (B7, B8).

Promises: a person's change wins and is said; what we show follows the item and its story; a claim
is prolonged while the work goes on and given up when it ended. Each look compares what is with what
ought to be, so a look too many changes nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from bot.backlog.edges import EDGES, OPEN, UNDERWAY
from bot.backlog.item import Item
from bot.backlog.sources.jira import means_of
from bot.backlog.store import Backlog, NoItem
from bot.backlog.tracker.claim import give_up, prolong
from bot.backlog.tracker.desk import Done, Tickets, key_of, tickets_of
from bot.backlog.tracker.ledger import Held, Ledger
from bot.story.events import CancelRequested
from bot.story.item_events import ItemState
from bot.story.machine import Story
from bot.story.office import Office
from bot.story.ticket_effects import AssignTicket, CommentTicket, LinkTicket, TransitionTicket
from bot.story.ticket_events import TicketReleased, TicketYielded
from bot.story.tickets import Ticket, TrackerError
from bot.story.vocabulary import Repository
from bot.texts import tickets as texts
from policies.claims import HOLD, wants_renewal
from policies.tickets import Shown, Side, Sided, side

log = logging.getLogger(__name__)

SETTLING = timedelta(minutes=10)  # between the claim and the beginning of the work


@dataclass(frozen=True)
class Seen:
    """What was done about an item, and why, in plain words."""

    item: int
    what: str
    why: str = ""


def look_after(tickets: Tickets, backlog: Backlog, ledger: Ledger, held: Held) -> list[Seen]:
    """Bring one ticket and its item together. Raises TrackerError."""
    return _Looking(tickets, backlog, ledger, held).look()


def give_back(office: Office, backlog: Backlog, repository: Repository, item: Item) -> None:
    """Nothing came of a claim: the ticket is as it was. What cannot be done now the lanes do."""
    tickets = tickets_of(office, repository)
    key = key_of(item, tickets.config.project) if tickets else ""
    ledger = tickets.ledger() if tickets and key else None
    if tickets is None or ledger is None or key not in ledger.held:
        return
    try:
        _Looking(tickets, backlog, ledger, ledger.held[key], timedelta()).look()
    except TrackerError as error:
        log.info("a claim is given back later: %s", error, extra={"ticket": key})


class _Looking:
    """One look at one ticket."""

    def __init__(
        self,
        tickets: Tickets,
        backlog: Backlog,
        ledger: Ledger,
        held: Held,
        settling: timedelta = SETTLING,
    ) -> None:
        self._settling = settling
        self._tickets, self._backlog, self._ledger, self._held = tickets, backlog, ledger, held
        self._key = str(tickets.repository.id)
        self._now = tickets.office.clock()
        self._seen: list[Seen] = []
        self._waits = False  # for something that has to be said before the claim goes

    def look(self) -> list[Seen]:
        held, tracker = self._held, self._tickets.tracker
        ticket = tracker.ticket(held.ticket, {})
        item = self._item()
        if ticket is None or ticket.key != held.ticket:
            gone = f"{held.ticket} is not there any more"
            self._tickets.tell(TicketReleased(ticket=held.ticket, item=held.item, reason=gone))
            self._note("released", gone)
            if item is not None and item.state in UNDERWAY:
                self._stop_story(item, gone)
            return self._seen
        if held.stopped:
            self._release(ticket, "a person ended it")
            return self._seen
        us = tracker.us()
        sided = side(held.shown, self._shown(ticket), us)
        if sided.side is Side.STOPS:
            self._yield(ticket, item, sided)
        elif item is None:
            self._release(ticket, "its item is not there any more")
        else:
            if sided.side is Side.LEFT:
                self._leave(ticket, sided)
            self._show(ticket, item)
        return self._seen

    def _item(self) -> Item | None:
        try:
            item = self._backlog.item(self._key, self._held.item)
            while item.merged_into is not None:
                item = self._backlog.item(self._key, item.merged_into)
        except NoItem:
            return None
        return item

    def _shown(self, ticket: Ticket) -> Shown:
        blocked = means_of(ticket, self._tickets.config) is ItemState.BLOCKED
        return Shown(ticket.status, ticket.category, blocked, ticket.assignee)

    # -- a person's side ------------------------------------------------------------------------

    def _yield(self, ticket: Ticket, item: Item | None, sided: Sided) -> None:
        """The person ended it: the item follows, the work stops, our claim goes."""
        reason = self._reason(ticket, sided)
        if item is not None:
            self._move(item, ItemState.DONE if sided.why == "done" else ItemState.BLOCKED, reason)
            self._stop_story(item, reason)
        self._yielded(ticket, reason, stops=True)
        self._release(ticket, reason, unassign=sided.why in ("blocked", "withdrawn"))
        self._note("yielded", reason)

    def _leave(self, ticket: Ticket, sided: Sided) -> None:
        """The person moved it on: from now its status is theirs, the work goes on."""
        reason = self._reason(ticket, sided)
        self._yielded(ticket, reason, stops=False)
        self._note("left", reason)

    def _reason(self, ticket: Ticket, sided: Sided) -> str:
        field = "assignee" if sided.why in ("taken", "unassigned") else "status"
        change = self._tickets.tracker.last_change(ticket.key, field)
        by = "" if change.account == self._tickets.tracker.us() else change.by[:100]
        return texts.changed(sided.why, ticket.key, ticket.status, by, ticket.assignee_name)

    def _yielded(self, ticket: Ticket, reason: str, *, stops: bool) -> None:
        self._tickets.tell(
            TicketYielded(
                ticket=ticket.key,
                item=self._held.item,
                status=ticket.status,
                assignee=ticket.assignee,
                reason=reason,
                stops=stops,
            )
        )

    def _move(self, item: Item, target: ItemState, reason: str) -> None:
        if item.state is not target and target in EDGES[item.state]:
            self._backlog.move(self._key, item.number, target, reason)

    def _stop_story(self, item: Item, reason: str) -> None:
        story = self._story(item)
        if story is None or story.terminal or story.merged_sha:
            return
        told = CancelRequested(person=None, reason=reason)
        once = self._tickets.key("stopped", self._held.ticket, self._held.fence)
        self._tickets.office.tell(story.stream, told, once=once)

    # -- our side -------------------------------------------------------------------------------

    def _story(self, item: Item) -> Story | None:
        return (
            self._tickets.office.story(self._tickets.repository, item.issue) if item.issue else None
        )

    def _show(self, ticket: Ticket, item: Item) -> None:
        story = self._story(item)
        over = item.state is ItemState.DONE or (
            story is not None and story.terminal and item.state not in UNDERWAY
        )
        if item.state in OPEN:
            if abs(self._now - self._held.since) >= self._settling:
                self._status(ticket, self._tickets.config.states.ready or self._held.before)
                self._release(ticket, f"item {item.number} is {item.state}", unassign=True)
            return
        self._link(item, story)
        self._status(ticket, _wanted(self._tickets, item.state))
        self._say(item, story, over)
        if over and not self._waits:
            failed = item.state is not ItemState.DONE
            self._release(ticket, item.reason or f"it is {item.state}", unassign=failed)
        elif not over and (
            self._held.expires is None or wants_renewal(self._held.expires, self._now)
        ):
            self._told(prolong(self._tickets, ticket.key, self._held.fence, self._now + HOLD))

    def _status(self, ticket: Ticket, wanted: str) -> None:
        held = self._held
        same = wanted.casefold() in (ticket.status.casefold(), held.asked.casefold())
        if not wanted or held.left or same:
            return
        changes = self._ledger.changes.get(ticket.key, 0)
        effect = TransitionTicket(
            key=self._tickets.key("move", ticket.key, held.fence, changes, wanted.casefold()),
            repository=self._tickets.repository,
            ticket=ticket.key,
            status=wanted,
            expected=ticket.status,
        )
        if effect.key not in self._ledger.refused and self._told(self._tickets.do(effect)):
            self._note("moved", f"{ticket.key} to {wanted}")

    def _link(self, item: Item, story: Story | None) -> None:
        repository = self._tickets.repository.full_name
        web = self._tickets.office.settings.github_web_url.rstrip("/")
        if item.issue:
            url = f"{web}/{repository}/issues/{item.issue}"
            self._linked(f"issue-{item.issue}", url, texts.of_issue(repository, item.issue))
        if story is not None and story.pull_number:
            title = texts.of_pull(repository, story.pull_number)
            self._linked(f"pull-{story.pull_number}", _url_of(story, web, repository), title)

    def _linked(self, name: str, url: str, title: str) -> None:
        key = self._tickets.key("link", self._held.ticket, name)
        if key in self._ledger.refused or self._tickets.office.said(key):
            return
        told = LinkTicket(
            key=key,
            repository=self._tickets.repository,
            ticket=self._held.ticket,
            url=url,
            title=title,
        )
        self._told(self._tickets.do(told))

    def _say(self, item: Item, story: Story | None, over: bool) -> None:
        repository = self._tickets.repository.full_name
        web = self._tickets.office.settings.github_web_url.rstrip("/")
        place = f"{web}/{repository}/issues/{item.issue}" if item.issue else ""
        pull = _url_of(story, web, repository) if story and story.pull_number else place
        if item.state is ItemState.PR and story is not None and story.pull_number:
            self._comment(f"pull-{story.pull_number}", texts.proposed(pull))
        elif item.state is ItemState.DONE and story is not None and story.merged_sha:
            self._comment("merged", texts.merged(pull))
        elif item.state is ItemState.BLOCKED:
            text = texts.handed_over if over else texts.waits
            self._comment("over" if over else "waits", text(item.reason, pull))

    def _comment(self, name: str, text: str) -> None:
        key = self._tickets.key("comment", self._held.ticket, self._held.fence, name)
        if key in self._ledger.refused or self._tickets.office.said(key):
            return
        told = CommentTicket(
            key=key, repository=self._tickets.repository, ticket=self._held.ticket, body=text
        )
        if self._told(self._tickets.do(told)):
            self._note("commented", name)

    def _release(self, ticket: Ticket, reason: str, *, unassign: bool = False) -> None:
        if unassign and ticket.assignee == self._tickets.tracker.us():
            changes = self._ledger.changes.get(ticket.key, 0)
            effect = AssignTicket(
                key=self._tickets.key("assign", ticket.key, self._held.fence, changes, "nobody"),
                repository=self._tickets.repository,
                ticket=ticket.key,
                ours=False,
                expected=ticket.assignee,
            )
            self._told(self._tickets.do(effect))
        done = give_up(self._tickets, ticket.key, self._held.item, reason, self._held.fence)
        if self._told(done):
            self._note("released", reason)

    def _told(self, done: Done) -> bool:
        """Whether it was done; what stands against it is noted."""
        if done.no:
            self._note("held back", f"{self._held.ticket}: {done.reason}")
            self._waits |= done.no == "not_now"
        return not done.no

    def _note(self, what: str, why: str) -> None:
        self._seen.append(Seen(self._held.item, what, why))


def _wanted(tickets: Tickets, state: ItemState) -> str:
    told: str = getattr(tickets.config.states, state.value.lower(), "")
    return told


def _url_of(story: Story, web: str, repository: str) -> str:
    return story.pull_url or f"{web}/{repository}/pull/{story.pull_number}"
