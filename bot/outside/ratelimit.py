"""What an answer of GitHub says of its rate limits (W12). Pure; never sleeps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.outside.errors import RateLimited

_DEFAULT_SECONDS = 60.0  # GitHub's advice for a secondary limit without Retry-After
_MOST_SECONDS = 24 * 3600.0


def used_up(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to the reset, where an answer says that it was the last one before that."""
    reset = _number(headers.get("x-ratelimit-reset"))
    if headers.get("x-ratelimit-remaining") != "0" or reset is None:
        return None
    return min(max(reset - now.timestamp(), 0.0), _MOST_SECONDS)


def asked_to_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for, as a number or as a date; None where it says neither."""
    told = headers.get("retry-after")
    seconds = _number(told)
    if seconds is None and told:
        try:
            at = parsedate_to_datetime(told)
        except ValueError:
            return None
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    return None if seconds is None else min(max(seconds, 0.0), _MOST_SECONDS)


def limit_in(
    status: int, headers: Mapping[str, str], message: str, now: datetime
) -> RateLimited | None:
    """The rate limit that an answer tells of, if it is one (a plain 403 is not)."""
    if status not in (403, 429):
        return None
    said = message.lower()
    after = asked_to_wait(headers, now)
    reset = _number(headers.get("x-ratelimit-reset"))
    secondary = "secondary rate limit" in said or "abuse detection" in said
    primary = headers.get("x-ratelimit-remaining") == "0" or "api rate limit exceeded" in said
    if after is None and not secondary and not primary and status != 429:
        return None
    limit = "primary" if primary and not secondary and after is None else "secondary"
    if after is None:
        known = limit == "primary" and reset is not None
        after = reset - now.timestamp() + 1 if known and reset is not None else _DEFAULT_SECONDS
    wait = min(max(after, 1.0), _MOST_SECONDS)
    return RateLimited(f"{limit} rate limit", limit=limit, retry_after=wait, status=status)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
