"""What a step of the agent costs beside the model: `python -m benchmarks.agent_loop [--quick]
[--json]`.

Two stories of a scripted model, whose task takes 10 turns and 200: time from the end of one model
call to the beginning of the next, with everything that is judged, journalled and synced in it.
Beside it, in the same run, one block appended and synced. Then a story of a dozen calls through the
real library to a loopback server: how much of the request bytes a provider has seen before.
Limits: 5 ms a step at the median (of CPU, where others keep the machine busy), flat; 70 % of the
input read from the cache.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.transition import disk
from bot.queue.embedded import EmbeddedServer
from bot.story.vocabulary import State
from tests.agent.model_server import ModelServer, Prepared
from tests.world import FILES, World

LIMIT_MS, FLAT, SHARE = 5.0, 1.6, 0.7
STORY = ("Add a discount", "total() takes a discount in percent.\n\n- [ ] total([10], 10) is 9")
TEST = "import shop\n\n\ndef test_discount():\n    assert shop.total([10], 10) == 9\n"
EDIT = {
    "path": "shop.py",
    "old": "def total(prices):\n    return sum(prices)",
    "new": "def total(prices, off=0):\n    return sum(prices) * (100 - off) / 100",
}
FINISH = {"outcome": "changed", "subject": "feat: discounts", "evidence": "tests"}
SPEC = {"description": "d", "story_type": "feature", "complexity": 2}
TASK = {"id": "T1", "action": "modify_file", "description": "d", "targets": ["shop.py"]}
LONG = "\n".join(f"line_{n} = {n}" for n in range(1000)) + "\n"

Call = tuple[str, dict[str, Any]]


def looks(number: int) -> list[Call]:
    """Calls that look at another place each."""
    return [("view", {"path": "long.py", "start": n + 1, "end": n + 20}) for n in range(number)]


def script(turns: int) -> dict[str, Any]:
    """A story whose task takes `turns` turns."""
    code = [*looks(turns - 2), ("str_replace", EDIT), ("finish", FINISH)]
    test = [("create", {"path": "tests/test_discount.py", "content": TEST}), ("finish", FINISH)]
    said = {"test": test, "code": code}
    answers = {"analyze": SPEC, "plan": {"tasks": [TASK]}, "review": {"findings": []}}
    return {
        "answers": [{"purpose": name, "output": output} for name, output in answers.items()],
        "turns": [
            {"purpose": name, "say": [{"calls": [{"tool": t, "arguments": a}]} for t, a in calls]}
            for name, calls in said.items()
        ],
    }


class Watched:
    """The model's adapter, with the times at which a turn begins and ends."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.times: list[tuple[float, float]] = []
        self.cpu: list[tuple[float, float]] = []

    def perform(self, effect: Any, permit: Any) -> Any:
        began, cpu = time.perf_counter(), time.thread_time()
        try:
            return self._inner.perform(effect, permit)
        finally:
            if effect.purpose == "code":
                self.times.append((began, time.perf_counter()))
                self.cpu.append((cpu, time.thread_time()))

    def look(self, effect: Any) -> None:
        return None


def world(folder: Path, url: str, environments: Path, **settings: Any) -> World:
    made = World(folder, url, environments, task_turns=300, **settings)
    made.repository({**FILES, "long.py": LONG})
    return made


def steps(url: str, environments: Path, turns: int) -> tuple[list[float], list[float]]:
    """Milliseconds between the turns of a task, first to last: of the wall's clock, of CPU."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:  # /tmp may be memory
        answers = Path(name, "script.yaml")
        answers.write_text(yaml.safe_dump(script(turns)))
        made = world(Path(name), url, environments, model=f"scripted:{answers}")
        try:
            adapters = dict(made.house.performer._adapters)
            watched = adapters["call_model"] = Watched(adapters["call_model"])
            made.house.performer._adapters = adapters
            _finished(made, made.story(*STORY))
        finally:
            made.close()
    return _between(watched.times), _between(watched.cpu)


def _between(times: Sequence[tuple[float, float]]) -> list[float]:
    pairs = itertools.pairwise(times)
    return [(after[0] - before[1]) * 1000 for before, after in pairs]


def _finished(made: World, number: int) -> None:
    story = made.tale(number)
    if story.state is not State.WAITING:
        raise SystemExit(f"the story ended as {story.state}: {story.failure_reason}")


def seen_before(url: str, environments: Path) -> dict[str, float]:
    """Share of the request bytes that stood at the beginning of an earlier request."""
    calls: list[Call] = [
        ("answer", SPEC),
        ("answer", {"tasks": [TASK]}),
        ("view", {"path": "tests/test_shop.py"}),
        ("create", {"path": "tests/test_discount.py", "content": TEST}),
        ("run", {"tests": ["tests/test_discount.py"]}),
        ("finish", FINISH),
        ("view", {"path": "shop.py"}),
        ("search", {"text": "total"}),
        ("str_replace", EDIT),
        ("run", {"tests": ["tests/test_discount.py"]}),
        ("run", {}),
        ("finish", FINISH),
        ("answer", {"findings": []}),
    ]
    with tempfile.TemporaryDirectory() as name, ModelServer() as server:
        server.answers = [Prepared(tool=tool, arguments=given) for tool, given in calls]
        os.environ |= {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "none"}
        made = world(Path(name), url, environments, model="anthropic:claude-sonnet-4-5")
        try:
            _finished(made, made.story(*STORY))
        finally:
            made.close()
        requests = [request["body"] for request in server.requests]
    earlier: list[list[str]] = []
    whole = read = 0
    for body in requests:
        parts = list(_parts(body))
        read += max((_common(parts, one) for one in earlier), default=0)
        whole += sum(map(len, parts))
        earlier.append(parts)
    return {"calls": len(requests), "share": read / whole}


def _parts(body: dict[str, Any]) -> Iterator[str]:
    """A request as the blocks that a cache compares, in their order, without the marks."""
    yield json.dumps(_unmarked(body["tools"]))
    yield from (one["text"] for one in body["system"])
    for message in body["messages"]:
        for block in message["content"]:
            yield message["role"] + json.dumps(_unmarked(block))


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _unmarked(v) for k, v in value.items() if k != "cache_control"}
    return [_unmarked(one) for one in value] if isinstance(value, list) else value


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    size = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        size += len(a)
    return size


def synced(rounds: int) -> float:
    """Milliseconds of one block appended and synced, at the median."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        write, times = disk(Path(name, "file"), grows=True), []
        for _ in range(rounds):
            began = time.perf_counter()
            write()
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    many = 100 if asked.quick else 200
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "queue")
        url, environments = server.start(), Path(folder) / "environments"
        environments.mkdir()
        try:
            few, few_cpu = steps(url, environments, 10)
            lot, lot_cpu = steps(url, environments, many)
            cache = seen_before(url, environments)
        finally:
            server.stop()
    found = {
        "ms a step, 10 steps": statistics.median(few),
        f"ms a step, {many} steps": statistics.median(lot),
        "of CPU, 10 steps": statistics.median(few_cpu),
        f"of CPU, {many} steps": statistics.median(lot_cpu),
        "last 20 / first 20, CPU": statistics.median(lot_cpu[-20:])
        / statistics.median(lot_cpu[:20]),
        "a block synced, ms": synced(100),
        "calls of a story": cache["calls"],
        "read from the cache": cache["share"],
    }
    if asked.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:24} {value:8.3f}")
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)  # then the clock counts what others do
    held = (
        found[f"{'of CPU' if busy else 'ms a step'}, {many} steps"] <= LIMIT_MS,
        found["last 20 / first 20, CPU"] <= FLAT,
        found["read from the cache"] >= SHARE,
    )
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
