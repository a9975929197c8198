"""What a small job costs: handed on by a drain, beside one forked RQ job each.

    python benchmarks/jobs.py [--quick] [--json]

The job does nothing, so what is left is the runner. Both workers are the ones of production. CPU is
that of the worker's process tree (children it has waited for included), the queue server not
counted. Redis commands are counted by the server itself and do not depend on how busy the machine
is. Exit status 1 when a drained delivery costs more than a fifth of a forked job.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from redis import Redis
from rq import Queue

from bot.queue.append import STREAM, Appender
from bot.queue.delivery import Delivery, Failure
from bot.queue.embedded import EmbeddedServer
from bot.queue.wakeups import DELIVERIES, STORIES, enqueue_drain

ROOT = Path(__file__).resolve().parents[1]
BOUND = 0.2
WORKER = """
import sys
from bot.queue.workers import run_worker
from bot.settings import load_settings
run_worker(sys.argv[1], load_settings(), house="benchmarks.jobs")
"""


class IdleHouse:
    """Handles everything by doing nothing."""

    def dispatch(self, deliveries: Sequence[Delivery]) -> Sequence[Failure | None]:
        return [None] * len(deliveries)

    def advance(self, story_id: str) -> float | None:
        return None

    def sweep(self) -> None:
        return None


def house() -> IdleHouse:
    return IdleHouse()


def drained(server: EmbeddedServer, redis: Redis, jobs: int) -> dict[str, float]:
    """Deliveries through the inbox, already waiting when the worker starts."""
    appender = Appender(server.url)
    for number in range(jobs):
        appender.append(f"guid-{number}", "ping", b'{"zen": "nothing"}', 1.0)
    enqueue_drain(redis)
    return _run(server, redis, DELIVERIES, jobs, lambda: redis.xlen(STREAM) == 0)


def forked(server: EmbeddedServer, redis: Redis, jobs: int) -> dict[str, float]:
    """The same number of RQ jobs, a fork each."""
    queue = Queue(STORIES, connection=redis)
    for number in range(jobs):
        queue.enqueue("bot.queue.jobs.advance_story", f"story-{number}", result_ttl=0)
    idle = "state"
    return _run(
        server,
        redis,
        STORIES,
        jobs,
        lambda: queue.count == 0 and all(redis.hget(w, idle) == b"idle" for w in _workers(redis)),
    )


def _workers(redis: Redis) -> list[bytes]:
    return list(redis.smembers("rq:workers"))


def _run(server: EmbeddedServer, redis: Redis, kind: str, jobs: int, is_done) -> dict[str, float]:
    environ = {"TOWPATH_REDIS_URL": server.url, "PYTHONPATH": str(ROOT)}
    before = int(redis.info("stats")["total_commands_processed"])
    worker = subprocess.Popen([sys.executable, "-c", WORKER, kind], env=os.environ | environ)
    try:
        while not redis.exists("rq:workers"):
            time.sleep(0.001)
        began, asked = time.perf_counter(), 0
        cpu = _cpu(worker.pid)
        while not is_done():
            asked += 1
            time.sleep(0.01)
        seconds, spent = time.perf_counter() - began, _cpu(worker.pid) - cpu
        after = int(redis.info("stats")["total_commands_processed"])
    finally:
        worker.kill()
        worker.wait()
    return {
        "cpu_ms": 1000 * spent / jobs,
        "jobs_per_second": jobs / seconds,
        "redis_commands": (after - before - 3 * asked) / jobs,  # about: our own looks taken off
    }


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(fields[n]) for n in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer jobs")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    chosen = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as made:
        server = EmbeddedServer(Path(made))
        server.start()
        try:
            with Redis.from_url(server.url) as redis:
                for name, run, jobs in (
                    ("drained", drained, 2_000 if chosen.quick else 20_000),
                    ("forked", forked, 50 if chosen.quick else 300),
                ):
                    redis.flushall()
                    found[name] = run(server, redis, jobs)
        finally:
            server.stop()
    ratio = found["drained"]["cpu_ms"] / found["forked"]["cpu_ms"]
    for name, one in found.items():
        print(
            f"{name:8} {one['cpu_ms']:7.3f} CPU ms/job  {one['jobs_per_second']:7.0f} jobs/s  "
            f"{one['redis_commands']:5.2f} Redis commands/job"
        )
    print(f"drained / forked: {ratio:.4f} (bound {BOUND})")
    if chosen.json:
        print(json.dumps({"runners": found, "cpu_ratio": ratio}))
    return 0 if ratio <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
