"""Whose token is this? Asked of GitHub, for somebody who signs in with one (W13).

Promises: only a token that GitHub issued for this very app names anybody; one of another app, or
one that a person made for themselves, could have been handed to somebody for another purpose.
Never: keeps or repeats a token.
"""

from __future__ import annotations

from typing import Any

import requests

from bot.outside.errors import Unavailable
from bot.outside.whole_answers import session
from bot.story.vocabulary import Person

_SECONDS = 10


class NotOurs(ValueError):
    """The token names nobody here; the text says why, without any of it."""


def person_of(token: str, api_url: str, app_id: int) -> Person:
    """Who a user access token of the app stands for. Raises NotOurs, Unavailable."""
    status, told = _get(f"{api_url}/user", token)
    if status != 200 or not isinstance(told, dict) or told.get("type") != "User":
        raise NotOurs("GitHub knows no person by this token")
    status, mine = _get(f"{api_url}/user/installations?per_page=100", token)
    installations = mine.get("installations") if isinstance(mine, dict) else None
    if status != 200 or not isinstance(installations, list):
        raise NotOurs("it is not the token of a GitHub App's user")
    if not any(isinstance(one, dict) and one.get("app_id") == app_id for one in installations):
        raise NotOurs("it was not issued for this app, or the app is installed nowhere you can see")
    return Person(id=int(told["id"]), login=str(told["login"]))


def _get(url: str, token: str) -> tuple[int, Any]:
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "User-Agent": "towpath",
    }
    try:
        with session(_SECONDS) as alone:
            answer = alone.get(url, headers=headers, timeout=_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise Unavailable(f"GET /user: {type(error).__name__}") from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise Unavailable("GET /user", status=answer.status_code)
    try:
        return answer.status_code, answer.json()
    except ValueError:
        return answer.status_code, None
