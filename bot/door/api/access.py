"""Tokens, and the repositories somebody may ask about."""

from __future__ import annotations

from flask import Response, current_app, g, request
from flask_openapi3 import APIBlueprint

from bot.door.api import shown
from bot.door.api.callers import Caller, Callers, narrowed, of_key, unauthenticated
from bot.door.api.problems import ApiProblem
from bot.door.api.rooms import Rooms
from bot.door.api.shapes import (
    RepositoriesShown,
    RepositoryShown,
    TokenAsked,
    TokenShown,
)
from bot.door.api.signing import Signer
from bot.outside.github_people import NotOurs, person_of
from bot.story import api_keys

views = APIBlueprint("api", __name__, url_prefix="/api/v1")  # all of them: the library merges none


def rooms() -> Rooms:
    """The rooms of the application at work."""
    found: Rooms = current_app.extensions["rooms"]
    return found


def callers() -> Callers:
    found: Callers = current_app.extensions["callers"]
    return found


@views.post(
    "/tokens",
    summary="Get a token for 15 minutes",
    responses={201: TokenShown},
    operation_id="makeToken",
)
def make_token(body: TokenAsked) -> Response:
    """From an API key, a user token of this GitHub App, or the proxy's client certificate."""
    caller = _proven(body)
    scopes = frozenset(body.scopes) if body.scopes is not None else None
    asked = frozenset(body.repositories) if body.repositories is not None else None
    caller = narrowed(caller, scopes, asked)
    if not caller.scopes or caller.repositories == frozenset():
        detail = "Nothing is left of what the key allows and what is asked for."
        raise ApiProblem(403, "forbidden", detail)
    signer: Signer = current_app.extensions["signer"]
    repositories = None if caller.repositories is None else sorted(caller.repositories)
    ordered = [one for one in api_keys.SCOPES if one in caller.scopes]
    token, ends = signer.mint(
        str(caller.person.id),
        login=caller.person.login,
        scopes=ordered,
        repositories=repositories,
        key=caller.key_id,
    )
    made = TokenShown(
        token=token,
        token_type="Bearer",  # noqa: S106 - its kind
        expires_at=ends,
        person=shown.person(caller.person),
        scopes=ordered,
        repositories=repositories,
    )
    return shown.sent(made, 201)


def _proven(body: TokenAsked) -> Caller:
    here = rooms()
    if body.api_key is not None and body.github_token is not None:
        raise unauthenticated("Send an API key or a GitHub token, not both.")
    if body.api_key is not None:
        key = api_keys.matching(body.api_key, callers().keys(), here.clock())
        if key is None:
            raise unauthenticated("No key in use is like this one.")
        return of_key(key)
    if body.github_token is not None:
        settings = here.settings
        try:
            person = person_of(body.github_token, settings.github_api_url, settings.app_id or 0)
        except NotOurs as error:
            raise unauthenticated(f"The GitHub token is not taken: {error}.") from None
        return Caller(person, frozenset(api_keys.SCOPES), None)
    by_certificate = callers().by_certificate(request)
    if by_certificate is None:
        raise unauthenticated("Send an API key or a GitHub token.")
    return by_certificate


@views.get(
    "/repositories",
    summary="The repositories with stories that you may see",
    responses={200: RepositoriesShown},
    operation_id="listRepositories",
)
def list_repositories() -> Response:
    """Those that have had a story, and that the token and GitHub let you read."""
    here, found = rooms(), []
    for repository, stories in here.journal.repositories():
        known = here.office.load(stories[0])
        if known is None or known.repository is None:
            continue
        if callers().may(g.caller, "read", known.repository):
            found.append(
                RepositoryShown(
                    id=known.repository.id,
                    full_name=repository,
                    default_branch=known.repository.default_branch,
                    stories=len(stories),
                )
            )
    return shown.sent(RepositoriesShown(repositories=found))
