"""Shapes of issues, labels, milestones, comments and reactions."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bot.localhub.records import Comment, Issue, IssueEvent, Label, Milestone, Reaction
from bot.localhub.shapes.people import maybe_integration, maybe_user, simple_user
from bot.localhub.shapes.urls import Urls, maybe_stamp, node_id, stamp
from bot.localhub.state import Account, Repository, State

Shape = dict[str, Any]
REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def label(urls: Urls, repository: Repository, one: Label) -> Shape:
    return {
        "id": one.id,
        "node_id": node_id("LA", one.id),
        "url": urls.repo(repository, "labels", one.name),
        "name": one.name,
        "color": one.color,
        "default": False,
        "description": one.description,
        "archived_at": None,
        "archived_by": None,
    }


def milestone(urls: Urls, repository: Repository, one: Milestone) -> Shape:
    me = urls.repo(repository, "milestones", one.number)
    held = [issue for issue in repository.issues.values() if issue.milestone is one]
    return {
        "url": me,
        "html_url": urls.page(repository, "milestone", one.number),
        "labels_url": f"{me}/labels",
        "id": one.id,
        "node_id": node_id("MI", one.id),
        "number": one.number,
        "title": one.title,
        "description": one.description,
        "creator": simple_user(urls, one.creator),
        "open_issues": sum(1 for issue in held if issue.state == "open"),
        "closed_issues": sum(1 for issue in held if issue.state == "closed"),
        "state": one.state,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "due_on": maybe_stamp(one.due_on),
        "closed_at": maybe_stamp(one.closed_at),
    }


def association(state: State, account: Account, repository: Repository) -> str:
    """OWNER, MEMBER, COLLABORATOR, CONTRIBUTOR or NONE, in GitHub's order of precedence."""
    if account is repository.owner:
        return "OWNER"
    if account.login in repository.owner.members:
        return "MEMBER"
    if account.login in repository.collaborators:
        return "COLLABORATOR"
    merged = (pull.merged for issue, pull in repository.pulls() if issue.user is account)
    return "CONTRIBUTOR" if account.type == "Bot" or any(merged) else "NONE"


def reaction(urls: Urls, one: Reaction) -> Shape:
    return {
        "id": one.id,
        "node_id": node_id("REA", one.id),
        "user": simple_user(urls, one.user),
        "content": one.content,
        "created_at": stamp(one.created_at),
    }


def event(urls: Urls, repository: Repository, one: IssueEvent) -> Shape:
    """An event of an issue's history; its label has a name and a color only."""
    return {
        "id": one.id,
        "node_id": node_id("LE", one.id),
        "url": urls.repo(repository, "issues", "events", one.id),
        "actor": simple_user(urls, one.actor),
        "event": one.event,
        "commit_id": None,
        "commit_url": None,
        "created_at": stamp(one.created_at),
        "label": {"name": one.label.name, "color": one.label.color},
        "performed_via_github_app": None,
    }


def rollup(address: str, reactions: list[Reaction]) -> Shape:
    counted = Counter(one.content for one in reactions)
    return {
        "url": f"{address}/reactions",
        "total_count": len(reactions),
        **{name: counted.get(name, 0) for name in REACTIONS},
    }


def issue(urls: Urls, state: State, one: Issue) -> Shape:
    repository = one.repository
    me = urls.repo(repository, "issues", one.number)
    word = "pull" if one.pull else "issues"
    shape: Shape = {
        "url": me,
        "repository_url": urls.repo(repository),
        "labels_url": f"{me}/labels{{/name}}",
        "comments_url": f"{me}/comments",
        "events_url": f"{me}/events",
        "html_url": urls.page(repository, word, one.number),
        "id": one.id,
        "node_id": node_id("I", one.id),
        "number": one.number,
        "title": one.title,
        "user": simple_user(urls, one.user),
        "labels": [label(urls, repository, each) for each in one.labels],
        "state": one.state,
        "state_reason": one.state_reason,
        "locked": one.locked,
        "active_lock_reason": None,
        "assignee": maybe_user(urls, one.assignees[0] if one.assignees else None),
        "assignees": [simple_user(urls, each) for each in one.assignees],
        "milestone": milestone(urls, repository, one.milestone) if one.milestone else None,
        "comments": len(one.comments),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "closed_at": maybe_stamp(one.closed_at),
        "closed_by": maybe_user(urls, one.closed_by),
        "author_association": association(state, one.user, repository),
        "body": one.body,
        "reactions": rollup(me, one.reactions),
        "timeline_url": f"{me}/timeline",
        "performed_via_github_app": maybe_integration(urls, one.via_app),
    }
    if one.pull is not None:
        page = urls.page(repository, "pull", one.number)
        shape["draft"] = one.pull.draft
        shape["pull_request"] = {
            "url": urls.repo(repository, "pulls", one.number),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": maybe_stamp(one.pull.merged_at),
        }
    return shape


def comment(urls: Urls, state: State, one: Comment) -> Shape:
    repository = one.issue.repository
    me = urls.repo(repository, "issues", "comments", one.id)
    word = "pull" if one.issue.pull else "issues"
    return {
        "url": me,
        "html_url": f"{urls.page(repository, word, one.issue.number)}#issuecomment-{one.id}",
        "issue_url": urls.repo(repository, "issues", one.issue.number),
        "id": one.id,
        "node_id": node_id("IC", one.id),
        "user": simple_user(urls, one.user),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "author_association": association(state, one.user, repository),
        "body": one.body,
        "reactions": rollup(me, one.reactions),
        "performed_via_github_app": maybe_integration(urls, one.via_app),
    }
