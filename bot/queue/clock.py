"""The clock: sweeps at their intervals and delayed wake-ups, on RQ's cron and scheduler.

Promises: of any number of clock processes one ticks, and another takes over within
`LOCK_SECONDS` when it dies; it brings the embedded server back when that was killed, and has all
looked at that an absent queue may have lost.
Never: runs a job itself.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from types import FrameType

from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock
from rq import Queue
from rq.cron import CronScheduler
from rq.scheduler import RQScheduler

from bot.queue import jobs
from bot.queue.embedded import EmbeddedServerError, redis_url
from bot.queue.wakeups import DELIVERIES, DRAIN_TIMEOUT, LANES, LANES_TIMEOUT, STORIES
from bot.settings import Settings

LOCK = "towpath:clock"
LOCK_SECONDS = 15.0
TICK_SECONDS = 0.5
LANES_SECONDS = 30  # how often somebody looks for lanes that are due
NAME = "towpath-clock"  # one name for all: whoever holds our lock takes over RQ's locks at once

log = logging.getLogger(__name__)


def run_clock(settings: Settings) -> None:
    """Tick until SIGTERM or SIGINT (`X1`). Call it in the main thread."""
    stop = threading.Event()

    def request_stop(signum: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGINT, request_stop)
    away_since: float | None = None
    while not stop.is_set():
        try:
            with Redis.from_url(redis_url(settings), socket_timeout=5) as redis:
                redis.ping()
                if away_since is not None:
                    _say_that_it_is_back(redis, away_since)
                    away_since = None
                _tick_while_ours(redis, settings.sweep_seconds, stop)
        except LockError:
            log.warning("clock: another clock has taken over")
        except (RedisError, EmbeddedServerError) as error:
            if away_since is None:  # once an outage
                away_since = time.time()
                log.warning("clock: the queue is away: %s", error)
        stop.wait(1)


def _say_that_it_is_back(redis: Redis, since: float) -> None:
    """Deliveries were refused meanwhile, and what was woken was not heard."""
    log.info("clock: the queue is back")
    Queue(DELIVERIES, connection=redis).enqueue(
        jobs.queue_returned, since, job_timeout=DRAIN_TIMEOUT, result_ttl=0, failure_ttl=3600
    )


def _tick_while_ours(redis: Redis, sweep_seconds: int, stop: threading.Event) -> None:
    lock = Lock(redis, LOCK, timeout=LOCK_SECONDS)
    while not lock.acquire(blocking=False):
        if stop.wait(1):
            return
    try:
        _tick(redis, lock, sweep_seconds, stop)
    finally:
        if lock.owned():
            lock.release()


def _tick(redis: Redis, lock: Lock, sweep_seconds: int, stop: threading.Event) -> None:
    cron = CronScheduler(redis, logging_level=logging.WARNING, name=NAME)
    cron.register(
        jobs.sweep,
        DELIVERIES,
        interval=sweep_seconds,
        job_timeout=DRAIN_TIMEOUT,
        result_ttl=0,
        ttl=2 * sweep_seconds,  # with no worker up, sweeps must not pile up
        failure_ttl=3600,
        name="sweep",
    )
    cron.register(
        jobs.run_lanes,
        LANES,
        interval=LANES_SECONDS,
        job_timeout=LANES_TIMEOUT,
        result_ttl=0,
        ttl=LANES_SECONDS,
        failure_ttl=3600,
        name="lanes",
    )
    delayed = RQScheduler([STORIES], redis, logging_level=logging.WARNING, name=NAME)
    cron.register_birth()
    try:
        while not stop.is_set():
            lock.reacquire()  # raises when it is no longer ours
            if cron.enqueue_jobs():
                cron.save()
            cron.heartbeat()
            delayed.acquire_locks()
            delayed.enqueue_scheduled_jobs()
            stop.wait(TICK_SECONDS)
    finally:
        cron.register_death()
