"""How work gets queued: wake a story, drain the inbox.

Promises: a wake-up that arrives while its story is being worked on leads to another run after it;
any number of wake-ups before a run lead to one run. Never: guards against two runs at once (the
lease in the database does), carries facts (a run reads them itself).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from redis import Redis
from redis.exceptions import WatchError
from rq import Queue
from rq.job import Job, JobStatus

from bot.queue.inbox import Inbox

DELIVERIES = "deliveries"
STORIES = "stories"
DRAIN = "bot.queue.jobs.drain_inbox"
ADVANCE = "bot.queue.jobs.advance_story"
DRAIN_TIMEOUT = 60
ADVANCE_TIMEOUT = 4 * 3600
KEEP_FAILED = 24 * 3600


def enqueue_advance(redis: Redis, story_id: str, delay: float | None = None) -> bool:
    """Wake a story now, or in `delay` seconds; True when a job was queued for it.

    False: a job that has not begun yet will see whatever the caller just committed. Commit first,
    then wake. A delayed wake-up is never merged with another one.
    """
    queue = Queue(STORIES, connection=redis)
    options = {
        "job_timeout": ADVANCE_TIMEOUT,
        "result_ttl": 0,
        "failure_ttl": KEEP_FAILED,
        "description": f"advance {story_id}",
    }
    if delay is not None and delay > 0:
        queue.enqueue_in(timedelta(seconds=delay), ADVANCE, story_id, **options)
        return True
    latest = f"towpath:advance:{story_id}"  # the id of the job queued last for this story
    while True:
        with redis.pipeline() as pipe:
            pipe.watch(latest)
            job_id: Any = pipe.get(latest)
            if job_id and _is_queued(redis, job_id.decode()):
                return False
            pipe.multi()
            job = queue.enqueue(ADVANCE, story_id, pipeline=pipe, **options)
            pipe.set(latest, job.id, ex=KEEP_FAILED)
            try:
                pipe.execute()
            except WatchError:  # another wake-up was faster; look whether it is enough
                continue
            return True


def enqueue_drain(redis: Redis) -> None:
    """Queue a drain of the inbox; ask `Inbox.append` or `Inbox.raise_` first whether to."""
    Queue(DELIVERIES, connection=redis).enqueue(
        DRAIN, job_timeout=DRAIN_TIMEOUT, result_ttl=0, ttl=60, failure_ttl=3600, description=DRAIN
    )


def request_drain(redis: Redis) -> None:
    """Queue a drain unless one is queued already."""
    if Inbox(redis).raise_():
        enqueue_drain(redis)


def _is_queued(redis: Redis, job_id: str) -> bool:
    """True while the job's run lies wholly in the future."""
    status = redis.hget(Job.key_for(job_id), "status")
    return status == JobStatus.QUEUED.value.encode()
