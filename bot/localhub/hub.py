"""The server as an object: what a test or the demo holds in its hand."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.localhub.announce import Announcer
from bot.localhub.app_registry import AppRegistry
from bot.localhub.deliveries import Deliveries, Send, over_http
from bot.localhub.faults import Faults, Wsgi
from bot.localhub.limits import Limits
from bot.localhub.person import Person
from bot.localhub.shapes.urls import Urls
from bot.localhub.state import (
    State,
)
from bot.localhub.tokens import Tokens


class LocalHub(AppRegistry):
    """A GitHub-compatible server: records in memory, bare git repositories under `root`.

    A test world in five lines:

        hub = LocalHub(tmp_path)
        hub.add_user("alice"); repo = hub.create_repository("alice/shop", {"a.py": "x = 1\\n"})
        app = hub.register_app({"name": "Bot", "default_permissions": {"issues": "write"},
                                "default_events": ["issues"]}, webhook_url, webhook_secret)
        with serve(hub) as server:                       # server.url is the API base
            hub.install(app.app_id, ["alice/shop"]); hub.act_as("alice").open_issue(...)

    Repositories are named "owner/name", people by login. Everything that people do goes through
    the same code as REST and sends webhooks; inside `with hub.silently():` (or with
    `act_as(..., silently=True)`) the world changes and no webhook is queued: a lost delivery.

    `clock` gives the times in records (aware UTC, default the real time plus `advance()`);
    `wall` the epoch seconds by which tokens, JWTs and rate limits are judged, because clients
    sign and compare with the real time. `ids` numbers the records, `guids` the deliveries.
    `send` carries webhooks (default: a real POST). `long_tokens` mints installation tokens of
    about 520 characters with dots, which GitHub rolls out.

    Handles for the rest: `faults` (REST and git), `deliveries` (webhook faults, log, settle),
    `limits` (rate limits), `state` (records; read them, change them through methods), `lock`
    (hold it to read several records as one). Methods raise ApiError for unknown names.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        clock: Callable[[], datetime] | None = None,
        wall: Callable[[], float] = time.time,
        ids: Iterator[int] | None = None,
        guids: Iterator[str] | None = None,
        send: Send = over_http,
        long_tokens: bool = False,
    ) -> None:
        self.root = Path(root).resolve()
        (self.root / "repositories").mkdir(parents=True, exist_ok=True)
        # Repositories are made by this process; git's ownership check knows only the directory's.
        (self.root / "gitconfig").write_text("[safe]\n\tdirectory = *\n")
        self._clock = clock or (lambda: datetime.now(UTC))
        self._ahead = timedelta()
        self._muted: ContextVar[bool] = ContextVar("muted", default=False)
        self.wall = wall
        self.lock = threading.RLock()
        self.ids = ids or itertools.count(1000)
        self.state = State()
        self.tokens = Tokens(self.state, wall, long_tokens=long_tokens)
        self.limits = Limits(wall)
        self.faults = Faults()
        guids = guids or (str(uuid.uuid4()) for _ in itertools.count())
        self.deliveries = Deliveries(self.now, self.ids, guids, send)
        self.announce = Announcer(self)
        self.urls = Urls("http://localhub.invalid", "http://localhub.invalid")
        self.manifest_codes: dict[str, dict[str, Any]] = {}
        self.mergeability_lag = 0
        self._application: Wsgi | None = None

    # -- time and silence --------------------------------------------------------------------

    def now(self) -> datetime:
        """The time of records: aware, UTC, whole seconds."""
        return (self._clock() + self._ahead).astimezone(UTC).replace(microsecond=0)

    def advance(self, seconds: float) -> None:
        """Put the clock of records forward."""
        self._ahead += timedelta(seconds=seconds)

    @property
    def muted(self) -> bool:
        return self._muted.get()

    @contextmanager
    def silently(self) -> Iterator[None]:
        """No webhook is queued for what happens inside (in this thread)."""
        token = self._muted.set(True)
        try:
            yield
        finally:
            self._muted.reset(token)

    # -- acting ------------------------------------------------------------------------------

    def user_token(self, login: str) -> str:
        with self.lock:
            return self.tokens.user_token(self.state.account(login))

    def app_user_token(self, login: str, app_id: int) -> str:
        """What a person gets who signs in to an app."""
        with self.lock:
            return self.tokens.app_user_token(self.state.account(login), self.state.apps[app_id])

    def act_as(self, login: str, *, silently: bool = False) -> Person:
        """A small client that does what this person does, past all faults and limits."""
        client = self._client()

        def send(
            method: str, path: str, headers: Mapping[str, str], body: bytes
        ) -> tuple[int, bytes]:
            answer = client.open(
                path,
                method=method,
                base_url=self.urls.html,
                headers=dict(headers),
                data=body,
                content_type="application/json",
            )
            return answer.status_code, answer.get_data()

        return Person(self.user_token(login), send, login=login, silently=silently)

    def resolve_thread(self, login: str, repo: str, number: int, comment: int) -> None:
        """What the button of that name does (GraphQL has no place here)."""
        with self.lock:
            issue, pull = self.state.repository(repo).pull(number)
            thread = [c for c in pull.review_comments if comment in (c.id, c.in_reply_to)]
            self.announce.review_thread("resolved", issue, pull, thread, self.state.account(login))

    def delete_issue(self, login: str, repo: str, number: int) -> None:
        """What an admin's button of that name does; REST has none."""
        with self.lock:
            place = self.state.repository(repo)
            issue = place.issue(number)
            place.deleted.add(number)
            del place.issues[number]
            self.announce.issue("deleted", issue, self.state.account(login))

    def _client(self) -> Any:
        from werkzeug.test import Client

        return Client(self.application)

    # -- the application ---------------------------------------------------------------------

    @property
    def application(self) -> Wsgi:
        """The WSGI application without faults."""
        with self.lock:
            if self._application is None:
                from bot.localhub.wire import make_application

                self._application = make_application(self)
            return self._application

    def close(self) -> None:
        """Stop sending webhooks and let delayed requests go."""
        self.faults.close()
        self.deliveries.close()
