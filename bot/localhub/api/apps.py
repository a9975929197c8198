"""Apps and installations: who an app is, where it is installed, and its tokens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import ApiError, not_found
from bot.localhub.permissions import rank, within
from bot.localhub.shapes import people
from bot.localhub.shapes.repositories import repository
from bot.localhub.shapes.urls import stamp
from bot.localhub.state import App, Installation

routes = Routes()


def _app(call: Call) -> App:
    assert call.caller.app is not None, "admitted as an app"
    return call.caller.app


@routes("GET", "/app", who="app")
def show_app(call: Call) -> Any:
    app = _app(call)
    held = [one for one in call.hub.state.installations.values() if one.app is app]
    return {**people.integration(call.urls, app), "installations_count": len(held)}


@routes("GET", "/apps/<slug>", who="anyone")
def app_by_slug(call: Call, slug: str) -> Any:
    for app in call.hub.state.apps.values():
        if app.slug == slug:
            return people.integration(call.urls, app)
    raise not_found()


@routes("GET", "/app/installations", who="app")
def list_installations(call: Call) -> Page:
    held = [one for one in call.hub.state.installations.values() if one.app is _app(call)]
    return Page(held, lambda one: people.installation(call.urls, one))


@routes("GET", "/user/installations")
def installations_of_user(call: Call) -> Page:
    """Those of the token's app on repositories that the person can reach."""
    user, app = call.caller.user, call.caller.user_of
    if user is None or app is None:
        raise ApiError(
            403,
            "You must authenticate with an access token authorized to a GitHub App in order to "
            "list installations",
        )
    held = [
        one
        for one in call.hub.state.installations.values()
        if one.app is app
        and any(
            rank(call.hub.state.level(user, repo)) > 0
            for repo in call.hub.state.repositories.values()
            if one.covers(repo)
        )
    ]
    return Page(held, lambda one: people.installation(call.urls, one), "installations")


def _installation(call: Call, number: int) -> Installation:
    found = call.hub.state.installations.get(number)
    if found is None or found.app is not _app(call):
        raise not_found()
    return found


@routes("GET", "/app/installations/<int:number>", who="app")
def show_installation(call: Call, number: int) -> Any:
    return people.installation(call.urls, _installation(call, number))


@routes("DELETE", "/app/installations/<int:number>", who="app")
def delete_installation(call: Call, number: int) -> Answer:
    _installation(call, number)
    call.hub.uninstall(number)
    return Answer(204)


@routes("POST", "/app/installations/<int:number>/access_tokens", who="app")
def mint_token(call: Call, number: int) -> Answer:
    held = _installation(call, number)
    if held.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    body = call.json()
    # PyGithub always sends {"permissions": {}} and means all of them.
    asked = body.get("permissions") or dict(held.permissions)
    if not isinstance(asked, dict) or not all(isinstance(v, str) for v in asked.values()):
        raise ApiError(422, "Invalid request.\n\n'permissions' is not an object of strings.")
    if within(asked, held.permissions):
        raise ApiError(422, "The permissions requested are not granted to this installation.")
    granted = {"metadata": "read", **asked}
    selected = _selected(call, held)
    wanted = {"enabled": True, "disabled": False}.get(
        call.headers.get("X-GitHub-Stateless-S2S-Token", "")
    )
    ids = frozenset(one.id for one in selected) if selected is not None else None
    token, expires = call.hub.tokens.mint(held, granted, ids, long=wanted)
    narrowed = selected is not None or held.repositories is not None
    answer: dict[str, Any] = {
        "token": token,
        "expires_at": stamp(datetime.fromtimestamp(expires, UTC)),
        "permissions": granted,
        "repository_selection": "selected" if narrowed else "all",
    }
    if selected is not None:
        answer["repositories"] = [repository(call.urls, one) for one in selected]
    return Answer(201, answer)


def _selected(call: Call, held: Installation) -> list[Any] | None:
    """The repositories a token is narrowed to; None when it is not."""
    body = call.json()
    names, ids = call.names("repositories"), body.get("repository_ids") or []
    if not isinstance(ids, list) or not all(isinstance(one, int) for one in ids):
        raise ApiError(422, "Invalid request.\n\n'repository_ids' is not a list of numbers.")
    if not names and not ids:
        return None
    covered = people.covered(held, list(call.hub.state.repositories.values()))
    chosen = [one for one in covered if one.name in names or one.id in ids]
    if {one.name for one in chosen} < set(names) or {one.id for one in chosen} < set(ids):
        raise ApiError(
            422,
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation.",
        )
    return chosen


@routes("GET", "/repos/<owner>/<repo>/installation", who="app")
def repository_installation(call: Call) -> Any:
    for one in call.hub.state.installations.values():
        if one.app is _app(call) and one.covers(call.repo):
            return people.installation(call.urls, one)
    raise not_found()


def _account_installation(call: Call, login: str) -> Any:
    for one in call.hub.state.installations.values():
        if one.app is _app(call) and one.account.login.lower() == login.lower():
            return people.installation(call.urls, one)
    raise not_found()


@routes("GET", "/orgs/<login>/installation", who="app")
def organization_installation(call: Call, login: str) -> Any:
    return _account_installation(call, login)


@routes("GET", "/users/<login>/installation", who="app")
def user_installation(call: Call, login: str) -> Any:
    return _account_installation(call, login)


@routes("GET", "/installation/repositories")
def installation_repositories(call: Call) -> Page:
    held = call.caller.installation
    if held is None:
        raise ApiError(403, "You must authenticate with an installation access token.")
    selected = call.caller.repository_ids
    covered = [
        one
        for one in people.covered(held, list(call.hub.state.repositories.values()))
        if selected is None or one.id in selected
    ]
    kind = "all" if held.repositories is None and selected is None else "selected"
    return Page(
        covered,
        lambda one: repository(call.urls, one, level="write"),
        wrap="repositories",
        more={"repository_selection": kind},
    )


@routes("DELETE", "/installation/token")
def revoke_token(call: Call) -> Answer:
    if call.caller.installation is None:
        raise ApiError(403, "You must authenticate with an installation access token.")
    call.hub.tokens.revoke(call.caller.token)
    return Answer(204)


@routes("POST", "/app-manifests/<code>/conversions", who="anyone")
def convert_manifest(call: Call, code: str) -> Answer:
    waiting = call.hub.manifest_codes.pop(code, None)
    if waiting is None:
        raise not_found()
    made = call.hub.register_app(
        waiting["manifest"], webhook_secret=waiting["webhook_secret"], owner=waiting["owner"]
    )
    app = call.hub.state.apps[made.app_id]
    return Answer(
        201,
        {
            **people.integration(call.urls, app),
            "client_secret": made.client_secret,
            "webhook_secret": made.webhook_secret,
            "pem": made.pem,
        },
    )
