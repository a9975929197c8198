"""What a transition costs beside the disk alone, and what several writers do to each other.

`python -m benchmarks.transition [--quick] [--json] [--url postgresql+psycopg://…]`

Measures in one run, taking turns: 4 KB written and synced over old content, 4 KB written and synced
at the end of a file that grows (as a journal's does), and a transition: one event, the stream's row
and a checked lease. Counts the syncs with strace where that is installed. Then four processes
append at once. Fails (exit status 1) when a bound does not hold.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.story.database import open_database
from bot.story.events import Transitioned
from bot.story.journal import Head, Journal
from bot.story.vocabulary import State

BLOCK = 4096
WRITERS = 4
EVENT = Transitioned(source=State.PLANNING, target=State.CODING, reason="x" * 1500)  # about 2 KB


def transitions(url: str, stream: str) -> Callable[[], object]:
    """A function that makes one transition of `stream`, under a lease."""
    journal = Journal(open_database(url), lambda: datetime.now(UTC))
    lease = journal.acquire(stream, "benchmark", 3600)
    head = Head(State.CODING, title="a story", repository="a/b", issue=1)
    return lambda: journal.append(stream, [EVENT], actor="engine", lease=lease, head=head)


def disk(path: Path, grows: bool) -> Callable[[], object]:
    """A function that writes and syncs one block."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    block, places = os.urandom(BLOCK), 256
    for place in range(0 if grows else places):
        os.pwrite(file, block, place * BLOCK)
    os.fsync(file)
    count = iter(range(10**9))

    def write() -> None:
        place = next(count)
        os.pwrite(file, block, (place if grows else place % places) * BLOCK)
        os.fdatasync(file)

    return write


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def summary(times: list[float]) -> dict[str, float]:
    """p50, p99 and max in milliseconds."""
    ordered = sorted(times)
    at = {"p50": len(ordered) // 2, "p99": len(ordered) * 99 // 100, "max": -1}
    return {name: round(ordered[place], 3) for name, place in at.items()}


def one_writer(url: str, folder: Path, rounds: int) -> dict:
    """Disk and transition, taking turns."""
    works = {
        "overwrite_sync": disk(folder / "old", grows=False),
        "append_sync": disk(folder / "new", grows=True),
        "transition": transitions(url, "one"),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    warm = 400  # SQLite's log has its size from about here on
    for done in range(rounds + warm):
        for name, work in works.items():
            spent = timed(work)
            if done >= warm:
                times[name].append(spent)
    found: dict = {name: summary(spent) for name, spent in times.items()}
    for basis in ("append_sync", "overwrite_sync"):
        ratio = found["transition"]["p50"] / found[basis]["p50"]
        found[f"p50_to_{basis}"] = round(ratio, 2)
    return found


def write_many(url: str, name: str, rounds: int, start, results) -> None:
    """One of the writers: its times, and from when to when."""
    transition = transitions(url, name)
    start.wait()
    begun = time.monotonic()
    times = [timed(transition) for _ in range(rounds)]
    results.put((times, begun, time.monotonic()))


def several_writers(url: str, rounds: int) -> dict:
    """Four processes append to streams of their own."""
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(WRITERS), context.Queue()
    writers = [
        context.Process(target=write_many, args=(url, f"w{n}", rounds, start, results))
        for n in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    ends = [results.get(timeout=300) for _ in writers]
    for writer in writers:
        writer.join()
    found = summary([spent for times, _, _ in ends for spent in times])
    seconds = max(end for _, _, end in ends) - min(begun for _, begun, _ in ends)
    found["max_to_p50"] = round(found["max"] / found["p50"], 1)
    found["per_second"] = round(WRITERS * rounds / seconds)
    return found


def syncs(folder: Path) -> float | None:
    """Syncs of one transition on SQLite: 100 more transitions, counted by strace; None without."""
    if shutil.which("strace") is None:
        return None
    counts = []
    for rounds in (50, 150):
        log = folder / f"strace{rounds}"
        url = f"sqlite:///{folder}/strace{rounds}.db"
        child = [sys.executable, "-m", "benchmarks.transition", "--only", str(rounds), "--url", url]
        calls = "trace=fsync,fdatasync,sync_file_range,msync"
        subprocess.run(["strace", "-f", "-e", calls, "-o", str(log), *child], check=True)
        counts.append(
            len(re.findall(r"\b(?:fsync|fdatasync|sync_file_range|msync)\(", log.read_text()))
        )
    return (counts[1] - counts[0]) / 100


def main() -> int:
    """Run it; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")
    parser.add_argument("--url", help="another database than a new SQLite file")
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)  # for strace
    options = parser.parse_args()
    if options.only:
        transition = transitions(options.url, "s")
        for _ in range(options.only):
            transition()
        return 0
    rounds = 300 if options.quick else 3000
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:  # /tmp may be memory
        folder = Path(name)
        url = options.url or f"sqlite:///{folder}/journal.db"
        found = {
            "one_writer_ms": one_writer(url, folder, rounds),
            "four_writers_ms": several_writers(url, rounds // 3),
            "syncs_per_transition": None if options.url else syncs(folder),
        }
    bounds = {
        "p50 <= 1.5 x an append and its sync": bool(options.url)  # SQLite's bound
        or found["one_writer_ms"]["p50_to_append_sync"] <= 1.5,
        "four writers: max <= 100 x p50": found["four_writers_ms"]["max_to_p50"] <= 100,
        "exactly one sync": found["syncs_per_transition"] in (None, 1.0),
    }
    if options.json:
        print(json.dumps(found | {"bounds": bounds}))
    else:
        for part, numbers in found.items():
            print(f"{part}: {json.dumps(numbers)}")
        for bound, holds in bounds.items():
            print(f"{'ok  ' if holds else 'FAIL'} {bound}")
    return 0 if all(bounds.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
