"""The shape of `.github/towpath.yml`: what a repository may say to Towpath (W6).

Promises: frozen, strict, every key described; the defaults here are what holds where nobody says
anything. Never: reads a file; `bot.configuration.reader` does, and `bot.configuration.in_force`
puts a file together with what the operator allows.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.configuration import patterns
from bot.configuration.backlog import Backlog
from bot.configuration.commands import Commands
from bot.configuration.section import END, Pattern, Section, Team
from bot.configuration.tools import Tools

Mode = Literal["on", "dry_run", "off"]
GateName = Literal["pre_code", "pre_deploy", "pre_production"]
Percent = Annotated[float, Field(ge=0, le=100)]


LABEL_PATTERN = (
    r"^(?! )(?![\s\S]* " + END + r")(?!towpath:)(?![\s\S]*[\u0000-\u001f,])[\s\S]{1,50}" + END
)


def _is_true(value: object) -> object:
    if value is not True:  # 1 is true to a Literal, and nothing to JSON Schema
        raise ValueError("true (this gate cannot be turned off)")
    return value


Locked = Annotated[Literal[True], BeforeValidator(_is_true)]


class Gates(Section):
    """Where a person is waited for (§16.2)."""

    pre_code: bool = Field(False, description="Wait for /approve before code is written.")
    pre_deploy: bool = Field(True, description="Wait for /approve before the merge.")
    pre_production: Locked = Field(
        True, description="Wait for /approve before production. Cannot be turned off."
    )
    budget_exceeded: bool = Field(
        True, description="Wait for /budget at the limit; false: hand the story over instead."
    )
    ambiguity_detected: bool = Field(
        True, description="Ask where the story can mean two things; false: go on without asking."
    )


class GateApprovals(Section):
    """What one gate asks for instead; what is not said is as for all gates."""

    quorum: int | None = Field(None, ge=1, le=10, description="Approvals it takes.")
    second_person: bool | None = Field(None, description="Somebody with no hand in the change.")
    teams: tuple[Team, ...] | None = Field(
        None, max_length=20, description="One of these teams (org/team) has to be among them."
    )


class ApprovalsByGate(Section):
    """Per gate."""

    pre_code: GateApprovals = Field(GateApprovals(), description="Before code is written.")
    pre_deploy: GateApprovals = Field(GateApprovals(), description="Before the merge.")
    pre_production: GateApprovals = Field(GateApprovals(), description="Before production.")


class Checkpoint(Section):
    """Something sensitive that a second person looks at, whatever else is asked (P4)."""

    kind: str = Field(
        pattern=r"^[a-z][a-z ]{1,39}" + END,
        description="authentication, authorization, cryptography, payments, personal data, or "
        "a name of your own.",
    )
    paths: tuple[Pattern, ...] = Field(
        (), max_length=200, description="Paths that belong to it, besides those known by name."
    )
    teams: tuple[Team, ...] = Field(
        (), max_length=20, description="Teams (org/team) of which one has to look. Empty: anybody."
    )

    @property
    def patterns(self) -> tuple[str, ...]:
        """`paths` in gitignore's words."""
        return tuple(patterns.restricted(each) for each in self.paths)


class Approvals(Section):
    """Whose yes opens a gate (P3)."""

    quorum: int = Field(1, ge=1, le=10, description="Approvals that it takes to open a gate.")
    second_person: bool = Field(
        True, description="Whoever asked for or wrote the change cannot approve it alone."
    )
    teams: tuple[Team, ...] = Field(
        (), max_length=20, description="One of these teams (org/team) has to be among them."
    )
    reviews_count: bool = Field(
        False, description="An approving review on GitHub counts as /approve."
    )
    checkpoints: tuple[Checkpoint, ...] = Field(
        (), max_length=20, description="Sensitive ground, and who has to look at changes of it."
    )
    gates: ApprovalsByGate = Field(ApprovalsByGate(), description="What a gate asks for instead.")


class AutoApprove(Section):
    """Changes that pass a gate without a person; all of it has to hold (S4)."""

    max_wsjf: float = Field(2.0, ge=0, le=1000, description="Highest score of the item.")
    max_files: int = Field(10, ge=0, le=10_000, description="Most files it may change.")
    min_coverage: Percent = Field(80.0, description="Least coverage by tests, in percent.")
    families: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}" + END)], ...] = Field(
        (), max_length=50, description="Kinds of stories; empty: any."
    )
    paths: tuple[Pattern, ...] = Field(
        (), max_length=200, description="Only changes within these paths; empty: any."
    )

    @property
    def paths_allowed(self) -> tuple[str, ...]:
        """`paths` in gitignore's words."""
        return tuple(patterns.allowed(each) for each in self.paths)


class Paths(Section):
    """Which paths a story may change (P2). What is restricted stays so, whatever is allowed."""

    allowed: tuple[Pattern, ...] = Field(
        (), max_length=500, description="Only these may be changed; empty: all."
    )
    restricted: tuple[Pattern, ...] = Field(
        (), max_length=500, description="These may not be changed, besides those never allowed."
    )

    @property
    def patterns_restricted(self) -> tuple[str, ...]:
        """`restricted` in gitignore's words."""
        return tuple(patterns.restricted(each) for each in self.restricted)


class Limits(Section):
    """Bounds (P5, B10). The operator's own bounds hold too; the smaller one counts."""

    story_budget_usd: float = Field(
        5.0, ge=0, le=10_000, description="Most a story may spend on models, in US dollars."
    )
    max_iterations: int = Field(10, ge=1, le=100, description="Rounds of writing and testing.")
    model_calls: int = Field(400, ge=0, le=100_000, description="Calls of models, per story.")
    commands: int = Field(200, ge=0, le=100_000, description="Commands run, per story.")
    file_operations: int = Field(1000, ge=0, le=100_000, description="Files changed, per story.")
    deploy_attempts: int = Field(20, ge=0, le=100, description="Merges tried, per story.")
    prs_per_day: int = Field(5, ge=0, le=1000, description="Pull requests opened in a day.")
    open_prs: int = Field(10, ge=0, le=1000, description="Pull requests open at once.")
    branch_age_hours: float = Field(
        24.0, gt=0, le=8760, description="Age from which an open branch is shown as too old."
    )
    branch_lines: int = Field(
        200, ge=1, le=1_000_000, description="Changed lines from which a branch has to say why."
    )
    wait_days: float = Field(
        30.0,
        gt=0,
        le=3650,
        description="Days a story waits for a person; a reminder comes after half of them.",
    )
    ci_failure_rate: float = Field(
        0.30, ge=0, le=1, description="Share of failing CI runs above which less is opened."
    )


class Merge(Section):
    """How an approved pull request is merged."""

    method: Literal["merge", "squash", "rebase"] = Field("merge", description="GitHub's methods.")


class Review(Section):
    """Review comments of people on a pull request of Towpath's (W10)."""

    rounds: int = Field(3, ge=0, le=20, description="Rounds of answering before it is handed over.")


Objects = Literal["block", "advise"]


class Quality(Section):
    """What a quality gate that objects does: block the change, or advise (§17).

    `tests`, `secrets` and `protected` block whatever anybody says.
    """

    tests: Literal["block"] = Field("block", description="The project's own tests.")
    coverage: Objects = Field("block", description="Tests reach the new lines.")
    types: Objects = Field("block", description="The project's type checker.")
    lint: Objects = Field("block", description="The project's linter.")
    format: Objects = Field("block", description="The project's formatter.")
    security: Objects = Field("block", description="Known kinds of weaknesses.")
    analysis: Objects = Field("block", description="What else static analysis finds.")
    content: Objects = Field("block", description="Texts that do not belong in code.")
    secrets: Literal["block"] = Field("block", description="Credentials in the change.")
    dependencies: Objects = Field("block", description="Advisories on added packages.")
    weakening: Objects = Field("block", description="Tests made weaker.")
    criteria: Objects = Field("block", description="Each criterion of the story has a test.")
    complexity: Objects = Field("block", description="Functions that grew too complex.")
    protected: Literal["block"] = Field("block", description="Files that only people change.")
    conflicts: Objects = Field("block", description="Left-over marks of a merge.")
    binaries: Objects = Field("block", description="Binary files in the change.")
    size: Objects = Field("advise", description="More changed lines than a review can take.")

    @property
    def said(self) -> tuple[tuple[str, bool], ...]:
        """(gate, whether it blocks) of those that are not as they are without a word."""
        fields = type(self).model_fields
        said = [name for name in fields if getattr(self, name) != fields[name].default]
        return tuple((name, getattr(self, name) == "block") for name in said)


class External(Section):
    """What outside the repository may be used (P2)."""

    github_api: bool = Field(True, description="GitHub itself; false turns Towpath off.")
    docker_registry: bool = Field(False, description="Push images to a registry.")
    deployment_targets: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        (), max_length=50, description="Where may be deployed to."
    )


class RepositoryConfig(Section):
    """Everything `.github/towpath.yml` can say."""

    version: int = Field(1, ge=1, le=1, description="Version of this format.")
    mode: Mode = Field(
        "on", description="on; dry_run: say what would be done and do nothing; off: do nothing."
    )
    story_label: str = Field(
        "story",
        pattern=LABEL_PATTERN,
        description="Label that turns an issue into a story.",
    )
    gates: Gates = Field(Gates(), description="Where a person is waited for.")
    unanswered: Literal["hand_over", "cancel"] = Field(
        "hand_over", description="What becomes of a story that waited too long for a person."
    )
    approvals: Approvals = Field(Approvals(), description="Whose yes opens a gate.")
    auto_approve: AutoApprove | None = Field(
        None, description="Changes that pass without a person. Default: none."
    )
    paths: Paths = Field(Paths(), description="Which paths a story may change.")
    external: External = Field(External(), description="What outside the repository may be used.")
    limits: Limits = Field(Limits(), description="Bounds.")
    merge: Merge = Field(Merge(), description="How a pull request is merged.")
    review: Review = Field(Review(), description="Review comments of people.")
    commands: Commands = Field(Commands(), description="How the project is worked on.")
    quality: Quality = Field(Quality(), description="What a quality gate that objects does.")
    backlog: Backlog = Field(Backlog(), description="Where work comes from.")
    tools: Tools = Field(Tools(), description="Tools of MCP servers that the agent may use.")

    @property
    def digest(self) -> str:
        """What an approval is bound to: all of it but the backlog, which approves nothing."""
        told = self.model_dump(mode="json", exclude_defaults=True, exclude={"backlog"})
        text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def quorum(self, gate: str) -> int:
        """Approvals that open `gate`."""
        own = self._of(gate)
        return own.quorum if own and own.quorum is not None else self.approvals.quorum

    def second_person(self, gate: str) -> bool:
        """Whether `gate` asks for somebody with no hand in the change."""
        own = self._of(gate)
        said = own.second_person if own else None
        return self.approvals.second_person if said is None else said

    def teams(self, gate: str) -> tuple[str, ...]:
        """Teams (`org/team`) of which one has to approve at `gate`."""
        own = self._of(gate)
        said = own.teams if own and own.teams is not None else self.approvals.teams
        return tuple(team.removeprefix("@") for team in said)

    def _of(self, gate: str) -> GateApprovals | None:
        return getattr(self.approvals.gates, str(gate), None)
