"""Lanes under random faults: `python -m tests.lanes_faults [--items 152 --runs 10 --seed 1]`."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from tests.lanes_faults.interval import clopper_pearson
from tests.lanes_faults.scene import Left, disturb


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=152)
    options.add_argument("--runs", type=int, default=10, help="lane runs for each item")
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    if asked.items < 1 or asked.runs < 1:
        options.error("--items and --runs begin at 1")
    logging.disable(logging.CRITICAL)  # what goes wrong here is meant to
    with tempfile.TemporaryDirectory() as folder:
        left = disturb(
            Path(folder), asked.items, asked.runs, asked.seed, lambda line: print(line, flush=True)
        )
    return told(left, asked.items)


def told(left: Left, items: int) -> int:
    """Print what is left; the exit status."""
    print(f"faults: {', '.join(f'{n} {name}' for name, n in sorted(left.faults.items()))}")
    print(f"runs ended: {', '.join(f'{n} {name}' for name, n in sorted(left.outcomes.items()))}")
    print(share("lane runs came to an end or were taken over", left.ended, left.runs))
    print(share("items are done, or wait for somebody", left.settled, max(items, left.items)))
    for problem in left.problems:
        print(f"WRONG: {problem}")
    return 1 if left.problems or left.ended < left.runs or left.settled < items else 0


def share(what: str, good: int, tried: int) -> str:
    """A share with its exact interval."""
    low, high = clopper_pearson(good, tried)
    return f"{good} of {tried} {what} (95%: {low:.2%} to {high:.2%})"


if __name__ == "__main__":
    sys.exit(main())
