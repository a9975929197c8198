"""Whether the journal stays linear: appending, loading with folding, and verifying long streams.

`python -m benchmarks.journal [--quick] [--json] [--url postgresql+psycopg://…]`

Each length has a stream of its own. Appending is told in seconds; loading and verifying in CPU
seconds, best of three. `growth` is the time for an event of the longest stream over that of the
shortest: 1 is linear. Fails (exit status 1) above 1.5.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.story.database import open_database
from bot.story.events import Answered
from bot.story.journal import Journal
from bot.story.machine import fold
from bot.story.vocabulary import Person

BATCH = [
    Answered(comment_id=n, person=Person(id=1, login="ada"), text="x" * 200) for n in range(10)
]
BOUND = 1.5


def append_all(journal: Journal, lengths: list[int]) -> dict[int, float]:
    """Seconds to append each stream's events, ten in a commit.

    The streams grow side by side, each in its own step, so that a busy moment of the machine falls
    on all of them.
    """
    seconds = dict.fromkeys(lengths, 0.0)
    for _ in range(0, lengths[0], 10):
        for length in lengths:
            for _ in range(length // lengths[0]):
                begun = time.perf_counter()
                journal.append(f"s{length}", BATCH, actor="benchmark")
                seconds[length] += time.perf_counter() - begun
    return seconds


def best(work: Callable[[], object]) -> float:
    """CPU seconds of the cheapest of three calls: nothing here waits for a disk."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def measured(url: str, lengths: list[int]) -> dict:
    """Seconds by length, and the growth of each."""
    journal = Journal(open_database(url), lambda: datetime.now(UTC))
    found: dict = {"append": append_all(journal, lengths), "load_and_fold": {}, "verify": {}}
    for length in lengths:
        stream = f"s{length}"
        found["load_and_fold"][length] = best(lambda s=stream: fold(s, journal.load(s)))
        found["verify"][length] = best(lambda s=stream: journal.verify(s))
    first, last = lengths[0], lengths[-1]
    for name, seconds in found.items():
        growth = (seconds[last] / last) / (seconds[first] / first)
        found[name] = {str(length): round(spent, 3) for length, spent in seconds.items()}
        found[name]["growth"] = round(growth, 2)
    return found


def main() -> int:
    """Run it; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the events")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")
    parser.add_argument("--url", help="another database than a new SQLite file")
    options = parser.parse_args()
    lengths = [500, 1000, 2000] if options.quick else [2500, 5000, 10000]
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        found = measured(options.url or f"sqlite:///{name}/journal.db", lengths)
    holds = all(numbers["growth"] <= BOUND for numbers in found.values())
    if options.json:
        print(json.dumps({"seconds": found, "linear": holds}))
    else:
        for name, numbers in found.items():
            print(f"{name}, seconds: {json.dumps(numbers)}")
        print(f"{'ok  ' if holds else 'FAIL'} growth <= {BOUND}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
