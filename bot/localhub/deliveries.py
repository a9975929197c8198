"""Webhook deliveries: signed, in order, logged, and misbehaving only on demand.

Promises that one thread sends what was queued, in order, once, and keeps a log from which a
delivery can be sent again under the same guid. As on GitHub, nothing is ever sent again by
itself. Faults are exact (counts and permutations), never random.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import requests

from bot.localhub.state import App, Installation, Repository

ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Reply:
    """What the receiver answered; status 0 when nothing came back."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


Send = Callable[[str, dict[str, str], bytes], Reply]


@dataclass(frozen=True)
class Delivery:
    id: int
    guid: str
    event: str
    action: str | None
    app: App
    installation: Installation | None
    repository: Repository | None
    headers: dict[str, str]
    body: bytes
    delivered_at: datetime
    redelivery: bool = False
    duration: float = 0.0
    reply: Reply = Reply(0)
    dropped: bool = False

    @property
    def payload(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class _Fault:
    kind: str  # drop, duplicate, delay
    times: int
    event: str | None
    seconds: float = 0.0


def over_http(url: str, headers: dict[str, str], body: bytes) -> Reply:
    """Send with a real request; never follows redirects and never reads proxy settings."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                url, data=body, headers=headers, timeout=ANSWER_SECONDS, allow_redirects=False
            )
        except requests.RequestException:
            return Reply(0)
    return Reply(answer.status_code, dict(answer.headers), answer.text[:10_000])


class Deliveries:
    """The queue, the log and the faults of all webhooks of one server."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        ids: Iterator[int],
        guids: Iterator[str],
        send: Send = over_http,
    ) -> None:
        self._clock, self._ids, self._guids, self._send = clock, ids, guids, send
        self._changed = threading.Condition()
        self._waiting: deque[Delivery] = deque()
        self._held: list[Delivery] = []
        self._holding = False
        self._order: list[int] = []
        self._faults: list[_Fault] = []
        self._sending = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        self.log: list[Delivery] = []

    # -- what the server does ----------------------------------------------------------------

    def enqueue(
        self,
        app: App,
        event: str,
        payload: dict[str, Any],
        *,
        installation: Installation | None = None,
        repository: Repository | None = None,
    ) -> str:
        """Queue one delivery; answers its guid."""
        body = json.dumps(payload, separators=(",", ":")).encode()
        guid = next(self._guids)
        delivery = Delivery(
            id=next(self._ids),
            guid=guid,
            event=event,
            action=payload.get("action"),
            app=app,
            installation=installation,
            repository=repository,
            headers=_headers(app, event, guid, body),
            body=body,
            delivered_at=self._clock(),
        )
        with self._changed:
            self._accept(delivery)
        return guid

    def redeliver(self, delivery_id: int) -> Delivery | None:
        """Queue a logged delivery again under its guid; None when it is unknown."""
        with self._changed:
            old = next((one for one in self.log if one.id == delivery_id), None)
            if old is None:
                return None
            again = replace(
                old,
                id=next(self._ids),
                headers=_headers(old.app, old.event, old.guid, old.body),
                redelivery=True,
                dropped=False,
                delivered_at=self._clock(),
            )
            self._waiting.append(again)
            self._start()
            return again

    # -- faults ------------------------------------------------------------------------------

    def drop(self, times: int = 1, event: str | None = None) -> None:
        """Lose the next deliveries: logged with status 0, never sent (until redelivered)."""
        self._add(_Fault("drop", times, event))

    def duplicate(self, times: int = 1, event: str | None = None) -> None:
        """Send the next deliveries twice under one guid."""
        self._add(_Fault("duplicate", times, event))

    def delay(self, seconds: float, times: int = 1, event: str | None = None) -> None:
        """Wait before sending the next deliveries; those behind wait too."""
        self._add(_Fault("delay", times, event, seconds))

    def reorder(self, order: list[int]) -> None:
        """Collect the next len(order) deliveries, then send them in that order ([2, 0, 1])."""
        if sorted(order) != list(range(len(order))):
            raise ValueError("an order is a permutation of 0..n-1")
        with self._changed:
            self._order, self._holding = list(order), bool(order)

    def hold(self) -> None:
        """Collect deliveries until `release`."""
        with self._changed:
            self._order, self._holding = [], True

    @property
    def held(self) -> int:
        """How many are collected."""
        with self._changed:
            return len(self._held)

    def release(self, order: list[int] | None = None) -> None:
        """Send what was collected, by default in the order it came."""
        with self._changed:
            if order is not None and sorted(order) != list(range(len(self._held))):
                raise ValueError(f"an order of the {len(self._held)} held deliveries is needed")
            self._let_go(order if order is not None else list(range(len(self._held))))

    def clear_faults(self) -> None:
        with self._changed:
            self._faults.clear()
            self._let_go(list(range(len(self._held))))

    # -- for tests and for the end -----------------------------------------------------------

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until everything queued was sent (held ones excepted); False when out of time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._sending, timeout=seconds
            )

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(ANSWER_SECONDS + 1)

    # -- inside ------------------------------------------------------------------------------

    def _add(self, fault: _Fault) -> None:
        with self._changed:
            self._faults.append(fault)

    def _accept(self, delivery: Delivery) -> None:
        if self._take(delivery, "drop") is not None:
            self.log.append(replace(delivery, dropped=True))
            return
        copies = 2 if self._take(delivery, "duplicate") is not None else 1
        for copy in itertools.islice(self._copies(delivery), copies):
            if self._holding:
                self._held.append(copy)
                if self._order and len(self._held) == len(self._order):
                    self._let_go(self._order)
            else:
                self._waiting.append(copy)
        self._start()

    def _copies(self, delivery: Delivery) -> Iterator[Delivery]:
        yield delivery
        while True:
            yield replace(delivery, id=next(self._ids))

    def _take(self, delivery: Delivery, kind: str) -> _Fault | None:
        for fault in self._faults:
            if fault.kind == kind and fault.event in (None, delivery.event):
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    def _let_go(self, order: list[int]) -> None:
        self._waiting.extend(self._held[place] for place in order)
        self._held, self._order, self._holding = [], [], False
        self._start()

    def _start(self) -> None:
        if self._thread is None and self._waiting and not self._closed:
            self._thread = threading.Thread(target=self._run, name="localhub-hooks", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                delivery = self._waiting.popleft()
                self._sending += 1
                late = self._take(delivery, "delay")
                if late is not None:
                    self._changed.wait_for(lambda: self._closed, timeout=late.seconds)
            started = time.monotonic()
            try:
                reply = self._send(delivery.app.webhook_url or "", delivery.headers, delivery.body)
            except Exception as error:  # noqa: BLE001 - a broken receiver must not end the thread
                reply = Reply(0, {}, f"{type(error).__name__}: {error}")
            took = round(time.monotonic() - started, 2)
            with self._changed:
                self.log.append(replace(delivery, reply=reply, duration=took))
                self._sending -= 1
                self._changed.notify_all()


def _headers(app: App, event: str, guid: str, body: bytes) -> dict[str, str]:
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/localhub",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid,
        "X-GitHub-Hook-ID": str(app.hook_id),
        "X-GitHub-Hook-Installation-Target-ID": str(app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
    }
    if app.webhook_secret:
        secret = app.webhook_secret.encode()
        headers["X-Hub-Signature"] = "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest()
        digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
        headers["X-Hub-Signature-256"] = f"sha256={digest}"
    return headers
