"""A Towpath with a database of its own beside a Jira: the office, without GitHub and the queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot.backlog.sources import jira as source
from bot.backlog.store import Backlog
from bot.backlog.tracker.desk import Tickets, tickets_of
from bot.backlog.tracker.look_after import Seen, look_after
from bot.backlog.tracker.reading import look
from bot.settings import Settings
from bot.story.database import open_database
from bot.story.effect_events import EffectPerformed
from bot.story.item_events import ItemStarted
from bot.story.journal import Journal
from bot.story.judge import Judge, JudgeSettings
from bot.story.office import HandlerSettings, Office
from bot.story.performer import Performer
from bot.story.permit import Permitted
from bot.story.repositories import Repositories
from bot.story.repository_events import ConfigurationRead
from bot.story.services import InJournal, Services
from bot.story.vocabulary import Person, Repository
from bot.tracking import Tracking
from policies.effects import Limits

REPOSITORY = Repository(
    id=7, full_name="acme/shop", default_branch="main", git_url="http://g.test/a", installation_id=1
)


class GitHub:
    """Who we are there; nothing else is asked of it."""

    def __init__(self, slug: str) -> None:
        self._identity = SimpleNamespace(slug=slug, bot=Person(id=1, login=f"{slug}[bot]"))

    def identity(self) -> Any:
        return self._identity


class Towpath:
    """One installation. `config`: of backlog.jira."""

    def __init__(
        self,
        root: Path,
        slug: str,
        config: dict[str, Any] | None = None,
        boundary: Callable[[str], None] = lambda name: None,
        **settings: Any,
    ) -> None:
        home = root / slug
        home.mkdir(parents=True, exist_ok=True)
        self.ahead = timedelta()
        self.journal = Journal(open_database(f"sqlite:///{home / 't.db'}"), self.now, boundary)
        repositories = Repositories(self.journal)
        self.settings = Settings(home=home, **settings)
        memory = InJournal(self.journal, self.now, slug)
        self.services = Services(self.now, lambda: 0.0, memory)
        self.tracking = Tracking(
            self.settings, self.now, repositories.configuration, self.services, self.journal
        )
        github = GitHub(slug)
        judge = Judge(
            github,  # type: ignore[arg-type]
            JudgeSettings(limits=Limits()),
            lambda owner: None,  # type: ignore[arg-type,return-value]
            self.now,
            repositories.configuration,
            tickets=self.tracking.facts,
        )
        adapters = {kind: Permitted(one) for kind, one in self.tracking.adapters().items()}
        performer = Performer(self.journal, adapters, judge, self.now, slug, boundary=boundary)
        self.office = Office(
            github,  # type: ignore[arg-type]
            self.journal,
            performer,
            self.now,
            HandlerSettings(),
            lambda stream: None,
            repositories,
            tracker=self.tracking.tracker,
        )
        self.backlog = Backlog(self.journal)
        self.configure({"enabled": True, "project": "SHOP", **(config or {})})

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def later(self, **told: float) -> None:
        self.ahead += timedelta(**told)

    def configure(self, jira: dict[str, Any], of: Repository = REPOSITORY, **told: Any) -> None:
        """What towpath.yml says."""
        self.office.record(
            of,
            ConfigurationRead(
                repository=of,
                sha="c0ffee",
                files=((".github/towpath.yml", str(jira)),),
                told={"backlog": {"jira": jira}, **told},
            ),
        )

    @property
    def tickets(self) -> Tickets:
        found = tickets_of(self.office, REPOSITORY)
        assert found is not None
        return found

    def read(self) -> Any:
        """One look at the tracker, as the intake does it."""
        told = look(self.tickets, self.tickets.ledger())
        taken = self.backlog.take("7", told.reading)
        self.tickets.tell(told.fact)
        return taken

    def item(self, number: int = 1) -> Any:
        return self.backlog.item("7", number)

    def begin(self, number: int = 1, issue: int = 41) -> None:
        """The work begins at an issue."""
        told = ItemStarted(issue=issue, by="bot", leave="autostart")
        self.backlog.begin("7", number, told, "bot")

    def look_after(self, key: str = "SHOP-1") -> list[Seen]:
        ledger = self.tickets.ledger()
        return look_after(self.tickets, self.backlog, ledger, ledger.held[key])

    @property
    def held(self) -> set[str]:
        return set(self.tickets.ledger().held)

    def done(self) -> list[str]:
        """Kinds of the effects that were performed, in their order."""
        records = self.journal.load(self.tickets.stream)
        return [r.event.effect for r in records if isinstance(r.event, EffectPerformed)]

    @property
    def property_name(self) -> str:
        return self.tickets.property_name


__all__ = ["REPOSITORY", "GitHub", "Towpath", "source"]
