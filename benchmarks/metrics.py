"""Whether the metrics stay linear in the journal: a tenth of the events beside all of them.

`python -m benchmarks.metrics [--quick] [--json]`

Stories with what a story tells, answers of models among it, and items that get done. CPU seconds,
the best of three; `growth` is the time for an event of the long journal over that of the short one:
1 is linear. Fails (exit status 1) above 1.5.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.journal import best
from bot.metrics import metrics
from bot.story import events as e
from bot.story.database import open_database
from bot.story.item_events import ItemFound, ItemMoved, ItemState
from bot.story.journal import Journal
from bot.story.vocabulary import Person, Repository, State, TestSummary
from tests.backlog.samples import sighting
from tests.journal.samples import ADA, REPOSITORY, Clock

BOUND = 1.5
CALLS = 10  # of a model, in a story
_ANSWER = {"said": "x" * 2000, "usage": {"input_tokens": 900, "cost_usd": 0.01}}
_STATES = (State.RECEIVED, State.ANALYZING, State.PLANNING, State.CODING, State.TESTING,
           State.DEPLOYING, State.VERIFYING, State.DONE)  # fmt: skip
_WAYS = (ItemState.NEW, ItemState.READY, ItemState.DOING, ItemState.PR, ItemState.DONE)


def story(issue: int, repository: Repository, person: Person) -> list[e.Event]:
    """A story from its label to its merge."""
    moves = [e.Transitioned(source=a, target=b) for a, b in pairwise(_STATES)]
    sha = f"{issue:040x}"
    told: list[e.Event] = [
        e.StoryReceived(repository=repository, issue=issue, title="Add a thing", body="so " * 50,
                        author=person, requester=person),
        *moves[:3],
        *(e.EffectPerformed(key=f"{issue}/{n}", effect="call_model", result=_ANSWER)
          for n in range(CALLS)),
        e.Committed(task="t1", sha=sha, parent="0", message="feat: a thing", files=("a.py",)),
        *moves[3:5],
        e.EffectPerformed(key=f"{issue}/m", effect="merge_pull_request", result={"sha": sha[::-1]}),
        moves[5],
        e.Tested(subject="merged", summary=TestSummary(sha=sha, ran=True, ok=True)),
        moves[6],
    ]  # fmt: skip
    return told


def item(number: int) -> list[e.Event]:
    """An item from its finding to its end."""
    seen = sighting(f"item {number}", identities=(f"issue:{number}",))
    moves = [ItemMoved(source=a, target=b, reason="so") for a, b in pairwise(_WAYS)]
    return [ItemFound(repository="7", number=number, sighting=seen), *moves]


def filled(path: Path, events: int) -> tuple[Journal, int]:
    """A journal of about so many events, and how many they are."""
    clock, told = Clock(), 0
    journal = Journal(open_database(f"sqlite:///{path}"), clock)
    number = 0
    while told < events:
        number += 1
        clock.move(3600)
        for stream, facts in (
            (f"story:7:{number}", story(number, REPOSITORY, ADA)),
            (f"item/7/{number}", item(number)),
        ):
            told += len(journal.append(stream, facts, actor="benchmark"))
    return journal, told


def measured(folder: Path, lengths: tuple[int, int]) -> dict[str, Any]:
    """CPU seconds by the number of events, and how they grow."""
    spent: dict[int, float] = {}
    for length in lengths:
        journal, told = filled(folder / f"{length}.db", length)
        until = journal.clock() + timedelta(hours=1)
        since = until - timedelta(days=30)
        spent[told] = best(partial(metrics, journal, "7", since, until))
        journal.engine.dispose()
    (few, short), (many, long) = sorted(spent.items())
    return {
        "seconds": {str(few): round(short, 3), str(many): round(long, 3)},
        "microseconds_an_event": round(1e6 * long / many, 1),
        "growth": round((long / many) / (short / few), 2),
    }


def main() -> int:
    """Run it; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the events")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        found = measured(Path(name), (2_000, 20_000) if options.quick else (10_000, 100_000))
    found["linear"] = found["growth"] <= BOUND
    print(json.dumps(found) if options.json else f"metrics of a journal: {json.dumps(found)}")
    return 0 if found["linear"] else 1


if __name__ == "__main__":
    sys.exit(main())
