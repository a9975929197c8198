"""The setup pages: an operator's browser has the GitHub App registered (W4).

Promises: opens for nobody but the holder of the one-time token that the operator's terminal
showed; what GitHub sends back counts only with the state that this browser was given, once, within
an hour; an app that is there is never replaced. Never: a credential in a page, a log or a URL.

Served by a process of its own that ends when the app is registered (`bot.cli.setup`).
"""

from __future__ import annotations

import ipaddress
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from bot.credentials import AppCredentials
from bot.texts import setup as texts

PATH = "/setup"
COOKIE = "towpath_setup"
STATE_SECONDS = 3600  # as long as GitHub's code is valid
_MOST_STATES = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,33}")
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")


@dataclass(frozen=True)
class Manifest:
    """`app.yml` as read, and the reason beside each permission."""

    fields: Mapping[str, Any]
    reasons: Mapping[str, str]


@dataclass
class Setup:
    """One registration.

    `convert(code)` asks GitHub (errors of `bot.outside.errors`), `store(credentials)` keeps them
    and is False where some are there; `web_url` is GitHub's. `registered` holds the credentials
    in the end.
    """

    web_url: str
    manifest: Manifest
    convert: Callable[[str], AppCredentials]
    store: Callable[[AppCredentials], bool]
    clock: Callable[[], float] = time.time
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    registered: AppCredentials | None = field(default=None, repr=False)
    finished: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._session = ""  # the browser that the token was exchanged for
        self._states: dict[str, float] = {}
        self._lock = threading.Lock()

    def admits(self, token: str, session: str) -> bool:
        """Whether this is the operator: by the token, or by the cookie it was exchanged for."""
        by_token = bool(self.token) and secrets.compare_digest(token.encode(), self.token.encode())
        return by_token or self.knows(session)

    def knows(self, session: str) -> bool:
        """Whether this browser exchanged the token."""
        return bool(self._session) and secrets.compare_digest(
            session.encode(), self._session.encode()
        )

    def begin(self, token: str, session: str) -> tuple[str, str] | None:
        """The browser's session (the token is spent now) and a new state; None for a stranger."""
        with self._lock:
            if not self.admits(token, session):
                return None
            if not self.knows(session):
                self._session = secrets.token_urlsafe(32)
                self.token = ""
            for state in sorted(self._states, key=self._states.__getitem__)[: -_MOST_STATES + 1]:
                del self._states[state]
            state = secrets.token_urlsafe(32)
            self._states[state] = self.clock() + STATE_SECONDS
            return self._session, state

    def finish(self, code: str, state: str) -> str:
        """Fetch and keep the credentials; '' or a sentence on why not."""
        from bot.outside.errors import GitHubError, NotFound, Refused, Unavailable

        with self._lock:  # two answers at once must not register two apps
            if self.registered is not None:
                return ""
            if self._states.pop(state, 0.0) < self.clock():
                return texts.STALE
            try:
                made = self.convert(code)
            except NotFound:
                return texts.USED
            except Unavailable:
                return texts.AWAY
            except (Refused, GitHubError):
                return texts.ODD
            try:
                if not self.store(made):
                    return texts.ALREADY[0]
            except OSError:
                return texts.NOT_KEPT
            self.registered = made
            return ""


def setup_app(setup: Setup) -> Flask:
    """The application that serves the pages of one registration."""
    app = Flask("towpath-setup", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    pages = _Pages(setup)
    app.add_url_rule(PATH, view_func=pages.form, methods=["GET"])
    app.add_url_rule(PATH, view_func=pages.register, methods=["POST"])
    app.add_url_rule(f"{PATH}/callback", view_func=pages.back_from_github, methods=["GET"])
    app.add_url_rule("/healthz", view_func=_alive, methods=["GET"])
    app.register_error_handler(HTTPException, _elsewhere)
    return app


class _Pages:
    """One method a page."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def form(self) -> Response:
        token = request.args.get("token", "")
        if not self._setup.admits(token, request.cookies.get(COOKIE, "")):
            return _no_entry()
        return _form(self._setup, token)

    def register(self) -> Response:
        setup = self._setup
        given = {name: request.form.get(name, "").strip() for name in ("name", "owner", "url")}
        token, session = request.form.get("token", ""), request.cookies.get(COOKIE, "")
        if not setup.admits(token, session):
            return _no_entry()
        if not _from_here():
            return _form(setup, token, texts.OTHER_PAGE, 403)
        if problem := _problem(setup.web_url, **given):
            return _form(setup, token, problem, 422, **given)
        begun = setup.begin(token, session)
        if begun is None:
            return _no_entry()
        session, state = begun
        answer = _register(setup, state, **given)
        answer.set_cookie(
            COOKIE,
            session,
            max_age=STATE_SECONDS,
            path=PATH,
            httponly=True,
            samesite="Lax",  # GitHub sends the browser back here, which "Strict" would not survive
            secure=_origin().startswith("https:"),
        )
        return answer

    def back_from_github(self) -> Response:
        setup = self._setup
        if not setup.knows(request.cookies.get(COOKIE, "")):
            return _no_entry()
        state, code = request.args.get("state", ""), request.args.get("code", "")
        if problem := setup.finish(code, state):
            return _form(setup, "", problem, 409)
        made = setup.registered
        assert made is not None, "finished without a problem"
        nonce = secrets.token_urlsafe(16)
        install = f"{made.html_url}/installations/new"
        answer = _page(texts.done(nonce, made.slug, install), nonce)
        answer.call_on_close(setup.finished.set)
        return answer


def _alive() -> ResponseReturnValue:
    return {"status": "alive"}


def _elsewhere(error: HTTPException) -> ResponseReturnValue:
    """Webhooks too: GitHub keeps them, and the catch-up asks for them again."""
    told = {"error": "not_set_up", "message": error.name, "next": texts.NO_APP_YET}
    return told, 503 if request.path == "/webhook" else error.code or 500


def is_set_up() -> Response:
    """What the pages of a Towpath that has its app answer."""
    nonce = secrets.token_urlsafe(16)
    return _page(texts.message(nonce, texts.NOT_NOW, texts.ALREADY), nonce)


def _no_entry() -> Response:
    nonce = secrets.token_urlsafe(16)
    return _page(texts.message(nonce, texts.NO_ENTRY, [texts.WRONG_LINK]), nonce, status=403)


def _form(setup: Setup, token: str, problem: str = "", status: int = 200, **given: str) -> Response:
    nonce = secrets.token_urlsafe(16)
    shown = {"name": setup.manifest.fields["name"], "owner": "", "url": _origin(), **given}
    github = urlsplit(setup.web_url).netloc
    html = texts.form(nonce, problem, token=token, action=PATH, github=github, **shown)
    return _page(html, nonce, status=status)


def _register(setup: Setup, state: str, name: str, owner: str, url: str) -> Response:
    nonce = secrets.token_urlsafe(16)
    webhook = f"{url.rstrip('/')}/webhook"
    manifest = {
        **setup.manifest.fields,
        "name": name,
        "url": url,
        "hook_attributes": {"url": webhook, "active": True},
        "redirect_url": f"{_origin()}{PATH}/callback",
    }
    where = f"/organizations/{owner}" if owner else ""
    permissions = [
        (permission, level, setup.manifest.reasons.get(permission, ""))
        for permission, level in setup.manifest.fields["default_permissions"].items()
    ]
    html = texts.register(
        nonce,
        permissions,
        target=f"{setup.web_url}{where}/settings/apps/new?state={state}",
        manifest=json.dumps(manifest),
        webhook=webhook,
    )
    return _page(html, nonce, forms=setup.web_url)


def _page(html: str, nonce: str, *, forms: str = "", status: int = 200) -> Response:
    answer = Response(html, status, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self' {forms}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    answer.headers["Cache-Control"] = "no-store"
    # The first page's address may hold the token: to us only. GitHub sees the others' origin.
    answer.headers["Referrer-Policy"] = "origin" if forms else "same-origin"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _origin() -> str:
    """The address by which the operator's browser reaches these pages."""
    sent = request.headers.get("Origin", "")
    if sent and urlsplit(sent).netloc == request.host:
        return sent  # its scheme is the browser's, whatever a proxy made of it
    return request.host_url.rstrip("/")


def _from_here() -> bool:
    sent = request.headers.get("Origin")
    return sent is None or urlsplit(sent).netloc == request.host


def _problem(web_url: str, name: str, owner: str, url: str) -> str:
    """Why GitHub would not take these; '' where it may."""
    if not _NAME.fullmatch(name):
        return texts.NAME
    if owner and not _OWNER.fullmatch(owner):
        return texts.OWNER
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return texts.URL
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query:
        return texts.URL
    github = urlsplit(web_url).hostname or ""
    public = github == "github.com" or github.endswith(".ghe.com")
    if public and (parts.scheme != "https" or _is_private(host)):
        return texts.URL_NOT_PUBLIC
    return ""


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan"))
