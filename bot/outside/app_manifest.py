"""The last step of the manifest flow: GitHub gives an app's credentials for a code, once (W4).

Promises: asks only the GitHub that the settings name, without any credential of ours. Never: the
answer in an exception or a log; a second try with the same code, which GitHub would refuse.
"""

from __future__ import annotations

import re
from typing import Any

import requests
from pydantic import ValidationError

from bot.credentials import AppCredentials
from bot.outside.errors import GitHubError, NotFound, Refused, Unavailable
from bot.outside.whole_answers import session

_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")


def convert(api_url: str, code: str, *, timeout: float = 15.0) -> AppCredentials:
    """The credentials of the app that was registered with `code`, valid for one hour.

    NotFound: unknown, used or too old a code; Refused: no code, or an answer that makes no sense;
    Unavailable: GitHub is away.
    """
    if not _CODE.fullmatch(code):
        raise Refused("not a code")
    try:
        with session(timeout) as alone:
            answer = alone.post(
                f"{api_url}/app-manifests/{code}/conversions",
                headers={"Accept": "application/vnd.github+json"},
                timeout=timeout,
                allow_redirects=False,
            )
    except requests.RequestException as error:
        raise Unavailable(f"app-manifests: {type(error).__name__}") from None
    if answer.status_code in (404, 410, 422):
        raise NotFound("the code is not known", status=answer.status_code)
    if answer.status_code >= 500 or answer.status_code == 429:
        raise Unavailable("app-manifests", status=answer.status_code)
    if answer.status_code != 201:
        raise GitHubError("app-manifests", status=answer.status_code)
    return _credentials(api_url, answer)


def _credentials(api_url: str, answer: requests.Response) -> AppCredentials:
    try:
        told: Any = answer.json()
        return AppCredentials(
            api_url=api_url,
            app_id=told["id"],
            slug=str(told["slug"]),
            html_url=str(told["html_url"]),
            client_id=str(told.get("client_id") or ""),
            client_secret=str(told.get("client_secret") or ""),
            webhook_secret=told["webhook_secret"],
            private_key=told["pem"],
        )
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise Refused(f"app-manifests: {type(error).__name__} in the answer", status=201) from None
