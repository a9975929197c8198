"""Holding still while GitHub says so (W12).

Promises: after a rate limit no request goes out for that installation before the time GitHub named;
one installation's limit does not stop another. Never sleeps: the caller is told when, and frees its
worker.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from datetime import datetime

from bot.outside.errors import RateLimited

_DEFAULT_SECONDS = 60.0  # GitHub's advice for a secondary limit without Retry-After
_MOST_SECONDS = 24 * 3600.0


class Pauses:
    """Until when each installation (None: the app itself) has to hold still."""

    def __init__(self) -> None:
        self._until: dict[int | None, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def check(self, installation: int | None, now: datetime) -> None:
        """Raise RateLimited while the pause lasts."""
        with self._lock:
            until, limit = self._until.get(installation, (0.0, ""))
        left = until - now.timestamp()
        if left > 0:
            raise RateLimited(
                f"holding still for {left:.0f} s more after a {limit} rate limit",
                limit=limit,
                retry_after=left,
            )

    def note(self, installation: int | None, now: datetime, error: RateLimited) -> None:
        """Remember a limit that was hit."""
        self._set(installation, now.timestamp() + (error.retry_after or 0), error.limit)

    def note_used_up(
        self, installation: int | None, now: datetime, headers: Mapping[str, str]
    ) -> None:
        """Remember that an answer said it was the last one before the primary limit's reset."""
        reset = _number(headers.get("x-ratelimit-reset"))
        if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
            self._set(installation, min(reset, now.timestamp() + _MOST_SECONDS), "primary")

    def _set(self, installation: int | None, until: float, limit: str) -> None:
        with self._lock:
            if until > self._until.get(installation, (0.0, ""))[0]:
                self._until[installation] = (until, limit)


def limit_in(
    status: int, headers: Mapping[str, str], message: str, now: datetime
) -> RateLimited | None:
    """The rate limit that an answer tells of, if it is one (a plain 403 is not)."""
    if status not in (403, 429):
        return None
    said = message.lower()
    after = _number(headers.get("retry-after"))
    reset = _number(headers.get("x-ratelimit-reset"))
    secondary = "secondary rate limit" in said or "abuse detection" in said
    primary = headers.get("x-ratelimit-remaining") == "0" or "api rate limit exceeded" in said
    if after is None and not secondary and not primary and status != 429:
        return None
    limit = "primary" if primary and not secondary and after is None else "secondary"
    if after is None:
        used_up = limit == "primary" and reset is not None
        after = reset - now.timestamp() + 1 if used_up and reset is not None else _DEFAULT_SECONDS
    wait = min(max(after, 1.0), _MOST_SECONDS)
    return RateLimited(f"{limit} rate limit", limit=limit, retry_after=wait, status=status)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else math.nan
    except ValueError:
        return None  # an HTTP date or nonsense: the default wait stands in
    return number if math.isfinite(number) else None
