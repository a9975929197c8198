"""Requests to one Jira with the operator's account (B8).

Promises: a write goes out once and is never repeated here, whatever came back; reads are repeated
twice on 5xx and lost connections; while Jira is away or said to wait (429), nothing is sent, by
any process; every failure is a `JiraError`. Never: follows a redirect (the token stays with the
host that the settings name), no token in a log or an error, no sleeping.

atlassian-python-api carries the requests, because its `request` gives the answer as it came. Its
own repetitions are switched off: they would send a comment twice, and sleep for up to half an hour
on a 429.
"""

from __future__ import annotations

import json
import logging
import math
import os
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from requests.auth import AuthBase
from urllib3.util import Retry

from bot.known_secrets import remember
from bot.outside.jira.errors import JiraError
from bot.outside.whole_answers import LONGER, session
from bot.story.services import Resting, Services
from bot.story.tickets import SERVICE

if TYPE_CHECKING:
    from atlassian.rest_client import AtlassianRestAPI

LARGEST = 20 * 1024 * 1024  # bytes of an answer that are read
JIRA = SERVICE
PROBE_SECONDS = 5.0
LONGEST_WAIT = 3600.0  # seconds that a 429 can hold us back
_USUAL_WAIT = 30.0
_KINDS = {400: "refused", 401: "unauthorized", 403: "forbidden", 404: "not_found",
          405: "conflict", 409: "conflict", 410: "not_found", 412: "conflict"}  # fmt: skip

# Logs bodies of answers at DEBUG.
logging.getLogger("atlassian.rest_client").setLevel(logging.INFO)


@dataclass(frozen=True)
class Account:
    """Who we are there. `user` '': the token alone says it (Data Center).

    `token`: gives it as it is now (a secret manager may change its file).
    """

    user: str
    token: Callable[[], str] = field(repr=False)


class JiraHttp:
    """One Jira. `cloud`: REST v3, else v2."""

    def __init__(
        self,
        base_url: str,
        account: Account,
        now: Callable[[], datetime],
        *,
        cloud: bool,
        timeout: int = 15,
        services: Services | None = None,
    ) -> None:
        """`services`: what all processes know of Jira's health; this one's own by default."""
        self.base_url, self.cloud = base_url.rstrip("/"), cloud
        self._account, self._now, self._timeout = account, now, timeout
        self._threads = threading.local()
        self._services = services or Services(now, random.random)

    def get(self, *parts: str, **params: Any) -> Any:
        """The JSON of one GET below `/rest/api/N`; raises JiraError."""
        return self._send("GET", parts, {k: v for k, v in params.items() if v is not None})

    def write(self, verb: str, *parts: str, body: Any = None) -> Any:
        """The JSON of one POST, PUT or DELETE, sent exactly once; None where nothing came."""
        return self._send(verb, parts, {}, body)

    def _send(
        self, verb: str, parts: tuple[str, ...], params: Mapping[str, Any], body: Any = None
    ) -> Any:
        path = "/".join(quote(part, safe="") for part in parts)
        what = f"{verb} {path}"
        client = self._client()
        try:
            with self._services.asking(JIRA):
                return self._once(client, verb, path, what, params, body)
        except Resting as rest:
            raise JiraError(
                "unavailable", f"{what}: {rest}", retry_after=rest.retry_after
            ) from None

    def _once(
        self,
        client: AtlassianRestAPI,
        verb: str,
        path: str,
        what: str,
        params: Mapping[str, Any],
        body: Any,
    ) -> Any:
        try:
            answer = client.request(
                verb,
                f"rest/api/{3 if self.cloud else 2}/{path}",
                data=body,
                params=dict(params) or None,
                advanced_mode=True,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            reached = not isinstance(
                error, requests.ConnectTimeout | requests.exceptions.SSLError
            ) and "NewConnectionError" not in repr(error)
            self._silent(type(error).__name__)
            raise JiraError(
                "unavailable",
                f"{what}: {type(error).__name__}",
                maybe_done=verb != "GET" and reached,
            ) from None  # the cause's text may quote headers
        if answer.status_code < 500 and answer.status_code != 429:
            self._services.succeeded(JIRA)
        if len(answer.content) > LARGEST:
            raise JiraError("refused", f"{what}: the answer is too large", status=502)
        if answer.headers.get("X-Seraph-LoginReason", "").startswith("AUTHENTICATED_FAILED"):
            raise JiraError("unauthorized", f"{what}: the account is not accepted", status=401)
        if answer.status_code < 300:
            return _decoded(answer, what, verb)
        raise self._failure(answer, what, verb)

    def _failure(self, answer: requests.Response, what: str, verb: str) -> JiraError:
        status, said = answer.status_code, _complaint(answer)
        message = f"{what}: {status} {said}".strip()
        told = _seconds(answer.headers.get("Retry-After"), self._now())
        if status == 429:
            wait = told if told is not None else _USUAL_WAIT
            self._services.failed(JIRA, "Jira said to wait (429)", retry_after=wait)
            return JiraError("rate_limited", message, status=status, retry_after=wait)
        if status >= 500:
            self._silent(str(status), told)
            return JiraError(
                "unavailable", message, status=status, retry_after=told, maybe_done=verb != "GET"
            )
        if 300 <= status < 400:  # a login page, or another host
            return JiraError("refused", f"{what}: {status}, redirected", status=status)
        return JiraError(_KINDS.get(status, "refused"), message, status=status)

    def _silent(self, why: str, retry_after: float | None = None) -> None:
        """No answer came, or none of Jira's own. One bad request does not make Jira be away."""
        try:
            with session(PROBE_SECONDS) as alone:
                told = alone.get(
                    f"{self.base_url}/rest/api/2/serverInfo",
                    timeout=PROBE_SECONDS,
                    allow_redirects=False,
                    auth=_Nobody(),
                )
            away = f"{why}: {told.status_code}" if told.status_code >= 500 else ""
        except requests.RequestException as error:
            away = f"{why}: {type(error).__name__}"
        if away:
            self._services.failed(JIRA, away, retry_after=retry_after)
        else:
            self._services.succeeded(JIRA)

    def _client(self) -> AtlassianRestAPI:
        """One a thread and process, made anew when the token changes."""
        token = self._token()
        known = getattr(self._threads, "client", None)
        if known is not None and self._threads.of == (os.getpid(), token):
            return known
        from atlassian.rest_client import AtlassianRestAPI  # half a second: only where it is used

        remember({token})
        user = self._account.user
        client = AtlassianRestAPI(
            self.base_url,
            username=user or None,
            password=token if user else None,
            token=None if user else token,
            timeout=self._timeout,
            session=session(LONGER * self._timeout, _reads_only()),
            cloud=self.cloud,
            retry_with_header=False,
        )
        self._threads.client, self._threads.of = client, (os.getpid(), token)
        return client

    def _token(self) -> str:
        try:
            token = self._account.token()
        except (OSError, ValueError) as error:  # away for a moment, or for good
            raise JiraError(
                "unauthorized", f"the token of Jira cannot be read: {type(error).__name__}"
            ) from None
        if not token or not token.isprintable():
            raise JiraError("unauthorized", "the token of Jira is empty or no token")
        return token


class _Nobody(AuthBase):
    """No credentials, also none of a .netrc."""

    def __call__(self, request: Any) -> Any:
        return request


def _reads_only() -> Retry:
    return Retry(
        total=2,
        other=0,
        redirect=0,
        backoff_factor=0.2,
        allowed_methods=frozenset({"GET"}),
        status_forcelist=(500, 502, 503, 504),
        respect_retry_after_header=False,
        raise_on_status=False,
    )


def _decoded(answer: requests.Response, what: str, verb: str) -> Any:
    if answer.status_code == 204 or not answer.content.strip():
        return None
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise JiraError(
            "unavailable",
            f"{what}: the answer is not JSON",
            status=answer.status_code,
            maybe_done=verb != "GET",
        ) from None


def _complaint(answer: requests.Response) -> str:
    """What Jira says is wrong: `errorMessages` and `errors`; never a page of HTML."""
    try:
        told = json.loads(answer.content[:100_000])
    except (ValueError, RecursionError):
        return ""
    if not isinstance(told, dict):
        return ""
    messages = told.get("errorMessages")
    said = [str(one) for one in messages] if isinstance(messages, list) else []
    errors = told.get("errors")
    said += [f"{k}: {v}" for k, v in errors.items()] if isinstance(errors, dict) else []
    said += [str(told["message"])] if isinstance(told.get("message"), str) else []
    return " ".join("; ".join(said).split())[:300]


def _seconds(told: str | None, now: datetime) -> float | None:
    """Retry-After: seconds or a date; None where it says neither."""
    if not told:
        return None
    try:
        wait = float(told)
    except ValueError:
        try:
            at = parsedate_to_datetime(told)
        except (TypeError, ValueError):
            return None
        wait = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(wait, 1.0), LONGEST_WAIT) if math.isfinite(wait) else None
