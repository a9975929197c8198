"""Puts the rooms together from the settings: the only place that knows them all.

Promises: one house a process, made when first asked for; nothing here decides anything.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from types import SimpleNamespace
from urllib.parse import urlsplit

from redis import Redis
from rq.timeouts import BaseTimeoutException
from sqlalchemy import Engine as Database

import handlers
from bot import adapters, onboarding, outages, rules, stages
from bot.agent.conversation import Conversations
from bot.backlog.dashboard.ledger import dashboard_facts
from bot.backlog.store import family_of
from bot.backlog.todo.reader import MirrorMarks, mark_facts
from bot.backlog.tracker.rounds import all_in_step
from bot.configuration.in_force import EffectiveConfig
from bot.known_secrets import remember, secrets_of
from bot.lanes import Lanes
from bot.looking import Looking
from bot.outside.github import GitHub, connect, permissions_needed
from bot.queue.delivery import Delivery, Failure
from bot.queue.embedded import redis_url
from bot.queue.wakeups import deliveries_wait, request_drain
from bot.settings import Settings, load_settings
from bot.story.claim_records import holder
from bot.story.database import open_database
from bot.story.engine import Engine, Limits
from bot.story.fixes import known_fix
from bot.story.journal import Journal
from bot.story.judge import Judge, JudgeSettings
from bot.story.machine import Story, fold
from bot.story.next_move import Gates
from bot.story.office import HandlerSettings, Office
from bot.story.opened_pulls import opened_pulls
from bot.story.performer import LEFTOVERS, Performer
from bot.story.permit import Permitted
from bot.story.repositories import KIND, Repositories
from bot.story.services import Services
from bot.story.spending import Ledger, Spending
from bot.story.unmet_facts import InForce
from bot.story.vocabulary import Repository
from bot.texts import review
from bot.texts.handoff import handoff
from bot.texts.status import status
from bot.tool_servers import ToolServers
from bot.tracking import Tracking
from bot.workspace import perform as workspace
from bot.workspace.choose_sandbox import choose_sandbox
from bot.workspace.mirror import Person as Author
from bot.workspace.object_reader import together
from handlers import failed
from handlers.batch import advance_all
from policies.effects import Limits as EffectLimits

log = logging.getLogger(__name__)

Boundary = Callable[[str], None]


def now() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


class House:
    """The application of one process: what the jobs of `bot.queue.jobs` call."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime] = now,
        boundary: Boundary = lambda name: None,
    ) -> None:
        self.settings, self.clock, self._boundary = settings, clock, boundary
        remember(secrets_of(settings))
        every = timedelta(seconds=settings.catch_up_seconds)
        waits = lambda: deliveries_wait(self.redis)  # noqa: E731
        self._looking = Looking(lambda: self.office, every, clock(), waits)
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"

    @cached_property
    def redis(self) -> Redis:
        return Redis.from_url(redis_url(self.settings), socket_timeout=10, socket_connect_timeout=5)

    @cached_property
    def database(self) -> Database:
        return open_database(self.settings.effective_database_url)

    @cached_property
    def journal(self) -> Journal:
        return Journal(self.database, self.clock, self._boundary)

    @cached_property
    def services(self) -> Services:
        """The health of what we depend on, as all processes know it."""
        return outages.services(self.journal, self.clock, self.owner)

    @cached_property
    def github(self) -> GitHub:
        settings = self.settings
        return connect(
            settings.github_api_url,
            str(settings.app_id),
            lambda: settings.read_private_key() or "",
            self.clock,
            services=self.services,
        )

    @cached_property
    def workshop(self) -> workspace.Workshop:
        return workspace.Workshop(
            workspace.Places(self.settings.home),
            lambda: choose_sandbox(self.settings.sandbox),
            self._authorization,
            self.settings.signer(),
        )

    def _authorization(self, repository: Repository) -> str | None:
        """The header line for git; a token goes only to the host that the settings name."""
        ours = (self.settings.github_web_url, self.settings.github_api_url)
        if _host(repository.git_url) not in {_host(url) for url in ours}:
            return None
        if rest := self.services.resting(outages.GITHUB):
            raise rest
        return f"Authorization: {self.github.git_credentials(repository.installation_id)}"

    @cached_property
    def judge(self) -> Judge:
        """The one judge of effects."""
        programs = frozenset({"ruff", "rewrite"})
        return Judge(
            self.github,
            JudgeSettings(limits=EffectLimits(caps=self.settings.caps, programs=programs)),
            self._spending,
            self.clock,
            self.configuration,
            self.repositories.standing,
            self._needs,
            self.repositories.configured,
            mark_facts(self.journal, self.configuration),
            partial(opened_pulls, self.database, self.clock, family_of(self.journal)),
            self.tracking.facts,
            dashboard_facts(self.journal, self.configuration),
            self.tool_servers.allowed,
        )

    @cached_property
    def tracking(self) -> Tracking:
        given = (self.settings, self.clock, self.configuration, self.services, self.journal)
        return Tracking(*given)

    @cached_property
    def tool_servers(self) -> ToolServers:
        return ToolServers(self.settings, self.configuration)

    @cached_property
    def performer(self) -> Performer:
        return Performer(
            self.journal,
            self._adapters,
            self.judge,
            self.clock,
            self.owner,
            boundary=self._boundary,
            resting=outages.resting_for(self.services, self.github.effects.kinds),
        )

    def effect_kinds(self) -> tuple[str, ...]:
        """What this house can do."""
        return tuple(self._adapters)

    @cached_property
    def _needs(self) -> dict[str, Mapping[str, str]]:
        """Kind of an effect → permissions that it takes, as the adapters declare them."""
        declared = (adapter.needs for adapter in self._adapters.values())
        return {kind: needs for one in declared for kind, needs in one.items()}

    @cached_property
    def _adapters(self) -> Mapping[str, Permitted]:
        """By kind of effect; none of them does anything without a verdict on it."""
        given = (self.settings, self.github.effects, self.workshop, self.conversations)
        return adapters.of(
            *given, self.tracking.adapters(), self.tool_servers.adapters(self.workshop)
        )

    @cached_property
    def conversations(self) -> Conversations:
        """Those that stages lead and the model's adapter continues."""
        return Conversations()

    @cached_property
    def _ledger(self) -> Ledger:
        return Ledger(self.database)

    def _spending(self, owner: str) -> Spending:
        """What all stories spent; not counted where nothing depends on it."""
        caps = self.settings.caps
        if (caps.day_usd, caps.month_usd, caps.organisation_usd) == (None, None, None):
            return Spending()
        return self._ledger.spending(owner, self.clock())

    @cached_property
    def engine(self) -> Engine:
        settings = self.settings
        slug = self.github.identity().slug
        room = stages.Workroom(
            github=self.github,
            mirror_of=self.workshop.mirror,
            fetch=self.workshop.fetch,
            settings=stages.StageSettings(
                task_turns=settings.task_turns,
                coding_seconds=settings.writing_minutes * 60,
                quality_gates=settings.quality_gates,
            ),
            author=_author(self.github),
            has_model=settings.model is not None,
            configuration=self.configuration,
            conversations=self.conversations,
            servers=self.tool_servers.allowed,
            known_fix=partial(known_fix, self.database, self.journal),
        )
        log.info("working as %s", slug)
        return Engine(
            self.journal,
            self.performer,
            {state: partial(stage, room=room) for state, stage in stages.STAGES.items()},
            self.clock,
            self.gates,
            Limits(settings.lease_seconds, settings.heartbeat_seconds, settings.stage_retries),
            self.owner,
            random.random,
            SimpleNamespace(status=self._status, handoff=handoff, left=review.left),
            holder(slug, self.journal),
        )

    @cached_property
    def repositories(self) -> Repositories:
        """What the journal tells of repositories."""
        needs = {"push_branch": workspace.Push.needs["push_branch"], **self.github.effects.needs}
        needed = permissions_needed(needs)
        return Repositories(self.journal, self.settings.operator, self.settings.onboarding, needed)

    def configuration(self, repository: Repository) -> EffectiveConfig:
        """What holds for a repository now."""
        return self.repositories.configuration(repository)

    def gates(self, story: Story) -> Gates:
        return rules.gates_for(story, self.repositories, self.settings.caps)

    def _status(self, story: Story) -> str:
        told, lacks = self.configuration(story.repository).limits, self.office.missing(story)
        return status(story, told.story_budget_usd, told.max_iterations, lacks, told.wait_days)

    def rules(self, repository: Repository) -> InForce:
        """What counts for a repository now."""
        return rules.in_force_for(repository, self.repositories, self.settings.caps)

    @cached_property
    def office(self) -> Office:
        settings = self.settings
        return Office(
            self.github,
            self.journal,
            self.performer,
            self.clock,
            HandlerSettings(
                github_web_url=settings.github_web_url,
                has_model=settings.model is not None,
                onboarding=settings.onboarding,
            ),
            self.wake,
            self.repositories,
            self.rules,
            MirrorMarks(self.workshop),
            self.tracking.tracker,
        )

    @cached_property
    def lanes(self) -> Lanes:
        gates = partial(adapters.gates, self.settings, self.workshop)
        reports = self.settings.home / "reports"
        return Lanes(self.office, self.workshop, self.owner, gates, reports)

    def wake(self, stream: str, delay: float | None = None) -> None:
        """Have a worker advance a story."""
        outages.wake(self.redis, stream, delay)

    # -- what the jobs call ---------------------------------------------------------------------

    def dispatch(self, deliveries: Sequence[Delivery]) -> Sequence[Failure | None]:
        """Handle deliveries, each once (W2); what fails is tried again by the inbox."""
        return [self._handle(delivery) for delivery in deliveries]

    def _handle(self, delivery: Delivery) -> Failure | None:
        if self.journal.delivery_seen(delivery.guid):
            return None
        try:
            outcome = handlers.handle(delivery, self.office)
            self.lanes.hear(delivery)
        except BaseTimeoutException:
            raise  # the drain's time is over, which is no fault of this delivery
        except Exception as error:  # noqa: BLE001 - kept with an id, answered, and tried again
            return self._failed(delivery, error)
        self.journal.record_delivery(
            delivery.guid,
            delivery.event,
            delivery.action or "",
            received_at=delivery.received_at,
            outcome=outcome,
        )
        return None

    def _failed(self, delivery: Delivery, error: Exception) -> Failure:
        error_id = uuid.uuid4().hex[:12]
        where = {"error_id": error_id, "delivery": delivery.guid, "event": delivery.event}
        if not getattr(error, "away", False):  # else the outage is in the log already
            log.exception("a delivery could not be handled", extra=where)
        if getattr(error, "retryable", False):  # GitHub is away or busy: no attempt is lost
            return Failure(f"{error_id} {type(error).__name__}", counted=False)
        if delivery.event in ("issue_comment", "issues"):
            failed.say(delivery, self.office, error_id)
        return Failure(f"{error_id} {type(error).__name__}")

    def given_up(self, delivery: Delivery, error_id: str) -> None:
        """Say that a delivery is not tried again, where it asked for something."""
        handlers.given_up(delivery, self.office, error_id)

    def advance(self, story_id: str) -> float | None:
        """Advance a story; seconds until it wants to be woken again."""
        with outages.waited_for() as until_back, together():
            if story_id.startswith(f"{KIND}/"):
                return onboarding.advance(
                    story_id, self.office, self.journal, lambda: self.workshop, self.clock
                )
            later = self.engine.advance(story_id)
            return None if later is None else max(1.0, (later - self.clock()).total_seconds())
        return until_back()

    def run_lanes(self) -> None:
        """Run the lanes that are due, and leave no connection open: stories are forked next."""
        try:
            self.lanes.run_due(self.redis)
        finally:
            self.database.dispose()

    def sweep(self) -> None:
        """Wake what is due and held by nobody; say what was left unsaid; drain the inbox."""
        request_drain(self.redis)
        at = self.clock()
        for kind in ("story", KIND):
            for row in self.journal.streams(kind=kind, due_before=at, unleased=True, limit=200):
                self.wake(row.stream)
        is_away = self.services.resting(outages.GITHUB) is not None
        said = [] if is_away else self.journal.due_effects(at, limit=1000, kinds=LEFTOVERS)
        streams = {row.stream for row in said}
        for stream in sorted(streams):
            self.performer.perform_leftovers(fold(stream, self.journal.load(stream)), None)
        advance_all(self.office)
        looks = self._looking.back_to, partial(all_in_step, self.office)
        outages.reconcile(self.services, self.journal, *looks)
        if not self.services.resting(outages.GITHUB):
            self._looking.if_due(at)

    def queue_was_away(self, since: datetime) -> None:
        """The queue is back: what nobody could keep meanwhile is found by the next sweep."""
        self.services.was_away(outages.QUEUE, since, "the server did not answer")


def _host(url: str) -> tuple[str, int | None]:
    """Host and port of a URL; the names of this machine are one host."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return ("127.0.0.1" if host in ("localhost", "::1") else host, parts.port)


def _author(github: GitHub) -> Author:
    """The author of our commits: the app's bot account, as GitHub spells its address."""
    bot = github.identity().bot
    return Author(bot.login, f"{bot.id}+{bot.login}@users.noreply.github.com")


def house() -> House:
    """The house of this process, by the environment's settings."""
    return House(load_settings())
