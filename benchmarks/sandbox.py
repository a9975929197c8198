"""What a start in each sandbox costs, beside the same program on the bare host.

    python -m benchmarks.sandbox [--quick] [--json]

Two programs: `true`, and a Python that does nothing. Medians in milliseconds, every round taking
each in turn, so that a busy machine is busy for all. Exit status 1 when the default adapter's
start takes more than 30 ms at the median (by --quick too).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bot.workspace.bubblewrap import Bubblewrap
from bot.workspace.container import Container
from bot.workspace.egress.proxy import Rules
from bot.workspace.egress.way_out import WayOut
from bot.workspace.interpreter import available
from bot.workspace.plain_process import PlainProcess
from bot.workspace.sandbox import Run, Sandbox, SandboxUnavailable

BOUND_MS = 30.0


def main() -> int:
    """Run it; returns the exit status."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--quick", action="store_true", help="fewer rounds, no containers")
    asked.add_argument("--json", action="store_true", help="print one JSON object")
    options = asked.parse_args()
    found = measure(15 if options.quick else 60, containers=not options.quick)
    if options.json:
        print(json.dumps(found))
    else:
        for name, numbers in found["ms"].items():
            shown = "  ".join(f"{what} {ms:7.1f} ({r:4.1f} x)" for what, (ms, r) in numbers.items())
            print(f"{name:28} {shown}")
        print(f"processor time of a start: {found['cpu_ms']:.1f} ms; load {found['load']:.1f}")
        print(f"{'ok  ' if found['met'] else 'FAIL'} bubblewrap, true: median <= {BOUND_MS:g} ms")
    return 0 if found["met"] else 1


def measure(rounds: int, *, containers: bool) -> dict:
    """`ms`: adapter to program to (median in ms, ratio to the bare host)."""
    python = available()[0]
    programs = {"true": ["true"], "python": [str(python.path), "-I", "-S", "-c", "pass"]}
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        tree.chmod(0o755)
        bwrap = Bubblewrap.find()
        if bwrap.owner:
            os.chown(tree, *bwrap.owner)
        with WayOut(bwrap, Rules({})) as way:
            adapters: dict[str, Callable[[list[str]], Run]] = {
                "bare host": _starter(PlainProcess(), tree),
                "bubblewrap": _starter(bwrap, tree),
                "bubblewrap, with a way out": lambda argv: way.run(argv, tree=tree),
            }
            if containers:
                try:
                    found = Container.find()
                    if all(one.ok for one in found.check()):
                        adapters[found.name] = _starter(found, tree)
                except SandboxUnavailable as problem:
                    print(f"no container: {problem}", file=sys.stderr)
            times = {name: {what: [] for what in programs} for name in adapters}
            for number in range(rounds):
                for name, start in adapters.items():
                    if name not in ("podman", "docker") or number < rounds // 4:
                        for what, argv in programs.items():
                            begun = time.monotonic()
                            run = start(argv)
                            times[name][what].append((time.monotonic() - begun) * 1000)
                            assert run.ok, run.text
    medians = {n: {w: statistics.median(t) for w, t in all_.items()} for n, all_ in times.items()}
    bare = medians["bare host"]
    shown = {n: {w: (ms, ms / bare[w]) for w, ms in m.items()} for n, m in medians.items()}
    return {
        "ms": shown,
        "rounds": rounds,
        "load": os.getloadavg()[0],
        "cpu_ms": _cpu(rounds),
        "met": medians["bubblewrap"]["true"] <= BOUND_MS,
    }


def _cpu(rounds: int) -> float:
    """Processor milliseconds of a start of `true` in bubblewrap, ours included."""
    bwrap, before = Bubblewrap.find(), os.times()
    for _ in range(rounds):
        bwrap.run(["true"])
    return (sum(os.times()[:4]) - sum(before[:4])) * 1000 / rounds


def _starter(sandbox: Sandbox, tree: Path) -> Callable[[list[str]], Run]:
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    return lambda argv: sandbox.run(argv, tree=tree, env=env)


if __name__ == "__main__":
    sys.exit(main())
