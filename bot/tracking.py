"""Puts the tracker of one process together (B8): Jira, where the operator set one.

Promises: without a Jira every effect on a ticket is denied before it is tried; the token is read
when it is needed. Never: talks to Jira by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property

from bot.backlog.tracker.ledger import fold
from bot.configuration.in_force import EffectiveConfig
from bot.outside.jira.effects import TicketEffects
from bot.outside.jira.http import Account, JiraHttp
from bot.outside.jira.reads import Jira
from bot.settings import Settings
from bot.story.journal import Journal
from bot.story.services import Services
from bot.story.tickets import Tracker, stream_of
from bot.story.vocabulary import Repository
from policies.tickets import TicketFacts


class NoTracker(RuntimeError):
    """An effect on a ticket came where there is no tracker: a fault of ours."""


class Tracking:
    """The tracker that the settings name; `tracker` None: there is none."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime],
        configuration: Callable[[Repository], EffectiveConfig],
        services: Services,
        journal: Journal,
    ) -> None:
        self._journal = journal
        self._services = services
        self._settings, self._clock, self._configuration = settings, clock, configuration

    @property
    def tracker(self) -> Tracker | None:
        return self._jira if self._settings.jira_url else None

    @cached_property
    def _jira(self) -> Jira:
        settings = self._settings
        if not settings.jira_url:
            raise NoTracker("TOWPATH_JIRA_URL is not set")
        account = Account(settings.jira_user or "", settings.read_jira_token)
        http = JiraHttp(
            settings.jira_url,
            account,
            self._clock,
            cloud=settings.is_jira_cloud,
            services=self._services,
        )
        return Jira(http, settings.may_use_jira)

    def adapters(self) -> Mapping[str, TicketEffects]:
        """By kind of effect."""
        return dict.fromkeys(TicketEffects.kinds, TicketEffects(lambda: self._jira))

    def facts(self, repository: Repository) -> TicketFacts | None:
        """What decides on an effect on a ticket."""
        told = self._configuration(repository).backlog.jira
        if self.tracker is None or not told.enabled or not told.project:
            return TicketFacts(repository.id)
        states = told.states
        named = (states.ready, states.doing, states.pr, states.done, states.blocked)
        held = fold(self._journal.load(stream_of(repository.id))).held.values()
        back = {one.before for one in held}  # to where a ticket was before us
        return TicketFacts(
            repository.id,
            told.project,
            self._jira.allows(repository.full_name, told.project),
            frozenset(name.casefold() for name in (*named, *back) if name),
            self._jira.known_us,
        )
