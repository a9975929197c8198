"""Keys for the REST API, as the journal tells of them (W13).

Promises: what is kept cannot be turned back into a key; a revoked or expired key is worth nothing
from that moment on. Never: keeps, logs or repeats a key's secret.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.story.api_events import ApiKeyMade, ApiKeyRevoked
from bot.story.vocabulary import Person

STREAM = "access:api-keys"
KIND = "access"
SCOPES = ("read", "write", "approve")
_KEY = re.compile(r"towpath_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True)
class ApiKey:
    """A key, without its secret."""

    made: ApiKeyMade
    made_at: datetime
    revoked_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        """Whether it is worth anything."""
        return self.revoked_at is None and now < self.made.expires_at


def keys(recorded: Iterable[Any]) -> dict[str, ApiKey]:
    """All keys ever made, by their id, from the events of `STREAM`."""
    known: dict[str, ApiKey] = {}
    for record in recorded:
        event = record.event
        if isinstance(event, ApiKeyMade):
            known[event.key_id] = ApiKey(event, record.at)
        elif isinstance(event, ApiKeyRevoked) and event.key_id in known:
            before = known[event.key_id]
            known[event.key_id] = ApiKey(before.made, before.made_at, record.at)
    return known


def make(
    person: Person,
    repositories: tuple[tuple[int, str], ...],
    scopes: tuple[str, ...],
    expires_at: datetime,
    subject: str = "",
) -> tuple[str, ApiKeyMade]:
    """A new key (shown once, to its owner) and the fact to append."""
    key_id, secret, salt = secrets.token_hex(6), secrets.token_urlsafe(32), secrets.token_hex(16)
    made = ApiKeyMade(
        key_id=key_id,
        salt=salt,
        hash=_hash(secret, salt),
        person=person,
        repositories=repositories,
        scopes=scopes,
        expires_at=expires_at,
        subject=subject,
    )
    return f"towpath_{key_id}_{secret}", made


def matching(text: str, known: dict[str, ApiKey], now: datetime) -> ApiKey | None:
    """The live key that `text` is, if it is one."""
    parts = _KEY.fullmatch(text)
    key = known.get(parts[1]) if parts else None
    # An unknown id takes as long as a wrong secret.
    salt, kept = (key.made.salt, key.made.hash) if key else ("", "")
    same = hmac.compare_digest(_hash(parts[2] if parts else "", salt), kept)
    return key if key and same and key.live(now) else None


def _hash(secret: str, salt: str) -> str:
    """One round: the secret has 256 random bits, so nobody guesses it faster than by luck."""
    return hashlib.sha256(f"{salt}:{secret}".encode()).hexdigest()
