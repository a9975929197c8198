"""Shapes of repositories, branches and their rules."""

from __future__ import annotations

from typing import Any

from bot.localhub.permissions import permission_flags
from bot.localhub.shapes.people import simple_user
from bot.localhub.shapes.urls import Urls, node_id, stamp
from bot.localhub.state import Protection, Repository

Shape = dict[str, Any]

_ADDRESSES = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "contributors_url": "contributors",
    "deployments_url": "deployments",
    "downloads_url": "downloads",
    "events_url": "events",
    "forks_url": "forks",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "languages_url": "languages",
    "merges_url": "merges",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers",
    "subscription_url": "subscription",
    "tags_url": "tags",
    "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}


def minimal_repository(urls: Urls, repository: Repository) -> Shape:
    me = urls.repo(repository)
    return {
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
        "owner": simple_user(urls, repository.owner),
        "html_url": urls.page(repository),
        "description": repository.description,
        "fork": repository.fork_of is not None,
        "url": me,
        **{name: f"{me}/{rest}" for name, rest in _ADDRESSES.items()},
    }


def repository(urls: Urls, one: Repository, *, level: str | None = None) -> Shape:
    open_issues = sum(1 for issue in one.issues.values() if issue.state == "open")
    shape = {
        **minimal_repository(urls, one),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "pushed_at": stamp(one.pushed_at),
        "git_url": f"git://{urls.html.split('://', 1)[-1]}/{one.full_name}.git",
        "ssh_url": f"git@{urls.html.split('://', 1)[-1]}:{one.full_name}.git",
        "clone_url": f"{urls.html}/{one.full_name}.git",
        "svn_url": urls.page(one),
        "homepage": None,
        "size": 1,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        "has_issues": True,
        "has_projects": False,
        "has_downloads": True,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "has_pull_requests": True,
        "pull_request_creation_policy": "all",
        "forks_count": 0,
        "mirror_url": None,
        "archived": one.archived,
        "disabled": False,
        "open_issues_count": open_issues,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if one.private else "public",
        "forks": 0,
        "open_issues": open_issues,
        "watchers": 0,
        "default_branch": one.default_branch,
    }
    if level is not None:
        shape["permissions"] = permission_flags(level)
    return shape


def full_repository(urls: Urls, one: Repository, *, level: str) -> Shape:
    shape = {
        **repository(urls, one, level=level),
        "temp_clone_token": "",
        "allow_squash_merge": "squash" in one.merge_methods,
        "allow_merge_commit": "merge" in one.merge_methods,
        "allow_rebase_merge": "rebase" in one.merge_methods,
        "allow_auto_merge": False,
        "delete_branch_on_merge": one.delete_branch_on_merge,
        "allow_update_branch": False,
        "use_squash_pr_title_as_default": False,
        "squash_merge_commit_message": "COMMIT_MESSAGES",
        "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
        "merge_commit_message": "PR_TITLE",
        "merge_commit_title": "MERGE_MESSAGE",
        "network_count": 0,
        "subscribers_count": 0,
    }
    if one.owner.type == "Organization":
        shape["organization"] = simple_user(urls, one.owner)
    if one.fork_of is not None:
        shape["parent"] = shape["source"] = repository(urls, one.fork_of)
    return shape


def push_repository(urls: Urls, one: Repository) -> Shape:
    """The form inside push webhooks, where two times are epoch seconds."""
    return {
        **repository(urls, one),
        "created_at": int(one.created_at.timestamp()),
        "pushed_at": int(one.pushed_at.timestamp()),
        "stargazers": 0,
        "master_branch": one.default_branch,
        "url": urls.page(one),
        "owner": {
            **simple_user(urls, one.owner),
            "name": one.owner.login,
            "email": one.owner.email,
        },
    }


def short_repository(one: Repository) -> Shape:
    """The form inside installation webhooks."""
    return {
        "id": one.id,
        "node_id": node_id("R", one.id),
        "name": one.name,
        "full_name": one.full_name,
        "private": one.private,
    }


def protection_summary(rules: Protection | None) -> Shape:
    """The short form inside a branch."""
    return {
        "enabled": rules is not None,
        "required_status_checks": {
            "enforcement_level": _enforcement(rules),
            "contexts": list(rules.required_checks) if rules else [],
            "checks": [{"context": c, "app_id": None} for c in rules.required_checks]
            if rules
            else [],
        },
    }


def _enforcement(rules: Protection | None) -> str:
    if rules is None or not rules.required_checks:
        return "off"
    return "everyone" if rules.enforce_admins else "non_admins"


def protection(urls: Urls, one: Repository, branch: str, rules: Protection) -> Shape:
    """The long form; the parts that nobody asked for are left out, as on GitHub."""
    me = urls.repo(one, "branches", branch, "protection")
    shape: Shape = {
        "url": me,
        "enforce_admins": {"url": f"{me}/enforce_admins", "enabled": rules.enforce_admins},
        "required_linear_history": {"enabled": False},
        "allow_force_pushes": {"enabled": False},
        "allow_deletions": {"enabled": False},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": False},
        "lock_branch": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
        "required_signatures": {"url": f"{me}/required_signatures", "enabled": False},
    }
    if rules.required_checks:
        shape["required_status_checks"] = {
            "url": f"{me}/required_status_checks",
            "strict": rules.strict,
            "contexts": list(rules.required_checks),
            "contexts_url": f"{me}/required_status_checks/contexts",
            "checks": [{"context": name, "app_id": None} for name in rules.required_checks],
        }
    if rules.required_approvals or rules.code_owner_reviews:
        shape["required_pull_request_reviews"] = {
            "url": f"{me}/required_pull_request_reviews",
            "dismiss_stale_reviews": rules.dismiss_stale_reviews,
            "require_code_owner_reviews": rules.code_owner_reviews,
            "required_approving_review_count": rules.required_approvals,
            "require_last_push_approval": False,
        }
    return shape
