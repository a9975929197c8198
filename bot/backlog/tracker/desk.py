"""What working with one repository's tickets takes: its tracker, its stream, its way out (B8).

Promises: an effect either gives its result or says what stands against it; one that was refused for
good is not tried again as long as nothing else changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.backlog.item import Item
from bot.backlog.tracker.ledger import Ledger, fold
from bot.configuration.jira import Jira
from bot.story.claim_records import holder
from bot.story.effects import Effect
from bot.story.events import Event
from bot.story.journal import Head
from bot.story.office import Office
from bot.story.performer import NotAllowed, NotNow, Refused
from bot.story.tickets import CLAIM, Tracker, stream_of
from bot.story.vocabulary import Repository, digest

SOURCE = "jira"
KIND = "tracker"


@dataclass(frozen=True)
class Done:
    """What came of an effect. `no`: the rule or kind of error against it, '' for nothing."""

    no: str = ""
    reason: str = ""
    until: datetime | None = None


class Tickets:
    """The tickets of one repository; make one for each piece of work."""

    def __init__(self, office: Office, repository: Repository, config: Jira, tracker: Tracker):
        self.office, self.repository = office, repository
        self.config, self.tracker = config, tracker
        self.stream = stream_of(repository.id)

    @cached_property
    def holder(self) -> str:
        """Who we are in claims: two repositories may share a project, and each is one holder."""
        slug = self.office.github.identity().slug
        return f"{holder(slug, self.office.journal)}/{self.repository.id}"

    @property
    def property_name(self) -> str:
        """The property that our claims are written to; every holder has one of its own."""
        return f"{CLAIM}{digest(self.holder)[:12]}"

    def ledger(self) -> Ledger:
        """What is known by now."""
        return fold(self.office.recorded(self.stream))

    def tell(self, *events: Event, once: str | None = None) -> None:
        """Append facts."""
        head = Head(kind=KIND, repository=self.repository.full_name)
        self.office.keep(self.stream, *events, head=head, once=once)

    def do(self, effect: Effect) -> Done:
        """Have an effect performed; what stands against it is in the answer."""
        try:
            self.office.do(self.stream, effect)
        except NotNow as later:
            return Done("not_now", str(later), later.until)
        except NotAllowed as no:
            return Done(no.verdict.rule, no.verdict.reason, no.verdict.until)
        except Refused as refused:
            return Done(getattr(refused.error, "kind", "refused"), str(refused.error))
        return Done()

    def key(self, kind: str, *what: object) -> str:
        """The key of an effect."""
        return "/".join((self.stream, kind, *map(str, what)))


def tickets_of(office: Office, repository: Repository) -> Tickets | None:
    """The tickets of a repository that exchanges with a tracker; None: it does not, or may not."""
    told = office.configuration(repository).backlog.jira
    if office.tracker is None or not told.enabled or not told.project:
        return None
    if not office.tracker.allows(repository.full_name, told.project):
        return None
    return Tickets(office, repository, told, office.tracker)


def key_of(item: Item, project: str) -> str:
    """The key of the ticket that an item stands for; '' where it has none there."""
    sightings = [one for one in item.sightings if one.source == SOURCE and one.place == project]
    named = (name for one in sightings for name in one.identities)
    return next(
        (n.removeprefix("ticket:") for n in named if n.startswith(f"ticket:{project}-")), ""
    )
