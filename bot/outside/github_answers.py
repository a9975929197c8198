"""Reading what GitHub answered: good JSON, the next page, or which error it was.

Promises: pure; lenient where a field is missing; says nothing that an answer's headers hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.utils import parse_header_links
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from bot.outside.errors import (
    Conflict,
    Forbidden,
    GitHubError,
    NotFound,
    Refused,
    Unauthorized,
    Unavailable,
)


def never_reached(error: requests.RequestException) -> bool:
    """Whether no connection was made, so that nothing can have been done."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def decoded(text: str, verb: str, path: str) -> Any:
    """The JSON of a good answer, None for an empty one."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise Unavailable(f"{verb} {path}: not JSON", maybe_done=verb != "GET") from None


def complaint(text: str) -> tuple[str, list[str]]:
    """GitHub's message and its list of errors, from whatever the body of a failure holds."""
    try:
        told = json.loads(text)
    except ValueError:
        return "", []
    if not isinstance(told, dict):
        return "", []
    errors = told.get("errors")
    listed = errors if isinstance(errors, list) else [errors] if errors else []
    named = [
        " ".join(str(each.get(k)) for k in ("field", "code", "message") if each.get(k))
        if isinstance(each, dict)
        else str(each)
        for each in listed[:10]
    ]
    return str(told.get("message") or ""), named


def is_away(status: int) -> bool:
    """Whether an answer says that GitHub could not see to the request."""
    return status >= 500 or status == 408


def failure(
    verb: str, path: str, status: int, headers: Mapping[str, str], message: str, errors: list[str]
) -> GitHubError:
    """The error type of a failed answer that is no rate limit."""
    told = f"{verb} {path}: {status} {message}".rstrip()
    match status:
        case 401:
            return Unauthorized(told, status=status)
        case 403:
            return Forbidden(told, needed=headers.get("x-accepted-github-permissions", ""))
        case 404 | 410:
            return NotFound(told, status=status)
        case 405 | 409:
            # A base that moved is tried again; to a head that moved nobody said yes.
            again = message.startswith("Base branch was modified")
            return Conflict(told, status=status, retryable=again)
        case _ if is_away(status):
            return Unavailable(told, status=status, maybe_done=verb != "GET")
        case _:
            return Refused(told, status=status, errors=errors)


def next_page(link: str) -> dict[str, Any] | None:
    """The query of the next page that a Link header names, None on the last one."""
    for each in parse_header_links(link) if link else ():
        if each.get("rel") == "next":
            query = parse_qs(urlsplit(each["url"]).query)
            return {name: values[-1] for name, values in query.items()}
    return None
