"""What Towpath itself costs in a story: `python -m benchmarks.story [--quick] [--json]`.

A scripted story walks from label to merge. Overhead is the wall time of its advances less the time
inside the adapters that do the work (git, sandbox, GitHub, model); the limit is one second a story.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bot.queue.embedded import EmbeddedServer
from bot.stages.story_text import parse_file
from bot.story.vocabulary import State
from tests.walk.test_scripted import SAMPLES, project
from tests.world import World

LIMIT_S = 1.0


class Timed:
    """An adapter whose time is counted by kind."""

    def __init__(self, inner: object, spent: Counter[str]) -> None:
        self._inner, self._spent = inner, spent

    def perform(self, effect: object, permit: object) -> object:
        began = time.perf_counter()
        try:
            return self._inner.perform(effect, permit)
        finally:
            self._spent[effect.kind] += time.perf_counter() - began

    def look(self, effect: object) -> object:
        return self._inner.look(effect)


def one(queue_url: str, environments: Path) -> dict[str, float]:
    """Seconds of one story: total, in adapters, overhead; and its journal's length."""
    with tempfile.TemporaryDirectory() as folder:
        script = f"scripted:{SAMPLES / 'answers.yaml'}"
        world = World(Path(folder), queue_url, environments, model=script)
        try:
            world.repository(project())
            spent: Counter[str] = Counter()
            performer = world.house.performer
            adapters = performer._adapters
            performer._adapters = {k: Timed(a, spent) for k, a in adapters.items()}
            advance, busy = world.house.advance, [0.0]

            def timed(stream: str) -> float | None:
                began = time.perf_counter()
                try:
                    return advance(stream)
                finally:
                    busy[0] += time.perf_counter() - began

            world.house.advance = timed
            number = world.story(*parse_file((SAMPLES / "story.md").read_text()))
            world.say("bob", number, "/approve")
            story = world.tale(number)
            if story.state is not State.DONE:
                raise SystemExit(f"the story ended as {story.state}: {story.failure_reason}")
            inside = sum(spent.values())
            return {
                "total_s": busy[0],
                "adapters_s": inside,
                "overhead_s": busy[0] - inside,
                "events": story.version,
            }
        finally:
            world.close()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "queue")
        url, environments = server.start(), Path(folder) / "environments"
        environments.mkdir()
        try:
            one(url, environments)  # the environment is built once, for all
            runs = [one(url, environments) for _ in range(2 if asked.quick else 7)]
        finally:
            server.stop()
    median = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    median["overhead / limit"] = median["overhead_s"] / LIMIT_S
    if asked.json:
        print(json.dumps(median))
    else:
        for name, value in median.items():
            print(f"{name:18} {value:8.3f}")
    return 0 if median["overhead / limit"] <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
