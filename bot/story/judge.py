"""Gathers what the policies need to judge an effect, and asks them (P1).

Promises: what decides on a merge is read from GitHub at that moment. Never: decides itself, but for
one thing: an answer goes only where it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from bot.configuration.in_force import EffectiveConfig
from bot.configuration.schema import RepositoryConfig
from bot.story import ci
from bot.story.askers import asker_of
from bot.story.effects import (
    CallModel,
    ChangeTodoIssue,
    Effect,
    MergePullRequest,
    OpenPullRequest,
    OpenTodoIssue,
    RequestStory,
    ShowDashboard,
)
from bot.story.involved import GitHub as InvolvedReads
from bot.story.involved import approval_rule, asks_of, demands_of, involved, person
from bot.story.machine import Story
from bot.story.measured import auto_facts, auto_limits
from bot.story.repositories import repository_stream
from bot.story.server_effects import ServerEffect
from bot.story.spending import Spending
from bot.story.standing import GitHub as StandingReads
from bot.story.standing import lapsed
from bot.story.ticket_effects import TicketEffect
from bot.story.tickets import stream_of as tracker_stream
from bot.story.vocabulary import Gate, Person, Repository, Verdict, allow, deny
from policies import effects as policies
from policies import repository_effects
from policies.budget import Spent
from policies.dashboard import DashboardFacts
from policies.effect_facts import PullFacts
from policies.leave import PERSON
from policies.marks import MarkFacts
from policies.scope import Scope
from policies.servers import ServerFacts
from policies.standing import Standing, after, before
from policies.suspicion import suspects, texts_of
from policies.throttle import Opened
from policies.tickets import TicketFacts


class Identity(Protocol):
    """Who we are on GitHub."""

    bot: Person


class GitHub(InvolvedReads, StandingReads, Protocol):
    """The reads that judging needs."""

    def pull(self, repository: Repository, number: int) -> dict[str, Any]: ...
    def identity(self) -> Identity: ...
    def recent_runs(self, repository: Repository) -> list[dict[str, Any]]: ...
    def permission(self, repository: Repository, login: str, person_id: int = 0) -> str: ...
    def issue(self, repository: Repository, number: int) -> dict[str, Any]: ...


@dataclass(frozen=True)
class JudgeSettings:
    """The operator's own limits; a repository's are in its configuration."""

    limits: policies.Limits


class Judge:
    """`Judge(...)(effect, story)` is the verdict on an effect of a story."""

    def __init__(
        self,
        github: GitHub,
        settings: JudgeSettings,
        spending: Callable[[str], Spending],
        clock: Callable[[], datetime],
        configuration: Callable[[Repository], EffectiveConfig],
        standing: Callable[[Repository], Standing] = lambda repository: Standing(),
        needs: Mapping[str, Mapping[str, str]] | None = None,
        configured: Callable[[Repository], bool] = lambda repository: False,
        marks: Callable[[Repository], MarkFacts | None] = lambda repository: None,
        opened: Callable[[Repository, int], Opened] = lambda repository, issue: Opened(),
        tickets: Callable[[Repository], TicketFacts | None] = lambda repository: None,
        dashboard: Callable[[Repository], DashboardFacts | None] = lambda repository: None,
        servers: Callable[[Repository], Mapping[str, ServerFacts]] = lambda repository: {},
    ) -> None:
        """`needs`: kind of an effect → permissions that it takes (name → level)."""
        self._marks, self._opened, self._tickets = marks, opened, tickets
        self._dashboard, self._servers = dashboard, servers
        self._standing, self._needs = standing, needs or {}
        self._configured = configured
        self._github, self._settings = github, settings
        self._configuration = configuration
        self._spending, self._clock = spending, clock

    def __call__(self, effect: Effect, story: Story) -> Verdict:
        stands = self._standing(effect.repository)
        if repository_effects.in_any_mode(effect):  # how else would it be set or mended?
            stands = replace(stands, mode="on")
        stopped = before(effect.kind, stands, self._needs.get(effect.kind, {}))
        return stopped or after(effect, stands, self._by_rules(effect, story))

    def _by_rules(self, effect: Effect, story: Story) -> Verdict:
        if isinstance(effect, RequestStory):
            return policies.judge(effect, self._of_request(effect, story))
        if isinstance(effect, OpenTodoIssue | ChangeTodoIssue | ShowDashboard | TicketEffect):
            return policies.judge(effect, self._of_view(effect, story))
        if story.repository is None:
            return self._without_story(effect, story)
        return policies.judge(effect, self.facts(effect, story))

    def _without_story(self, effect: Effect, story: Story) -> Verdict:
        of_it = (repository_stream(effect.repository.id), f"published/{effect.repository.id}")
        if story.stream not in of_it:
            return _answer_where_asked(effect, story)
        config = self._configuration(effect.repository)
        facts = repository_effects.RepositoryFacts(
            id=effect.repository.id,
            mode=config.mode,
            default_branch=effect.repository.default_branch,
            configured=self._configured(effect.repository),
            publishes=config.backlog.publish.asks,
        )
        return repository_effects.judge(effect, facts)

    def facts(self, effect: Effect, story: Story) -> policies.Facts:
        """What is known now and decides on an effect of a story."""
        config = self._configuration(story.repository)
        limits = limits_of(config, self._settings.limits)
        caps = replace(limits.caps, raised_usd=story.budget_raised_usd)
        facts = policies.Facts(
            live=not story.terminal and (story.cancel is None or bool(story.merged_sha)),
            paused=story.pause is not None,
            story=story,
            default_branch=story.repository.default_branch,
            limits=replace(limits, caps=caps),
            calls=_calls(story),
            gates=gates_of(config),
            paths=Scope(config.allowed_lists, config.paths.patterns_restricted),
            now=self._clock(),
        )
        if isinstance(effect, CallModel):
            return self._of_model(facts, effect, story)
        if isinstance(effect, ServerEffect):
            return replace(facts, servers=self._servers(story.repository))
        if isinstance(effect, OpenPullRequest):
            opened = self._opened(story.repository, story.issue)
            running = ci.health(self._github, story.repository, facts.now)
            return replace(facts, opened=opened, ci=running)
        if not isinstance(effect, MergePullRequest):
            return facts
        pull = self._github.pull(story.repository, effect.number)
        gate, automatic = Gate.PRE_DEPLOY, auto_limits(config)
        rule = approval_rule(self._github, story, True, asks_of(config, gate))
        measured = None
        if automatic is not None and story.auto_approved is not None:
            measured = auto_facts(self._github, story, gate, rule, facts.paths)
        return replace(
            facts,
            auto=measured,
            auto_limits=automatic,
            bot=self._github.identity().bot,
            pull=pull_facts(pull),
            approval=rule,
            involved=involved(self._github, story, pull),
            lapsed=lapsed(self._github, story, partial(demands_of, config)),
        )

    def _of_view(
        self,
        effect: OpenTodoIssue | ChangeTodoIssue | ShowDashboard | TicketEffect,
        story: Story,
    ) -> policies.Facts:
        """There is no story: what the configuration wants, and what is shown already."""
        repository = effect.repository
        facts = policies.Facts(
            live=True,
            paused=False,
            story=story,
            default_branch=repository.default_branch,
            now=self._clock(),
        )
        if story.stream == f"todo/{repository.id}":
            return replace(facts, marks=self._marks(repository))
        if story.stream == f"dashboard/{repository.id}":
            return replace(facts, dashboard=self._dashboard(repository))
        if story.stream == tracker_stream(repository.id):
            return replace(facts, tickets=self._tickets(repository))
        return facts

    def _of_request(self, effect: RequestStory, story: Story) -> policies.Facts:
        """There is no story yet: who asks for one, and what GitHub lets them do there now."""
        repository, leave = effect.repository, effect.leave
        unasked = leave != PERSON and effect.issue
        issue = self._github.issue(repository, effect.issue) if unasked else None
        return policies.Facts(
            live=True,
            paused=False,
            story=story,
            default_branch=repository.default_branch,
            now=self._clock(),
            asker=asker_of(self._github, repository, leave, effect.requester, issue),
            bot=self._github.identity().bot,
            autostart=self._configuration(repository).backlog.autostart == "on",
        )

    def _of_model(self, facts: policies.Facts, effect: CallModel, story: Story) -> policies.Facts:
        """What decides on a call of a model: money, and what would be read to it."""
        results = [one.get("content", "") for one in effect.told.get("results", ())]
        all_stories = self._spending(story.repository.full_name.partition("/")[0])
        return replace(
            facts,
            spent=Spent(
                story_usd=story.cost_usd,
                unpriced_tokens=story.unpriced_tokens,
                day_usd=all_stories.day_usd,
                month_usd=all_stories.month_usd,
                organisation_usd=all_stories.organisation_usd,
            ),
            suspects=suspects(texts_of(effect.package | {"results": results})),
            vouched=frozenset(story.vouched),
        )


def limits_of(config: EffectiveConfig, operator: policies.Limits) -> policies.Limits:
    """The limits of a story: the configuration's, inside the operator's."""
    told = config.limits
    return replace(
        operator,
        caps=replace(operator.caps, story_usd=min(told.story_budget_usd, operator.caps.story_usd)),
        model_calls=min(told.model_calls, operator.model_calls),
        commands=min(told.commands, operator.commands),
        branch_lines=told.branch_lines,
        file_operations=told.file_operations,
        deploy_attempts=told.deploy_attempts,
        pace=ci.pace_of(config),
    )


def _calls(story: Story) -> dict[str, int]:
    """How often a story did what is counted (P5)."""
    merges = story.effects_performed["merge_pull_request"]
    return {
        **story.effects_performed,
        "call_model": story.model_requests,
        "merge_pull_request": merges + story.effects_failed["merge_pull_request"],
        "file_operations": sum(len(commit.files) for commit in story.commits),
    }


def gates_of(config: RepositoryConfig) -> frozenset[Gate]:
    """The gates that wait for people."""
    return frozenset(
        Gate(name) for name in type(config.gates).model_fields if getattr(config.gates, name)
    )


def pull_facts(pull: Mapping[str, Any]) -> PullFacts:
    head, base = pull.get("head") or {}, pull.get("base") or {}
    return PullFacts(
        number=pull["number"],
        state=pull.get("state") or "",
        head_sha=head.get("sha") or "",
        head_ref=head.get("ref") or "",
        base_ref=base.get("ref") or "",
        author=person(pull["user"]) if pull.get("user") else None,
        merged=bool(pull.get("merged")),
        mergeable=pull.get("mergeable"),
        draft=bool(pull.get("draft")),
    )


def _answer_where_asked(effect: Effect, story: Story) -> Verdict:
    """There is no story here: a comment or reaction on the issue or pull request that asked."""
    asked = f"story:{effect.repository.id}:{getattr(effect, 'issue', 0)}"
    if effect.kind in ("react", "post_comment") and asked == story.stream:
        return allow("answer_where_asked")
    return deny("no_story", "without a story there is nothing to do but answer")
