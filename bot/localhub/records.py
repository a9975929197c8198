"""What people and apps leave behind in a repository: issues, reviews, checks, deployments.

Promises plain records without behaviour. Times are aware UTC datetimes; ids are unique.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.localhub.state import Account, App, Repository, Team


@dataclass(eq=False)
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(eq=False)
class Milestone:
    id: int
    number: int
    title: str
    creator: Account
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    state: str = "open"
    due_on: datetime | None = None
    closed_at: datetime | None = None


@dataclass(eq=False)
class Reaction:
    id: int
    user: Account
    content: str
    created_at: datetime


@dataclass(eq=False)
class Comment:
    id: int
    issue: Issue
    user: Account
    body: str
    created_at: datetime
    updated_at: datetime
    via_app: App | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(eq=False)
class Review:
    id: int
    user: Account
    body: str
    state: str  # APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING
    commit_id: str
    submitted_at: datetime | None


@dataclass(eq=False)
class ReviewComment:
    id: int
    review: Review | None
    user: Account
    body: str
    path: str
    commit_id: str
    original_commit_id: str
    diff_hunk: str
    created_at: datetime
    updated_at: datetime
    line: int | None = None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None
    in_reply_to: int | None = None
    subject_type: str = "line"
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(eq=False)
class Pull:
    """The half of a pull request that an issue lacks."""

    id: int
    head_repository: Repository | None
    head_owner: str
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    merged: bool = False
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    reviews: list[Review] = field(default_factory=list)
    review_comments: list[ReviewComment] = field(default_factory=list)
    requested_reviewers: list[Account] = field(default_factory=list)
    requested_teams: list[Team] = field(default_factory=list)
    reads_before_mergeability: int = 0  # answers `mergeable: null` that many times more


@dataclass(eq=False)
class IssueEvent:
    """What somebody did to an issue: `event` is labeled or unlabeled."""

    id: int
    actor: Account
    event: str
    label: Label
    created_at: datetime


@dataclass(eq=False)
class Issue:
    id: int
    repository: Repository
    number: int
    user: Account
    title: str
    body: str | None
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    locked: bool = False
    via_app: App | None = None
    milestone: Milestone | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    pull: Pull | None = None
    history: list[IssueEvent] = field(default_factory=list)


@dataclass(eq=False)
class CheckSuite:
    id: int
    app: App
    head_sha: str
    head_branch: str | None
    before: str | None
    created_at: datetime
    updated_at: datetime
    status: str = "queued"
    conclusion: str | None = None


@dataclass(eq=False)
class CheckRun:
    id: int
    suite: CheckSuite
    name: str
    head_sha: str
    status: str
    started_at: datetime
    external_id: str = ""
    details_url: str | None = None
    conclusion: str | None = None
    completed_at: datetime | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(eq=False)
class CommitStatus:
    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: Account
    created_at: datetime


@dataclass(eq=False)
class DeploymentStatus:
    id: int
    state: str
    creator: Account
    created_at: datetime
    description: str
    environment: str
    environment_url: str
    log_url: str
    via_app: App | None = None


@dataclass(eq=False)
class Deployment:
    id: int
    sha: str
    ref: str
    task: str
    payload: Any
    environment: str
    description: str | None
    creator: Account
    created_at: datetime
    updated_at: datetime
    transient: bool = False
    production: bool = False
    via_app: App | None = None
    statuses: list[DeploymentStatus] = field(default_factory=list)
