"""What the server remembers: accounts, apps and repositories, and how to find things in them.

Promises no behaviour beyond looking things up. Never sends a webhook and never answers a request.
Times are aware UTC datetimes; ids are positive integers that are unique across all kinds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.localhub.errors import ApiError, not_found
from bot.localhub.git import GitRepository
from bot.localhub.permissions import highest
from bot.localhub.records import (
    CheckRun,
    CheckSuite,
    Comment,
    CommitStatus,
    Deployment,
    Issue,
    Label,
    Milestone,
    Pull,
)


@dataclass(eq=False)
class Account:
    id: int
    login: str
    type: str  # User, Organization, Bot
    created_at: datetime
    name: str
    email: str
    members: dict[str, str] = field(default_factory=dict)  # of an organization: login -> role
    signing_keys: set[str] = field(default_factory=set)  # SSH, without a comment


@dataclass(eq=False)
class Team:
    id: int
    organization: Account
    slug: str
    name: str
    members: dict[str, str] = field(default_factory=dict)  # login -> member | maintainer
    repositories: dict[int, str] = field(default_factory=dict)  # repository id -> level


@dataclass(frozen=True)
class Protection:
    """What a branch demands before a change may land on it."""

    required_checks: tuple[str, ...] = ()
    required_approvals: int = 0
    code_owner_reviews: bool = False
    dismiss_stale_reviews: bool = False
    enforce_admins: bool = False
    strict: bool = False
    rejects_pushes: bool = False


@dataclass(eq=False)
class Repository:
    id: int
    owner: Account
    name: str
    private: bool
    git: GitRepository
    default_branch: str
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime
    description: str | None = None
    fork_of: Repository | None = None
    archived: bool = False
    delete_branch_on_merge: bool = False
    merge_methods: set[str] = field(default_factory=lambda: {"merge", "squash", "rebase"})
    collaborators: dict[str, str] = field(default_factory=dict)  # login -> level
    refs: dict[str, str] = field(default_factory=dict)  # as last announced; the server's truth
    issues: dict[int, Issue] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)  # numbers of issues that were
    labels: list[Label] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    suites: list[CheckSuite] = field(default_factory=list)
    runs: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[CommitStatus] = field(default_factory=list)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    protections: dict[str, Protection] = field(default_factory=dict)
    rulesets: list[dict[str, Any]] = field(default_factory=list)
    alerts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    workflow_runs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def branch(self, name: str) -> str | None:
        return self.refs.get(f"refs/heads/{name}")

    def resolve(self, ref: str) -> str | None:
        """The commit of a branch, tag, full reference or sha; a branch wins over a tag."""
        return self.branch(ref) or self.git.resolve(ref)

    def label(self, name: str) -> Label | None:
        return next((one for one in self.labels if one.name.lower() == name.lower()), None)

    def issue(self, number: int) -> Issue:
        """An issue or pull request; ApiError 404 where there is none, 410 where it was deleted."""
        if number in self.deleted:
            raise ApiError(410, "This issue was deleted")
        if number not in self.issues:
            raise not_found()
        return self.issues[number]

    def next_number(self) -> int:
        """Of an issue or pull request; none is used twice."""
        return max((*self.issues, *self.deleted), default=0) + 1

    def pull(self, number: int) -> tuple[Issue, Pull]:
        issue = self.issue(number)
        if issue.pull is None:
            raise not_found()
        return issue, issue.pull

    def pulls(self) -> list[tuple[Issue, Pull]]:
        return [(issue, issue.pull) for issue in self.issues.values() if issue.pull is not None]

    def comment(self, comment_id: int) -> Comment:
        for issue in self.issues.values():
            for comment in issue.comments:
                if comment.id == comment_id:
                    return comment
        raise not_found()


@dataclass(eq=False)
class App:
    id: int
    slug: str
    name: str
    owner: Account
    bot: Account
    client_id: str
    client_secret: str
    webhook_secret: str | None
    public_key: bytes
    permissions: dict[str, str]
    events: list[str]
    description: str | None
    external_url: str
    webhook_url: str | None
    hook_id: int
    created_at: datetime
    updated_at: datetime
    content_type: str = "json"


@dataclass(eq=False)
class Installation:
    id: int
    app: App
    account: Account
    repositories: dict[int, Repository] | None  # None: every repository of the account
    permissions: dict[str, str]
    events: list[str]
    created_at: datetime
    updated_at: datetime
    suspended_at: datetime | None = None

    def covers(self, repository: Repository) -> bool:
        if repository.owner is not self.account:
            return False
        return self.repositories is None or repository.id in self.repositories


@dataclass
class State:
    """All records of one server."""

    accounts: dict[str, Account] = field(default_factory=dict)  # login in lower case
    repositories: dict[str, Repository] = field(default_factory=dict)  # full name in lower case
    teams: list[Team] = field(default_factory=list)
    apps: dict[int, App] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)

    def account(self, login: str) -> Account:
        found = self.accounts.get(login.lower())
        if found is None:
            raise not_found()
        return found

    def repository(self, full_name: str) -> Repository:
        found = self.repositories.get(full_name.lower())
        if found is None:
            raise not_found()
        return found

    def team(self, organization: str, slug: str) -> Team:
        for team in self.teams:
            if (team.organization.login.lower(), team.slug) == (organization.lower(), slug):
                return team
        raise not_found()

    def by_email(self, email: str) -> Account | None:
        return next((one for one in self.accounts.values() if one.email == email), None)

    def level(self, account: Account | None, repository: Repository) -> str:
        """none, read, triage, write, maintain or admin: what this person may do there."""
        floor = "none" if repository.private else "read"
        if account is None:
            return floor
        if account is repository.owner or repository.owner.members.get(account.login) == "admin":
            return "admin"
        levels = [floor, repository.collaborators.get(account.login, "none")]
        if account.login in repository.owner.members:
            levels.append("read")
        for team in self.teams:
            if account.login in team.members:
                levels.append(team.repositories.get(repository.id, "none"))
        return highest(levels)


def slug_of(name: str) -> str:
    """The address form that GitHub makes of an app's or a team's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
