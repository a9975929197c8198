"""How work gets queued: wake a story, drain the inbox.

Promises: a wake-up that arrives while its story is being worked on leads to another run after it;
any number of wake-ups before a run lead to one run, so that runs which ask for another one later
never multiply. Never: guards against two runs at once (the lease in the database does), carries
facts (a run reads them itself).
"""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError
from rq import Queue
from rq.job import Job, JobStatus

from bot.queue.inbox import Inbox

DELIVERIES = "deliveries"
STORIES = "stories"
LANES = "lanes"
DRAIN = "bot.queue.jobs.drain_inbox"
ADVANCE = "bot.queue.jobs.advance_story"
DRAIN_TIMEOUT = 60
ADVANCE_TIMEOUT = 4 * 3600
LANES_TIMEOUT = 900
KEEP_FAILED = 24 * 3600
KEEP_POINTER = 366 * 24 * 3600


def enqueue_advance(redis: Redis, story_id: str, delay: float | None = None) -> bool:
    """Wake a story now, or in `delay` seconds; True when a job was queued for it.

    False: a run that has not begun yet will see whatever the caller just committed. Commit first,
    then wake. Of delayed wake-ups the earliest is kept: each run says when it wants the next.
    """
    is_delayed = delay is not None and delay > 0
    # the id of the job queued last for this story, and of the one that is to be queued later
    latest = f"towpath:{'later' if is_delayed else 'advance'}:{story_id}"
    queue = Queue(STORIES, connection=redis)
    while True:
        with redis.pipeline() as pipe:
            pipe.watch(latest)
            known: Any = pipe.get(latest)
            if is_delayed:
                job = _schedule(queue, pipe, story_id, _as_id(known), delay or 0)
            else:
                job = _queue_now(queue, pipe, story_id, _as_id(known))
            if job is None:
                return False
            pipe.set(latest, job.id, ex=KEEP_POINTER)
            try:
                pipe.execute()
            except WatchError:  # another wake-up was faster; look whether it is enough
                continue
            return True


def _queue_now(queue: Queue, pipe: Pipeline, story_id: str, known: str) -> Job | None:
    """A job in `pipe`; None while the known one's run lies wholly in the future."""
    if queue.connection.hget(Job.key_for(known), "status") == JobStatus.QUEUED.value.encode():
        return None
    pipe.multi()
    return queue.enqueue(ADVANCE, story_id, pipeline=pipe, **_options(story_id))


def _schedule(queue: Queue, pipe: Pipeline, story_id: str, known: str, delay: float) -> Job | None:
    """A delayed job in `pipe`, in place of a later one; None when an earlier one is scheduled."""
    due = datetime.fromtimestamp(math.ceil(time.time() + delay), UTC)  # RQ counts whole seconds
    registry = queue.scheduled_job_registry
    already = queue.connection.zscore(registry.key, known)
    if already is not None and already <= due.timestamp():
        return None
    pipe.multi()
    registry.remove(known, pipeline=pipe)
    pipe.delete(Job.key_for(known))
    return queue.enqueue_at(due, ADVANCE, story_id, pipeline=pipe, **_options(story_id))


def _options(story_id: str) -> dict[str, Any]:
    return {
        "job_timeout": ADVANCE_TIMEOUT,
        "result_ttl": 0,
        "failure_ttl": KEEP_FAILED,
        "description": f"advance {story_id}",
    }


def _as_id(known: bytes | None) -> str:
    return known.decode() if known else "none"


def enqueue_drain(redis: Redis) -> None:
    """Queue a drain of the inbox; ask `Inbox.append` or `Inbox.raise_` first whether to."""
    Queue(DELIVERIES, connection=redis).enqueue(
        DRAIN, job_timeout=DRAIN_TIMEOUT, result_ttl=0, ttl=60, failure_ttl=3600, description=DRAIN
    )


def request_drain(redis: Redis) -> None:
    """Queue a drain unless one is queued already."""
    if Inbox(redis).raise_():
        enqueue_drain(redis)


def deliveries_wait(redis: Redis) -> bool:
    """Whether a delivery waits that nobody has looked at yet."""
    return Inbox(redis).counts().waiting > 0
