"""How many requests anybody may make in a minute (W13).

Promises: counted in the queue server, so for all web processes together; the answer says how many
are left and when there are more. Each tenant (a person, or a key of theirs) has a count of its own.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis import Redis

from bot.door.api.problems import ApiProblem


@dataclass(frozen=True)
class Rate:
    """How a limit stands: `left` requests, and `resets_in` seconds until there are `most` again."""

    most: int
    left: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers writes them."""
        return {
            "RateLimit-Policy": f'"minute";q={self.most};w=60',
            "RateLimit": f'"minute";r={self.left};t={self.resets_in}',
        }


class Rates:
    """Counts requests on the server of `redis`."""

    def __init__(self, redis: Redis) -> None:
        storage = RedisStorage(
            "redis://localhost", connection_pool=redis.connection_pool, key_prefix="towpath:api"
        )
        self._limiter = FixedWindowRateLimiter(storage)

    def count(self, kind: str, tenant: str, most: int) -> Rate:
        """Count one request. Raises ApiProblem 429."""
        item = RateLimitItemPerMinute(most, namespace=kind)
        allowed = self._limiter.hit(item, tenant)
        resets_at, left = self._limiter.get_window_stats(item, tenant)
        rate = Rate(most, left, max(1, math.ceil(resets_at - time.time())))
        if allowed:
            return rate
        headers = {**rate.headers(), "Retry-After": str(rate.resets_in)}
        detail = f"At most {most} a minute; try again in {rate.resets_in} s."
        raise ApiProblem(429, "too_many_requests", detail, headers=headers)
