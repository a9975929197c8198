"""Kill the worker at every boundary of the walk: `python -m tests.faults [--every N]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bot.queue.embedded import EmbeddedServer
from tests.faults.walk import Walk, wrong


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--every", type=int, default=1, help="kill at each Nth boundary only")
    options.add_argument("--from", dest="first", type=int, default=1)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "queue")
        url, environments = server.start(), Path(folder) / "environments"
        environments.mkdir()
        try:
            return _kill_everywhere(url, environments, asked.first, asked.every)
        finally:
            server.stop()


def _kill_everywhere(url: str, environments: Path, first: int, every: int) -> int:
    whole = Walk(url, environments)
    problem = wrong(whole.run())
    print(f"undisturbed: {whole.boundaries} boundaries, {problem or 'as wanted'}", flush=True)
    bad = 1 if problem else 0
    tried = range(first, whole.boundaries + 1, every)
    for number in tried:
        left = Walk(url, environments, crash_at=number).run()
        problem = wrong(left)
        bad += bool(problem)
        if problem or number % 20 == 0:
            print(f"killed at {number} ({left.killed_at}): {problem or 'as wanted'}", flush=True)
    print(f"{len(tried) + 1 - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
