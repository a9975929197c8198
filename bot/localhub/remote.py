"""The control plane of a server in another process.

Promises the same people and the same words as `LocalHub`, over HTTP. Never retries: a loopback
server either answers or is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from bot.localhub.person import Person, Refused

_SECONDS = 60


class RemoteHub:
    """`url` as printed by `python -m bot.localhub --print-ready`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def do(self, command: str, **arguments: Any) -> dict[str, Any]:
        """A command of the control plane (`control.py` lists them); raises Refused."""
        answer = self._session.post(f"{self.url}/_hub/{command}", json=arguments, timeout=_SECONDS)
        if answer.status_code >= 400:
            raise Refused(answer.status_code, answer.json())
        return answer.json()

    def deliveries(self) -> list[dict[str, Any]]:
        return self._session.get(f"{self.url}/_hub/deliveries", timeout=_SECONDS).json()

    def act_as(self, login: str, *, silently: bool = False) -> Person:
        """See `LocalHub.act_as`."""

        def send(
            method: str, path: str, headers: Mapping[str, str], body: bytes
        ) -> tuple[int, bytes]:
            answer = self._session.request(
                method, self.url + path, headers=dict(headers), data=body, timeout=_SECONDS
            )
            return answer.status_code, answer.content

        token = self.do("tokens", login=login)["token"]
        return Person(token, send, login=login, silently=silently)

    def close(self) -> None:
        self._session.close()
