"""The backlog's part of the configuration (B1–B15): where items come from and what is done."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from bot.configuration.jira import Jira
from bot.configuration.section import END, Pattern, Section

_Weight = Annotated[float, Field(ge=0, le=100)]


class Scoring(Section):
    """How items are ranked."""

    rule: str = Field(
        "wsjf", pattern=r"^[a-z][a-z0-9_-]{0,49}" + END, description="Name of the scoring rule."
    )
    threshold: _Weight = Field(
        0.0, description="An item with a lower score is not started by itself."
    )


_Number = Literal[1, 2, 3, 5, 8, 13]
Family = Literal["feature", "bug", "security", "debt", "test", "docs", "operations"]


class WsjfRule(Section):
    """Numbers for the items that meet every condition given; the first rule with a number counts.

    They are stronger than an estimate, and weaker than what anybody said about the item.
    """

    label: str | None = Field(
        None, min_length=1, max_length=100, description="A label the item has; `*` for any text."
    )
    path: Pattern | None = Field(None, description="Where the item is about, or is written down.")
    family: Family | None = Field(None, description="What kind of work it is.")
    value: _Number | None = Field(None, description="Business value.")
    time: _Number | None = Field(None, description="Time criticality.")
    risk: _Number | None = Field(None, description="Risk reduction.")
    size: _Number | None = Field(None, description="Job size.")


class Todo(Section):
    """What is done with TODO comments."""

    issues: Literal["on", "list", "off"] = Field(
        "list", description="on: an issue for each; list: shown on the dashboard; off: not read."
    )
    ignore: tuple[Pattern, ...] = Field((), max_length=200, description="Paths that are not read.")
    most_per_push: int = Field(
        10, ge=0, le=100, description="Issues that one push may open; the rest are listed."
    )


class Dashboard(Section):
    """The issue that shows the backlog."""

    enabled: bool = Field(False, description="Keep one issue that shows the backlog.")


class Publish(Section):
    """What is written back into the repository."""

    backlog_file: bool = Field(False, description="Keep backlog.yml up to date.")
    daily_report: bool = Field(False, description="Add the report of each day, in docs/status.")
    where: Literal["pull_request", "branch"] = Field(
        "pull_request",
        description="A pull request that is kept current, or the branch towpath/backlog only.",
    )

    @property
    def asks(self) -> frozenset[str]:
        """What is asked for, by the names of the keys, and `pull_request` where it is to be one."""
        asked = {name for name in ("backlog_file", "daily_report") if getattr(self, name)}
        return frozenset(asked | ({"pull_request"} if self.where == "pull_request" else set()))


Family = Literal["feature", "bug", "security", "debt", "test", "docs", "operations"]


class FamilyThrottle(Section):
    """How much of one kind of work there is at once; what is not said is as for all kinds."""

    family: Family = Field(description="The kind of work.")
    prs_per_day: int | None = Field(
        None, ge=0, le=1000, description="Pull requests of this kind opened in a day."
    )
    open_prs: int | None = Field(
        None, ge=0, le=1000, description="Pull requests of this kind open at once."
    )


class Throttle(Section):
    """When less is done."""

    under_way: int = Field(
        3, ge=0, le=1000, description="Stories of the backlog under way at once; people's are free."
    )
    families: tuple[FamilyThrottle, ...] = Field(
        (), max_length=7, description="Limits of single kinds of work, inside those of all."
    )

    slow_prs_per_day: int = Field(
        2, ge=0, le=1000, description="Pull requests a day while more of CI fails than the limit."
    )


ClosingRule = Literal[
    "duplicate",
    "not_affected",
    "withdrawn",
    "already_fixed",
    "suppressed",
    "test_only",
    "example_only",
    "vendored",
    "dev_only",
]
_CLOSING: tuple[ClosingRule, ...] = tuple(one for one in get_args(ClosingRule) if one != "dev_only")


class Security(Section):
    """What becomes of tickets of the security family."""

    close: tuple[ClosingRule, ...] = Field(
        _CLOSING,
        max_length=9,
        description="Rules that may close an item as a false alarm; the alert itself stays open.",
    )


Source = Literal[
    "issues",
    "todo",
    "backlog_md",
    "backlog_yml",
    "documents",
    "dependabot",
    "code_scanning",
    "secret_scanning",
    "advisories",
    "workflow_runs",
    "sast",
    "dependency_audit",
    "container_scan",
    "benchmarks",
    "error_rate",
]


class Backlog(Section):
    """Where items of work come from, how they are ranked, and what is shown."""

    autostart: Literal["on", "off"] = Field(
        "off", description="on: items that are ready are begun without a person who asks."
    )
    scoring: Scoring = Field(Scoring(), description="How items are ranked.")
    wsjf: tuple[WsjfRule, ...] = Field(
        (), max_length=100, description="Numbers that items have by what they are."
    )
    todo: Todo = Field(Todo(), description="TODO comments.")
    sources: tuple[Source, ...] = Field(
        ("issues", "todo", "backlog_md", "backlog_yml"),
        max_length=50,
        description="Where items come from.",
    )
    dashboard: Dashboard = Field(Dashboard(), description="The issue that shows the backlog.")
    publish: Publish = Field(Publish(), description="What is written back.")
    throttle: Throttle = Field(Throttle(), description="When less is done.")
    security: Security = Field(Security(), description="Tickets of the security family.")
    jira: Jira = Field(Jira(), description="Jira.")
