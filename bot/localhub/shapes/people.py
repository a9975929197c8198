"""Shapes of accounts, teams, apps and installations."""

from __future__ import annotations

from typing import Any

from bot.localhub.permissions import legacy, permission_flags
from bot.localhub.shapes.urls import Urls, maybe_stamp, node_id, stamp
from bot.localhub.state import Account, App, Installation, Repository, Team

Shape = dict[str, Any]


def simple_user(urls: Urls, account: Account) -> Shape:
    me = f"{urls.api}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("U", account.id),
        "avatar_url": f"{urls.html}/_hub/avatars/{account.id}",
        "gravatar_id": "",
        "url": me,
        "html_url": f"{urls.html}/{_page_of(account)}",
        "followers_url": f"{me}/followers",
        "following_url": f"{me}/following{{/other_user}}",
        "gists_url": f"{me}/gists{{/gist_id}}",
        "starred_url": f"{me}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{me}/subscriptions",
        "organizations_url": f"{me}/orgs",
        "repos_url": f"{me}/repos",
        "events_url": f"{me}/events{{/privacy}}",
        "received_events_url": f"{me}/received_events",
        "type": account.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def _page_of(account: Account) -> str:
    return f"apps/{account.login.removesuffix('[bot]')}" if account.type == "Bot" else account.login


def maybe_user(urls: Urls, account: Account | None) -> Shape | None:
    return simple_user(urls, account) if account is not None else None


def full_user(urls: Urls, account: Account) -> Shape:
    return {
        **simple_user(urls, account),
        "name": account.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": account.email,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.created_at),
    }


def own_user(urls: Urls, account: Account) -> Shape:
    return {
        **full_user(urls, account),
        "private_gists": 0,
        "total_private_repos": 0,
        "owned_private_repos": 0,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
    }


def organization(urls: Urls, account: Account) -> Shape:
    """The short form inside webhook payloads."""
    me = f"{urls.api}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("O", account.id),
        "url": me,
        "repos_url": f"{me}/repos",
        "events_url": f"{me}/events",
        "hooks_url": f"{me}/hooks",
        "issues_url": f"{me}/issues",
        "members_url": f"{me}/members{{/member}}",
        "public_members_url": f"{me}/public_members{{/member}}",
        "avatar_url": f"{urls.html}/_hub/avatars/{account.id}",
        "description": "",
    }


def collaborator(urls: Urls, account: Account, level: str) -> Shape:
    return {
        **simple_user(urls, account),
        "permissions": permission_flags(level),
        "role_name": level,
    }


def permission_answer(urls: Urls, account: Account, level: str) -> Shape:
    return {
        "permission": legacy(level),
        "role_name": level,
        "user": collaborator(urls, account, level),
    }


def team(urls: Urls, one: Team, permission: str = "pull") -> Shape:
    me = f"{urls.api}/organizations/{one.organization.id}/team/{one.id}"
    return {
        "id": one.id,
        "node_id": node_id("T", one.id),
        "name": one.name,
        "slug": one.slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": permission,
        "url": me,
        "html_url": f"{urls.html}/orgs/{one.organization.login}/teams/{one.slug}",
        "members_url": f"{me}/members{{/member}}",
        "repositories_url": f"{me}/repos",
        "type": "organization",
        "organization_id": one.organization.id,
        "parent": None,
    }


def integration(urls: Urls, app: App) -> Shape:
    return {
        "id": app.id,
        "slug": app.slug,
        "node_id": node_id("A", app.id),
        "client_id": app.client_id,
        "owner": simple_user(urls, app.owner),
        "name": app.name,
        "description": app.description,
        "external_url": app.external_url,
        "html_url": f"{urls.html}/apps/{app.slug}",
        "created_at": stamp(app.created_at),
        "updated_at": stamp(app.updated_at),
        "permissions": dict(app.permissions),
        "events": list(app.events),
    }


def maybe_integration(urls: Urls, app: App | None) -> Shape | None:
    return integration(urls, app) if app is not None else None


def installation(urls: Urls, one: Installation) -> Shape:
    me = f"{urls.api}/app/installations/{one.id}"
    return {
        "id": one.id,
        "client_id": one.app.client_id,
        "account": simple_user(urls, one.account),
        "repository_selection": "all" if one.repositories is None else "selected",
        "access_tokens_url": f"{me}/access_tokens",
        "repositories_url": f"{urls.api}/installation/repositories",
        "html_url": f"{urls.html}/settings/installations/{one.id}",
        "app_id": one.app.id,
        "app_slug": one.app.slug,
        "target_id": one.account.id,
        "target_type": one.account.type,
        "permissions": dict(one.permissions),
        "events": list(one.events),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": maybe_stamp(one.suspended_at),
    }


def covered(one: Installation, repositories: list[Repository]) -> list[Repository]:
    return [repository for repository in repositories if one.covers(repository)]
