"""Addresses in answers, all from the one base that the client used.

Promises that a client which follows an address stays on the host and prefix it came by. Never
guesses a host.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from bot.localhub.state import Repository


@dataclass(frozen=True)
class Urls:
    """`api` and `html` without a final slash; `api` ends in /api/v3 for Enterprise clients."""

    api: str
    html: str

    def repo(self, repository: Repository, *parts: object) -> str:
        """`{api}/repos/o/r/...`; parts are quoted, slashes kept."""
        return "/".join([f"{self.api}/repos/{repository.full_name}", *(_part(p) for p in parts)])

    def page(self, repository: Repository, *parts: object) -> str:
        return "/".join([f"{self.html}/{repository.full_name}", *(_part(p) for p in parts)])


def _part(part: object) -> str:
    return quote(str(part), safe="/:{}?=+...#")


def stamp(moment: datetime) -> str:
    """Whole seconds and Z: fractions break clients."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe_stamp(moment: datetime | None) -> str | None:
    return stamp(moment) if moment is not None else None


def node_id(kind: str, number: int) -> str:
    return f"{kind}_" + base64.urlsafe_b64encode(f"{kind}{number}".encode()).decode().rstrip("=")
