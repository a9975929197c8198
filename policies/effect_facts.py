"""All that decides on an effect: what the journal and GitHub say at that moment (P1).

Promises: plain values; `bot.story.judge` gathers them. Never: looks anything up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from bot.story.vocabulary import (
    Approval,
    Gate,
    Person,
)
from policies import (
    approvals,
    auto_approval,
    budget,
    dashboard,
    marks,
    scope,
    servers,
    suspicion,
    throttle,
    tickets,
    who_commands,
)
from policies.story_view import PullFacts, StoryView


@dataclass(frozen=True)
class Limits:
    """Per story; all of them settings (P5)."""

    caps: budget.Caps = field(default_factory=budget.Caps)
    model_calls: int = 400
    commands: int = 200
    test_runs: int = 120
    environments: int = 60
    gate_runs: int = 60
    issues: int = 8
    server_looks: int = 200
    server_calls: int = 100
    branch_lines: int = 200
    file_operations: int = 1000
    deploy_attempts: int = 20
    pace: throttle.Pace = field(default_factory=throttle.Pace)
    programs: frozenset[str] = frozenset({"ruff", "uv", "pytest", "python", "python3"})
    in_project: frozenset[str] = frozenset(
        {"python", "python3", "pytest", "mypy", "ruff", "node", "npm", "npx", "tsc", "go", "cargo"}
    )


@dataclass(frozen=True)
class Facts:
    """All that decides on an effect. `calls`: how many of each kind there were so far.

    `live`: the story is neither cancelled nor at its end. `bot`: our own account. `lapsed`:
    approvals that do not count any more, and why.
    """

    live: bool
    paused: bool
    story: StoryView
    default_branch: str
    bot: Person | None = None
    pull: PullFacts | None = None
    limits: Limits = field(default_factory=Limits)
    calls: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    spent: budget.Spent = field(default_factory=budget.Spent)
    suspects: Sequence[suspicion.Suspect] = ()
    vouched: frozenset[str] = frozenset()
    now: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    gates: frozenset[Gate] = frozenset(Gate) - {Gate.PRE_CODE, Gate.PAUSED}
    approval: approvals.ApprovalRule = field(default_factory=approvals.ApprovalRule)
    involved: approvals.Involved = field(default_factory=approvals.Involved)
    lapsed: Mapping[Approval, str] = field(default_factory=lambda: MappingProxyType({}))
    auto: auto_approval.AutoFacts | None = None
    auto_limits: auto_approval.AutoLimits | None = None
    paths: scope.Scope = field(default_factory=scope.Scope)
    asker: who_commands.CommandFacts | None = None  # of who asks for a new story, or wrote it
    autostart: bool = False  # whether the configuration lets stories begin by themselves
    opened: throttle.Opened = field(default_factory=throttle.Opened)
    ci: throttle.CiHealth | None = None
    marks: marks.MarkFacts | None = None  # of comments that say what is to be done
    tickets: tickets.TicketFacts | None = None  # what may be written to a tracker
    dashboard: dashboard.DashboardFacts | None = None
    servers: Mapping[str, servers.ServerFacts] | None = None  # that may be used here
