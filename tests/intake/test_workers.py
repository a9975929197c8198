"""Workers and the clock as real processes: nothing is lost when one of them dies."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue

from bot.queue import jobs
from bot.queue.embedded import EmbeddedServer
from bot.queue.inbox import Inbox
from bot.queue.wakeups import LANES, STORIES, enqueue_advance, enqueue_drain
from tests.intake.conftest import (
    DELIVERIES_WORKER,
    STORIES_WORKER,
    Append,
    Start,
    starting,
    until,
)

CLOCK = """
from bot.queue.clock import run_clock
from bot.settings import load_settings
run_clock(load_settings())
"""


def said(redis: Redis, key: str) -> list[str]:
    return [one.decode() for one in redis.lrange(f"test:{key}", 0, -1)]


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_worker_killed_in_the_middle_of_a_batch_loses_no_delivery(
    redis: Redis, start: Start, append: Append
) -> None:
    inbox = Inbox(redis)
    for number in range(10):
        action = "kill" if number == 4 else "opened"
        append(f"guid-{number}", "issues", b'{"action": "%s"}' % action.encode(), 1.0)
    enqueue_drain(redis)
    first = start(DELIVERIES_WORKER)
    assert first.wait(20) == -signal.SIGKILL
    assert inbox.counts().taken == 10

    for entry in redis.xpending_range("towpath:deliveries", "towpath", "-", "+", 100):
        redis.xclaim(  # half a minute goes by
            "towpath:deliveries", "towpath", "drain", 0, [entry["message_id"]], idle=31_000,
            retrycount=1, justid=True,
        )  # fmt: skip
    enqueue_drain(redis)
    start(DELIVERIES_WORKER)
    until(lambda: redis.xlen("towpath:deliveries") == 0)
    assert set(said(redis, "seen")) == {f"guid-{number}" for number in range(10)}
    assert inbox.counts().dead == 0


def test_a_wake_up_while_the_story_runs_leads_to_another_run(redis: Redis, start: Start) -> None:
    start(STORIES_WORKER)
    assert enqueue_advance(redis, "slow-1")
    until(lambda: said(redis, "began") == ["slow-1"])
    assert enqueue_advance(redis, "slow-1")
    assert not enqueue_advance(redis, "slow-1")
    redis.set("test:go", 1)
    until(lambda: said(redis, "advanced") == ["slow-1", "slow-1"])


def test_wake_ups_from_many_places_at_once_queue_one_run(redis: Redis, start: Start) -> None:
    code = f"""
from redis import Redis
from bot.queue.wakeups import enqueue_advance
redis = Redis.from_url({redis.connection_pool.connection_kwargs["path"]!r}.join(("unix://", "")))
redis.incr("test:ready")
while int(redis.get("test:ready")) < 4: pass
for number in range(50): enqueue_advance(redis, "story")
"""
    callers = [start(code) for _ in range(4)]
    assert [caller.wait(20) for caller in callers] == [0] * 4
    assert Queue(STORIES, connection=redis).count == 1


def test_a_wake_up_is_not_swallowed_by_a_job_that_died(redis: Redis) -> None:
    assert enqueue_advance(redis, "story")
    Queue(STORIES, connection=redis).empty()  # as if the job had been lost
    assert enqueue_advance(redis, "story")


def test_a_work_horse_dies_with_its_worker(redis: Redis, start: Start) -> None:
    worker = start(STORIES_WORKER)
    enqueue_advance(redis, "slow-2")
    until(lambda: said(redis, "pids"))
    horse = int(said(redis, "pids")[0])
    assert horse != worker.pid
    assert alive(horse)
    worker.kill()
    worker.wait(5)
    until(lambda: not alive(horse), seconds=3)


def test_a_story_whose_worker_was_killed_can_be_woken_again_at_once(
    redis: Redis, start: Start
) -> None:
    worker = start(STORIES_WORKER)
    enqueue_advance(redis, "slow-3")
    until(lambda: said(redis, "began"))
    worker.kill()
    redis.set("test:go", 1)
    assert enqueue_advance(redis, "slow-3")
    start(STORIES_WORKER)
    until(lambda: said(redis, "advanced") == ["slow-3"])


def test_sigterm_lets_the_job_at_hand_end(redis: Redis, start: Start) -> None:
    worker = start(STORIES_WORKER)
    enqueue_advance(redis, "slow-4")
    until(lambda: said(redis, "began"))
    worker.terminate()
    time.sleep(0.3)
    assert worker.poll() is None
    redis.set("test:go", 1)
    assert worker.wait(10) == 0
    assert said(redis, "advanced") == ["slow-4"]


def test_sigterm_ends_idle_processes_at_once(redis: Redis, start: Start) -> None:
    processes = [start(code) for code in (DELIVERIES_WORKER, STORIES_WORKER, CLOCK)]
    until(lambda: redis.scard("rq:workers") == 2 and redis.exists("towpath:clock"))
    began = time.monotonic()
    for process in processes:
        process.terminate()
    assert [process.wait(30) for process in processes] == [0, 0, 0]
    assert time.monotonic() - began < 15


def test_a_worker_asked_to_end_ends_when_the_queue_goes_away_meanwhile(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.start()
    with starting(server) as begin, Redis.from_url(server.url) as redis:
        worker = begin(STORIES_WORKER)
        enqueue_advance(redis, "slow-6")
        until(lambda: said(redis, "began"))
        worker.terminate()
        time.sleep(0.3)
        server.stop()
        assert worker.wait(30) == 0


def test_small_jobs_run_in_the_worker_itself(redis: Redis, start: Start, append: Append) -> None:
    worker = start(DELIVERIES_WORKER)
    for number in range(100):
        append(f"guid-{number}", "ping", b"{}", 1.0)
    enqueue_drain(redis)
    until(lambda: redis.xlen("towpath:deliveries") == 0)
    assert worker.poll() is None
    assert sorted(said(redis, "batches"), key=int)[-1] == "32"


def test_the_clock_sweeps_and_a_sweep_drains_what_no_drain_was_queued_for(
    redis: Redis, start: Start, append: Append
) -> None:
    append("guid-1", "ping", b"{}", 1.0)  # and the web process died right here
    start(DELIVERIES_WORKER)
    start(CLOCK, TOWPATH_SWEEP_SECONDS="1")
    until(lambda: said(redis, "seen") == ["guid-1"])
    until(lambda: int(redis.get("test:sweeps") or 0) >= 2)


def test_a_story_that_asks_for_it_is_woken_again_later(redis: Redis, start: Start) -> None:
    start(STORIES_WORKER)
    start(CLOCK)
    enqueue_advance(redis, "again-1")
    until(lambda: said(redis, "advanced") == ["again-1", "again-1"])


def test_lanes_run_when_no_story_waits(redis: Redis, start: Start) -> None:
    clock = start(CLOCK)
    until(lambda: redis.llen("rq:queue:lanes") == 1)
    clock.terminate()
    clock.wait(10)
    for number in range(3):
        enqueue_advance(redis, f"story-{number}")
    start(STORIES_WORKER)
    until(lambda: redis.exists("test:lanes_after"))
    assert redis.get("test:lanes_after") == b"3"


def test_lanes_run_in_the_worker_itself_and_stories_in_forks_of_it(
    redis: Redis, start: Start
) -> None:
    worker = start(STORIES_WORKER)
    for number in (1, 2):
        Queue(LANES, connection=redis).enqueue(jobs.run_lanes)
        until(lambda told=number: redis.llen("test:lanes_in") == told)
        enqueue_advance(redis, f"story-{number}")
        until(lambda told=number: redis.llen("test:advanced") == told)
    assert {int(pid) for pid in redis.lrange("test:lanes_in", 0, -1)} == {worker.pid}
    assert worker.pid not in {int(pid) for pid in redis.lrange("test:pids", 0, -1)}


def test_of_two_clocks_one_ticks_and_the_other_takes_over(redis: Redis, start: Start) -> None:
    clocks: list[subprocess.Popen[bytes]] = [
        start(CLOCK, TOWPATH_SWEEP_SECONDS="1") for _ in range(2)
    ]
    start(DELIVERIES_WORKER)
    until(lambda: int(redis.get("test:sweeps") or 0) >= 1)
    began, before = time.monotonic(), int(redis.get("test:sweeps") or 0)
    time.sleep(3.5)
    in_between = int(redis.get("test:sweeps") or 0) - before
    assert in_between <= time.monotonic() - began + 2  # both of them would tick seven times
    holder = next(
        clock for clock in clocks
        if str(clock.pid) == (redis.hget("rq:cron_scheduler:towpath-clock", "pid") or b"").decode()
    )  # fmt: skip
    holder.terminate()
    assert holder.wait(5) == 0
    swept = int(redis.get("test:sweeps") or 0)
    until(lambda: int(redis.get("test:sweeps") or 0) > swept + 1)


def test_the_clock_brings_a_killed_embedded_server_back(tmp_path: Path, start: Start) -> None:
    environ = {"TOWPATH_REDIS_URL": "", "TOWPATH_HOME": str(tmp_path)}
    own = EmbeddedServer(tmp_path)
    with Redis.from_url(own.start()) as redis:
        clock = start(CLOCK, **environ)
        until(lambda: redis.exists("towpath:clock"))
        os.kill(redis.info("server")["process_id"], signal.SIGKILL)
    time.sleep(0.2)
    until(lambda: _answers(own.url), seconds=10)
    assert clock.poll() is None
    clock.terminate()
    clock.wait(10)
    own.stop()


def test_after_an_absence_of_the_queue_everybody_goes_on_and_looks_at_what_was_missed(
    tmp_path: Path, start: Start
) -> None:
    environ = {"TOWPATH_REDIS_URL": "", "TOWPATH_HOME": str(tmp_path)}
    own = EmbeddedServer(tmp_path)
    with Redis.from_url(own.start()) as redis:
        running = [start(code, **environ) for code in (CLOCK, DELIVERIES_WORKER, STORIES_WORKER)]
        until(lambda: redis.exists("towpath:clock") and redis.scard("rq:workers") == 2)
        before = time.time()
        os.kill(redis.info("server")["process_id"], signal.SIGKILL)
    time.sleep(0.2)
    until(lambda: _answers(own.url), seconds=10)
    with Redis.from_url(own.url) as redis:
        until(lambda: said(redis, "away_since"), seconds=20)
        (since,) = said(redis, "away_since")
        assert before - 1 < float(since) < time.time()
        assert [one.poll() for one in running] == [None, None, None]
        enqueue_advance(redis, "story")
        until(lambda: said(redis, "advanced") == ["story"])
    for one in running:
        one.terminate()
        one.wait(10)
    own.stop()


def _answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as redis:
            return bool(redis.ping())
    except RedisError:
        return False


def test_of_delayed_wake_ups_the_earliest_is_kept_and_they_never_multiply(redis: Redis) -> None:
    scheduled = Queue(STORIES, connection=redis).scheduled_job_registry
    assert enqueue_advance(redis, "story", delay=60)
    assert not enqueue_advance(redis, "story", delay=3600)
    assert enqueue_advance(redis, "story", delay=5)
    assert not enqueue_advance(redis, "story", delay=60)
    assert enqueue_advance(redis, "another", delay=60)
    assert scheduled.count == 2
    assert redis.zrange(scheduled.key, 0, 0, withscores=True)[0][1] < time.time() + 7
    assert len(redis.keys("rq:job:*")) == 2


def test_a_wake_up_now_is_not_merged_with_a_delayed_one(redis: Redis) -> None:
    queue = Queue(STORIES, connection=redis)
    assert enqueue_advance(redis, "story", delay=60)
    assert enqueue_advance(redis, "story")
    assert (queue.count, queue.scheduled_job_registry.count) == (1, 1)


def test_a_story_that_always_asks_for_another_run_has_one_scheduled(
    redis: Redis, start: Start
) -> None:
    start(STORIES_WORKER)
    for _ in range(5):
        assert enqueue_advance(redis, "always-1")
        before = len(said(redis, "advanced"))
        until(lambda: len(said(redis, "advanced")) > before)  # noqa: B023
    until(lambda: Queue(STORIES, connection=redis).scheduled_job_registry.count == 1)
