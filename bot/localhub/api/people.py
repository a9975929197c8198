"""People, teams, collaborators and the rate limit."""

from __future__ import annotations

from typing import Any

from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.permissions import rank
from bot.localhub.shapes import people
from bot.localhub.shapes.urls import stamp

routes = Routes()
_LEVELS = {"pull": "read", "triage": "triage", "push": "write"}
_LEVELS |= {"maintain": "maintain", "admin": "admin"}


@routes("GET", "/rate_limit", who="anyone")
def rate_limit(call: Call) -> Any:
    core = call.hub.limits.numbers(call.caller)
    return {"resources": {"core": core, "search": core, "graphql": core}, "rate": core}


@routes("GET", "/meta", who="anyone")
def meta(call: Call) -> Any:
    return {"verifiable_password_authentication": False}


@routes("GET", "/zen", who="anyone")
def zen(call: Call) -> Answer:
    return Answer(200, b"Keep it local.", media="text/plain; charset=utf-8")


@routes("GET", "/user")
def own_account(call: Call) -> Any:
    if call.caller.user is None:
        raise ApiError(403, "Resource not accessible by integration")
    return people.own_user(call.urls, call.caller.user)


@routes("GET", "/users/<login>", who="anyone")
def account(call: Call, login: str) -> Any:
    return people.full_user(call.urls, call.hub.state.account(login))


@routes("GET", "/orgs/<login>/teams", "members:read")
def list_teams(call: Call, login: str) -> Page:
    owner = call.hub.state.account(login)
    teams = [one for one in call.hub.state.teams if one.organization is owner]
    return Page(teams, lambda one: people.team(call.urls, one))


@routes("GET", "/orgs/<login>/teams/<slug>", "members:read")
def show_team(call: Call, login: str, slug: str) -> Any:
    team = call.hub.state.team(login, slug)
    owner = team.organization
    return {
        **people.team(call.urls, team),
        "created_at": stamp(owner.created_at),
        "updated_at": stamp(owner.created_at),
        "members_count": len(team.members),
        "repos_count": len(team.repositories),
        "organization": {
            **people.organization(call.urls, owner),
            "html_url": f"{call.urls.html}/{owner.login}",
            "created_at": stamp(owner.created_at),
            "updated_at": stamp(owner.created_at),
            "archived_at": None,
            "type": "Organization",
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "has_organization_projects": False,
            "has_repository_projects": False,
        },
    }


@routes("GET", "/orgs/<login>/teams/<slug>/members", "members:read")
def team_members(call: Call, login: str, slug: str) -> Page:
    team = call.hub.state.team(login, slug)
    members = [call.hub.state.account(name) for name in team.members]
    return Page(members, lambda one: people.simple_user(call.urls, one))


@routes("GET", "/orgs/<login>/teams/<slug>/memberships/<who>", "members:read")
def team_membership(call: Call, login: str, slug: str, who: str) -> Any:
    team = call.hub.state.team(login, slug)
    member = call.hub.state.account(who)
    if member.login not in team.members:
        raise not_found()
    address = f"{call.urls.api}/organizations/{team.organization.id}/team/{team.id}"
    return {
        "url": f"{address}/memberships/{member.login}",
        "role": team.members[member.login],
        "state": "active",
    }


@routes("GET", "/orgs/<login>/members/<who>", "members:read")
def organization_member(call: Call, login: str, who: str) -> Answer:
    if call.hub.state.account(who).login not in call.hub.state.account(login).members:
        raise not_found()
    return Answer(204)


@routes("GET", "/repos/<owner>/<repo>/collaborators", "metadata:read", role="write")
def list_collaborators(call: Call) -> Page:
    state = call.hub.state
    everyone = [one for one in state.accounts.values() if one.type == "User"]
    held = [
        (one, state.level(one, call.repo))
        for one in everyone
        if one is call.repo.owner
        or one.login in call.repo.collaborators
        or rank(state.level(one, call.repo)) > 1
    ]
    return Page(held, lambda pair: people.collaborator(call.urls, *pair))


@routes("GET", "/repos/<owner>/<repo>/collaborators/<who>", "metadata:read", role="write")
def is_collaborator(call: Call, who: str) -> Answer:
    one = call.hub.state.account(who)
    held = rank(call.hub.state.level(one, call.repo))
    if held > 1 or one.login in call.repo.collaborators:
        return Answer(204)
    raise not_found()


@routes("PUT", "/repos/<owner>/<repo>/collaborators/<who>", "administration:write", role="admin")
def add_collaborator(call: Call, who: str) -> Answer:
    asked = call.maybe_text("permission") or "push"
    if asked not in _LEVELS:
        raise invalid("RepositoryInvitation", "permission")
    call.hub.add_collaborator(call.repo.full_name, who, _LEVELS[asked])
    return Answer(204)


@routes("DELETE", "/repos/<owner>/<repo>/collaborators/<who>", "administration:write", role="admin")
def remove_collaborator(call: Call, who: str) -> Answer:
    call.hub.add_collaborator(call.repo.full_name, who, "none")
    return Answer(204)


@routes("GET", "/repos/<owner>/<repo>/collaborators/<who>/permission", "metadata:read")
def permission(call: Call, who: str) -> Any:
    one = call.hub.state.account(who)
    return people.permission_answer(call.urls, one, call.hub.state.level(one, call.repo))
