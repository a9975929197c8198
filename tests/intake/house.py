"""A house for real worker processes: it writes down what it was asked, in Redis.

What it does with a delivery or a story stands in the delivery or the story id, so that a test can
have a worker die, fail or dawdle at the moment it chooses.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from datetime import datetime

from redis import Redis

from bot.queue.delivery import Delivery, Failure, NotReady
from bot.queue.embedded import redis_url
from bot.settings import load_settings


class RecordingHouse:
    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def dispatch(self, deliveries: Sequence[Delivery]) -> Sequence[Failure | None]:
        self.redis.rpush("test:batches", len(deliveries))
        return [self._handle(one) for one in deliveries]

    def _handle(self, one: Delivery) -> Failure | None:
        self.redis.rpush("test:seen", one.guid)
        match one.action:
            case "kill" if self.redis.incr("test:kills") <= int(one.payload.get("times", 1)):
                os.kill(os.getpid(), signal.SIGKILL)
            case "raise":
                raise ValueError("a handler with a bug")
            case "fail":
                return Failure("this one cannot be handled")
            case "refuse":
                return Failure("this one never can", final=True)
            case "database-away" if self.redis.incr("test:away") == 1:
                raise NotReady("database away")
        return None

    def given_up(self, delivery: Delivery, error_id: str) -> None:
        self.redis.rpush("test:given_up", delivery.guid)

    def advance(self, story_id: str) -> float | None:
        self.redis.rpush("test:pids", os.getpid())
        self.redis.rpush("test:began", story_id)
        if story_id.startswith("slow"):
            while not self.redis.exists("test:go"):
                time.sleep(0.01)
        self.redis.rpush("test:advanced", story_id)
        if story_id.startswith("again") and self.redis.incr(f"test:{story_id}") == 1:
            return 0.2
        return 600 if story_id.startswith("always") else None

    def sweep(self) -> None:
        self.redis.incr("test:sweeps")

    def run_lanes(self) -> None:
        self.redis.rpush("test:lanes_in", os.getpid())
        self.redis.set("test:lanes_after", self.redis.llen("test:advanced"))

    def queue_was_away(self, since: datetime) -> None:
        self.redis.rpush("test:away_since", since.timestamp())


def house() -> RecordingHouse:
    return RecordingHouse(Redis.from_url(redis_url(load_settings())))
