"""Requests to GitHub as the app or as one of its installations (W12).

Promises: a write goes out once and is never repeated here, whatever came back (only a refused
credential is renewed: then nothing was done); reads are repeated twice on 5xx and lost connections
and are conditional where an ETag is known; every failure is one of `bot.outside.errors`.
Never: no token in a log, an exception or a repr; no sleeping for a rate limit.
"""

from __future__ import annotations

import base64
import logging
import os
import random
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from github import Github
from github.Requester import Requester
from jwt.algorithms import RSAAlgorithm
from urllib3.util import Retry

from bot.outside.errors import RateLimited, Refused, Unauthorized, Unavailable
from bot.outside.github_answers import (
    complaint,
    decoded,
    failure,
    is_away,
    never_reached,
    next_page,
)
from bot.outside.github_guard import Guard, Guarded, limits_of
from bot.outside.ratelimit import asked_to_wait, limit_in
from bot.outside.redaction import outgoing
from bot.outside.whole_answers import for_pygithub
from bot.story.services import Services

API_VERSION = "2022-11-28"
MAX_PAGES = 100
NEEDED = "x-accepted-github-permissions"
_RENEW_SECONDS = 300  # a token is renewed this long before it expires
# Answers kept for conditional requests: for a hundred repositories some thousand, each a few KB.
_CACHED_SIZE = 1024 * 1024  # characters of one
_CACHED_SIZES = 32 * 1024 * 1024  # characters of all
_CACHED_COST = 500  # characters that an empty one counts as

# Logs headers and bodies at DEBUG, and minted tokens are in bodies.
logging.getLogger("github.Requester").setLevel(logging.INFO)
for_pygithub()


_Answer = tuple[str, str]  # the body, and the Link header


@dataclass(frozen=True)
class AppKey:
    """The app's credentials. `app_id`: the number or the client id.

    `private_key`: PEM, or what gives it as it is now (a secret manager may change its file).
    """

    app_id: str
    private_key: str | Callable[[], str] = field(repr=False)

    @property
    def pem(self) -> str:
        """The key to sign with. Unauthorized where it cannot be read."""
        if isinstance(self.private_key, str):
            return self.private_key
        try:
            return self.private_key()
        except (OSError, ValueError) as error:  # away for a moment, or for good
            raise Unauthorized(f"the private key cannot be read: {error}") from None


@dataclass(frozen=True)
class _Token:
    value: str = field(repr=False)
    expires: float


class GitHubHttp:
    """One GitHub, or a server that speaks like it (base URL with `/api/v3` or at the root)."""

    def __init__(
        self,
        base_url: str,
        key: AppKey,
        now: Callable[[], datetime],
        *,
        timeout: int = 15,
        user_agent: str = "towpath",
        seconds_between_writes: float | None = None,
        services: Services | None = None,
    ) -> None:
        """`services`: what is known of GitHub's health; this process's own where none is given."""
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError("the base URL of GitHub must be http(s)://host[:port][/path]")
        self._base_url, self._key, self._now = base_url.rstrip("/"), key, now
        self._timeout, self._user_agent = timeout, user_agent
        self._between_writes = seconds_between_writes
        self._threads = threading.local()
        self._lock = threading.Lock()
        self._tokens: dict[int, _Token] = {}
        self._seen: OrderedDict[tuple[Any, ...], tuple[str, _Answer]] = OrderedDict()
        self._kept = 0
        services = services or Services(now, random.random, limits=limits_of)
        self._guard = Guard(services, self._base_url, user_agent)

    @property
    def app_id(self) -> str:
        return self._key.app_id

    def get(self, path: str, installation: int | None, **params: Any) -> Any:
        """The JSON of one GET; NotFound, Forbidden, RateLimited, Unavailable, …"""
        text, _ = self._read(path, installation, params)
        return decoded(text, "GET", path)

    def pages(
        self, path: str, installation: int | None, inside: str = "", **params: Any
    ) -> Iterator[dict[str, Any]]:
        """All items of a paged list, `inside` a field where the list is wrapped in an object."""
        asked: dict[str, Any] = {"per_page": 100, **params}
        for _ in range(MAX_PAGES):
            text, link = self._read(path, installation, asked)
            data = decoded(text, "GET", path)
            items = data.get(inside) if inside and isinstance(data, dict) else data
            yield from (item for item in items or () if isinstance(item, dict))
            following = next_page(link)
            if following is None:
                return
            # Only the query: the host in a link may be another name of the same server.
            asked = following
        raise Refused(f"more than {MAX_PAGES} pages at {path}")

    def _read(self, path: str, installation: int | None, params: Mapping[str, Any]) -> _Answer:
        """A GET that costs no part of the rate limit where GitHub says that nothing changed."""
        where = (installation, path, tuple(sorted(params.items())))
        with self._lock:
            etag, known = self._seen.get(where, ("", ("", "")))
            if etag:
                self._seen.move_to_end(where)  # what is asked often is kept longest
        conditional = {"If-None-Match": etag} if etag else {}
        status, headers, text = self._send("GET", path, installation, params, conditional)
        if status == 304 and etag:
            return known
        answer = (text, headers.get("link", ""))
        self._remember(where, headers.get("etag", ""), answer)
        return answer

    def write(self, verb: str, path: str, installation: int | None, body: Any = None) -> Any:
        """The JSON of one POST, PUT, PATCH or DELETE, sent exactly once and without secrets."""
        _, _, text = self._send(verb, path, installation, {}, {}, outgoing(body))
        return decoded(text, verb, path)

    def token(self, installation: int) -> str:
        """A token of an installation, minted when needed, with all of its permissions."""
        now = self._now().timestamp()
        with self._lock:
            known = self._tokens.get(installation)
        if known is not None and known.expires - now > _RENEW_SECONDS:
            return known.value
        try:
            told = self.write("POST", f"/app/installations/{installation:d}/access_tokens", None)
        except Unavailable as error:  # a token too many harms nobody: nothing to look for
            if error.unsent:
                raise
            raise Unavailable(str(error), status=error.status) from None
        value = told.get("token") if isinstance(told, dict) else None
        if not value:
            raise Unavailable(f"no token in the answer for installation {installation}")
        expires = _epoch(told.get("expires_at"), now + 3600)
        with self._lock:
            self._tokens[installation] = _Token(value, expires)
        return str(value)

    def forget_token(self, installation: int) -> None:
        """Drop the token of an installation (suspended, removed, permissions changed)."""
        with self._lock:
            self._tokens.pop(installation, None)

    def git_credentials(self, installation: int) -> str:
        """The value of the Authorization header for git over HTTPS; never put it in a URL."""
        pair = f"x-access-token:{self.token(installation)}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"

    def _send(
        self,
        verb: str,
        path: str,
        installation: int | None,
        params: Mapping[str, Any],
        headers: Mapping[str, str],
        body: Any = None,
    ) -> tuple[int, dict[str, str], str]:
        for renewed in (False, True):
            sent = {
                "Accept": "application/vnd.github+json",
                "Authorization": self._authorization(installation),
                **headers,
            }
            with self._guard.around(verb, path, installation) as guarded:
                status, got, text = self._exchange(guarded, params, sent, body)
            if status == 401 and installation is not None and not renewed:
                self.forget_token(installation)  # revoked or expired early; nothing was done
                continue
            break
        if status < 300 or (status == 304 and "If-None-Match" in headers):
            return status, got, text
        if status == 403 and installation is not None and NEEDED in got:
            self.forget_token(installation)  # it may be older than a permission granted since
        raise failure(verb, path, status, got, *complaint(text))

    def _exchange(
        self, guarded: Guarded, params: Mapping[str, Any], headers: dict[str, str], body: Any
    ) -> tuple[int, dict[str, str], str]:
        """An answer of GitHub itself. Raises Unavailable where none came, RateLimited, Refused."""
        verb, path, now = guarded.verb, guarded.path, self._now
        try:
            status, got, text = self._once(verb, path, params, headers, body)
            if is_away(status):
                away = failure(verb, path, status, got, *complaint(text))
                away.retry_after = asked_to_wait(got, now())
                raise away
            if status < 300 and text.lstrip()[:1] == "<":  # a page of something in between
                raise Unavailable(f"{verb} {path}: not JSON", maybe_done=verb != "GET")
            if limit := limit_in(status, got, complaint(text)[0], now()):
                raise limit
        except Unavailable as error:
            guarded.silent(error)
            raise
        except RateLimited as error:
            guarded.limited(error)
            raise
        guarded.answered(got, now())
        return status, got, text

    def _once(
        self, verb: str, path: str, params: Mapping[str, Any], headers: dict[str, str], body: Any
    ) -> tuple[int, dict[str, str], str]:
        try:
            status, got, text = self._requester().requestJson(
                verb, path, dict(params), headers, body
            )
        except requests.RequestException as error:
            reached = not never_reached(error)
            raise Unavailable(
                f"{verb} {path}: {type(error).__name__}", maybe_done=verb != "GET" and reached
            ) from None  # the cause's text may quote headers
        except RuntimeError as error:  # how PyGithub reports a redirect to another server
            raise Refused(f"{verb} {path}: {error}", status=301) from None
        return status, {str(k).lower(): str(v) for k, v in got.items()}, text

    def _authorization(self, installation: int | None) -> str:
        if installation is not None:
            return f"token {self.token(installation)}"
        now = int(self._now().timestamp())
        claims = {"iat": now - 60, "exp": now + 540, "iss": self._key.app_id}
        try:
            return f"Bearer {jwt.encode(claims, _loaded(self._key.pem), algorithm='RS256')}"
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise Unauthorized(f"the private key is unusable: {type(error).__name__}") from None

    def _requester(self) -> Requester:
        """One a thread and process: PyGithub keeps the request under way on its connection."""
        if getattr(self._threads, "process", None) != os.getpid():
            self._threads.process = os.getpid()
            self._threads.requester = Github(
                base_url=self._base_url,
                timeout=self._timeout,
                user_agent=self._user_agent,
                api_version=API_VERSION,
                seconds_between_requests=None,
                seconds_between_writes=self._between_writes,
                retry=_reads_only(),
            ).requester
        requester: Requester = self._threads.requester
        return requester

    def _remember(self, where: tuple[Any, ...], etag: str, answer: _Answer) -> None:
        with self._lock:
            self._forget(where)
            if etag and len(answer[0]) <= _CACHED_SIZE:
                self._seen[where] = (etag, answer)
                self._kept += _CACHED_COST + len(answer[0])
                while self._kept > _CACHED_SIZES:
                    self._forget(next(iter(self._seen)))

    def _forget(self, where: tuple[Any, ...]) -> None:
        if (held := self._seen.pop(where, None)) is not None:
            self._kept -= _CACHED_COST + len(held[1][0])


@lru_cache(maxsize=4)
def _loaded(pem: str) -> Any:
    """The key, whose numbers are checked when it is loaded: as much work as many signatures."""
    return RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(pem)


def _reads_only() -> Retry:
    """Repeats GETs only; `other=0` because urllib3 counts those for any method."""
    return Retry(
        total=2,
        other=0,
        redirect=0,
        backoff_factor=0.2,
        allowed_methods=frozenset({"GET", "HEAD"}),
        status_forcelist=(500, 502, 503, 504),
        respect_retry_after_header=False,
        raise_on_status=False,
    )


def _epoch(text: Any, otherwise: float) -> float:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return otherwise
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
