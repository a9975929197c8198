"""The processes that run jobs.

`deliveries` runs small jobs in its own process, without a fork each (2 ms instead of 14). `stories`
forks for each story, because a stage may run for an hour and may be killed for the memory it takes;
where no story waits, it runs the lanes of backlogs, in its own process: there what GitHub answered,
and the token to which those answers belong, are known from one round to the next.

Promises: the death of a work-horse is noticed at once, of a worker in about half a minute; a
work-horse never outlives its worker; a worker comes back by itself when Redis does; SIGTERM lets
the job at hand end, a second one does not. Never: protects a story from two runs at once.
"""

from __future__ import annotations

import logging
import signal
import time
from enum import StrEnum
from types import FrameType
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker, Worker
from rq.job import Job

from bot.queue.embedded import EmbeddedServerError, redis_url
from bot.queue.jobs import houses
from bot.queue.orphans import die_with_parent
from bot.queue.wakeups import DELIVERIES, LANES, STORIES
from bot.settings import Settings

WORKER_TTL = 20  # an idle worker looks up every WORKER_TTL - 15 seconds
MONITORING_SECONDS = 5
MAINTENANCE_SECONDS = 15
GRACE_SECONDS = 15  # heartbeats may be this late before a job counts as abandoned

log = logging.getLogger(__name__)


class WorkerKind(StrEnum):
    """Which queue a worker serves."""

    DELIVERIES = DELIVERIES
    STORIES = STORIES


class _StopsOnRequest:
    """Remembers that the end of `work()` was asked for; RQ also ends it on a lost connection."""

    max_connection_wait_time = 5.0
    stopping = False

    def request_stop(self, signum: int, frame: Any) -> None:
        self.stopping = True
        super().request_stop(signum, frame)  # type: ignore[misc]


class DeliveriesWorker(_StopsOnRequest, SimpleWorker):
    """Runs jobs in this process."""

    def get_heartbeat_ttl(self, job: Job) -> int:
        return int(job.timeout or 0) + GRACE_SECONDS


class StoriesWorker(_StopsOnRequest, Worker):
    """Forks for each story; the fork dies with this process. Lanes run without one."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        if job.origin == LANES:
            SimpleWorker.execute_job(self, job, queue)  # type: ignore[arg-type]
        else:
            super().execute_job(job, queue)

    def get_heartbeat_ttl(self, job: Job) -> int:
        if job.origin == LANES:  # nobody is beside it to say that it lives
            return int(job.timeout or 0) + GRACE_SECONDS
        return self.job_monitoring_interval + GRACE_SECONDS

    def main_work_horse(self, *args: Any, **kwargs: Any) -> None:
        die_with_parent(self.pid or 0)
        super().main_work_horse(*args, **kwargs)


_CLASSES: dict[WorkerKind, type[DeliveriesWorker | StoriesWorker]] = {
    WorkerKind.DELIVERIES: DeliveriesWorker,
    WorkerKind.STORIES: StoriesWorker,
}


_QUEUES: dict[WorkerKind, tuple[str, ...]] = {  # the first ones first
    WorkerKind.DELIVERIES: (DELIVERIES,),
    WorkerKind.STORIES: (STORIES, LANES),
}


def make_worker(kind: WorkerKind, redis: Redis) -> DeliveriesWorker | StoriesWorker:
    """A worker of this kind with options that notice death in seconds."""
    return _CLASSES[kind](
        list(_QUEUES[kind]),
        connection=redis,
        worker_ttl=WORKER_TTL,
        job_monitoring_interval=MONITORING_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        log_job_description=False,
    )


def run_worker(kind: str, settings: Settings, *, house: str = "bot.wiring") -> None:
    """Run jobs of a kind (`deliveries`, `stories`) until SIGTERM or SIGINT (`X1`).

    `house` names the module whose `house()` makes a `bot.queue.jobs.House`.
    """
    kind_ = WorkerKind(kind)
    houses.source = house
    houses.preload()
    worker: DeliveriesWorker | StoriesWorker | None = None
    while True:
        _end_on_signals()  # RQ's own handlers are for the time inside `work`
        try:
            with Redis.from_url(redis_url(settings)) as redis:
                worker = make_worker(kind_, redis)
                worker.work(logging_level="WARNING")
        except (RedisError, EmbeddedServerError) as error:
            log.warning("%s worker: the queue is away: %s", kind_, error)
        _end_on_signals()
        if worker is not None and worker.stopping:
            return  # also where the queue went away while it was ending
        time.sleep(1)


def _end_on_signals() -> None:
    def end(signum: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
