"""Attempts to get out of a sandbox, each a function; run inside it, one a process.

Promises: needs the standard library only, and no other file of ours (hence the relative imports:
the folder is bound by itself); prints `reached: …` when it got through and `stopped: …` when it
was held; harmless where nothing holds it, since the same attempts run on the bare host as
controls: what it writes is its own, what it kills was made for that.
Never: reaches for anything that the battery did not put there for it.
"""

from __future__ import annotations

import json

from . import (
    on_files,
    on_processes,
    on_resources,
    on_the_kernel,
    on_the_network,
    on_the_worker,
)
from .registry import ATTEMPTS, read

__all__ = [
    "ATTEMPTS",
    "main",
    "on_files",
    "on_processes",
    "on_resources",
    "on_the_kernel",
    "on_the_network",
    "on_the_worker",
]


def main(name: str, targets_file: str) -> None:
    """Try `name`; `targets_file` is JSON that says what there is to reach."""
    targets = json.loads(read(targets_file))
    targets["secret"] = targets.pop("secret_reversed")[::-1]  # so that no search finds that file
    try:
        reached = ATTEMPTS[name](targets)
    except (OSError, MemoryError) as problem:
        print(f"stopped: {type(problem).__name__}: {problem}", flush=True)
        return
    print(f"reached: {reached}" if reached else "stopped: nothing there", flush=True)
