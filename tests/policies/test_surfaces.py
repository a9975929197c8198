"""What may be shown of a backlog on GitHub: one dashboard, and files on a branch of ours."""

from __future__ import annotations

from typing import Any

import pytest

from bot.story import effects as fx
from policies.dashboard import DashboardFacts, decide
from policies.repository_effects import (
    BACKLOG_PATH,
    ONBOARDING_PATH,
    PUBLISHED_BRANCH,
    RepositoryFacts,
    judge,
)
from tests.policies.facts import REPOSITORY

REPORT = "docs/status/metrics-snapshot-2026-01-02.json"


def show(**changed: Any) -> fx.ShowDashboard:
    fields = {"key": "k", "repository": REPOSITORY, "issue": 30, "title": "t", "body": "b"}
    return fx.ShowDashboard(**{**fields, "says": "d", "writing": 1, **changed})


@pytest.mark.parametrize(
    ("facts", "changed", "rule"),
    [
        (None, {}, "own_repository"),
        (DashboardFacts(REPOSITORY.id + 1, True, 30), {}, "own_repository"),
        (DashboardFacts(REPOSITORY.id, True, 30), {}, ""),
        (DashboardFacts(REPOSITORY.id, True), {"issue": 0}, ""),
        (DashboardFacts(REPOSITORY.id, True), {}, "one_dashboard"),
        (DashboardFacts(REPOSITORY.id, True, 30), {"issue": 0}, "one_dashboard"),
        (DashboardFacts(REPOSITORY.id, True, 30), {"issue": 31}, "one_dashboard"),
        (DashboardFacts(REPOSITORY.id, False, 30), {}, "dashboard"),
        (DashboardFacts(REPOSITORY.id, False, 30), {"state": "closed"}, ""),
        (DashboardFacts(REPOSITORY.id, True, 30, closed=True), {}, "dashboard_closed"),
        (DashboardFacts(REPOSITORY.id, True, 30, closed=True), {"state": "closed"}, ""),
    ],
)
def test_there_is_one_dashboard_and_only_where_it_is_wanted(
    facts: DashboardFacts | None, changed: dict[str, Any], rule: str
) -> None:
    verdict = decide(show(**changed), facts)
    assert (verdict.rule if verdict else "") == rule


def propose(*paths: str, branch: str = PUBLISHED_BRANCH) -> fx.ProposeFile:
    first, *also = paths
    return fx.ProposeFile(
        key="k",
        repository=REPOSITORY,
        branch=branch,
        base_sha="a",
        path=first,
        content="",
        message="m",
        also=tuple((path, "") for path in also),
    )


@pytest.mark.parametrize(
    ("paths", "asks", "rule"),
    [
        ((BACKLOG_PATH,), {"backlog_file"}, ""),
        ((BACKLOG_PATH, REPORT), {"backlog_file", "daily_report"}, ""),
        ((REPORT,), {"daily_report"}, ""),
        ((BACKLOG_PATH,), set(), "own_file"),
        ((BACKLOG_PATH,), {"daily_report"}, "own_file"),
        ((REPORT,), {"backlog_file"}, "own_file"),
        ((BACKLOG_PATH, ".github/workflows/x.yml"), {"backlog_file", "daily_report"}, "own_file"),
        ((f"{REPORT}/../x.json",), {"daily_report"}, "own_file"),
        (("docs/status/other.md",), {"daily_report"}, "own_file"),
        ((ONBOARDING_PATH,), {"backlog_file"}, "own_file"),
    ],
)
def test_only_the_files_that_are_asked_for_are_proposed(
    paths: tuple[str, ...], asks: set[str], rule: str
) -> None:
    facts = RepositoryFacts(id=REPOSITORY.id, configured=True, publishes=frozenset(asks))
    verdict = judge(propose(*paths), facts)
    assert verdict.rule == (rule or "propose_file_allowed")


def test_never_on_the_default_branch_and_no_pull_request_where_a_branch_is_wanted() -> None:
    asks = frozenset({"backlog_file"})
    facts = RepositoryFacts(id=REPOSITORY.id, default_branch="main", publishes=asks)
    assert judge(propose(BACKLOG_PATH, branch="main"), facts).rule == "own_branch"
    odd = RepositoryFacts(id=REPOSITORY.id, default_branch=PUBLISHED_BRANCH, publishes=asks)
    assert judge(propose(BACKLOG_PATH), odd).rule == "own_branch"
    opened = fx.OpenPullRequest(
        key="k", repository=REPOSITORY, issue=0, branch=PUBLISHED_BRANCH, base="main",
        title="t", body="b",
    )  # fmt: skip
    assert judge(opened, facts).rule == "own_pull"
    both = RepositoryFacts(id=REPOSITORY.id, publishes=asks | {"pull_request"})
    assert judge(opened, both).allowed
