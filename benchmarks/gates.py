"""All gates on a real small project: `python -m benchmarks.gates PATH [--json]`.

PATH: a clone of a Python project whose tests pass, such as Flask's tree. On a copy of it a function
and its test are added, and all gates run with their tools and the project's environment installed
beforehand. Beside them, in the same run: pytest with coverage of the whole project, in the same
sandbox. Limits: wall time 1.3 × the slowest gate, CPU 1.5 × pytest with coverage, a second run on
the same tree 10% of the first. A missed bound is exit status 1.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.gates.local_repository import LocalRepository
from bot.gates.memory import Memory
from bot.gates.runner import judge
from bot.gates.test_run import _NOT_PRODUCT
from bot.gates.toolbox import Toolbox
from bot.gates.workbench import Workbench
from bot.workspace.choose_sandbox import choose_sandbox
from bot.workspace.environment import PYTHON, Environments
from bot.workspace.package_index import PackageIndex
from bot.workspace.sandbox import Limits
from bot.workspace.worktrees import Pool

WALL, CPU, AGAIN = 1.3, 1.5, 0.10
SOURCE = '''

def towpath_twice(value: int) -> int:
    """Return twice the value."""
    if value < 0:
        return -2 * -value
    return value * 2
'''
TEST = """from {module} import towpath_twice


def test_towpath_twice():
    assert towpath_twice(2) == 4
    assert towpath_twice(-2) == -4
"""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("path", type=Path)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--home", type=Path, help="Kept between runs; default: a new one.")
    arguments.add_argument("--json", action="store_true", dest="as_json")
    options = arguments.parse_args()
    _adopt()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "project")
        subprocess.run(["git", "clone", "-q", str(options.path), str(copy)], check=True)
        _change(copy)
        found = _measured(copy, options.home or Path(folder, "home"), options.runs)
    bounds = {"wall": WALL, "cpu": CPU, "again": AGAIN}
    missed = [name for name, most in bounds.items() if found[f"{name}_ratio"] > most]
    found["missed"] = missed
    if options.as_json:
        print(json.dumps(found))
    else:
        for name, most in bounds.items():
            print(f"{name:<6} {found[f'{name}_ratio']:.2f} (at most {most})")
        print({key: value for key, value in found.items() if not key.endswith("_ratio")})
    return 1 if missed else 0


def _change(copy: Path) -> None:
    """Add a function to a module of the package, and a test of it."""
    modules = [
        path
        for path in sorted(copy.glob("src/*/*.py")) + sorted(copy.glob("*/*.py"))
        if not path.name.startswith("_")
        and "test" not in str(path.relative_to(copy))
        and not _NOT_PRODUCT.search(str(path.relative_to(copy)))
    ]
    module = next((path for path in modules if path.name == "helpers.py"), modules[0])
    module.write_text(module.read_text() + SOURCE)
    name = f"{module.parent.name}.{module.stem}"
    (copy / "tests" / "test_towpath_twice.py").write_text(TEST.format(module=name))


def _measured(copy: Path, home: Path, runs: int) -> dict[str, Any]:
    sandbox = choose_sandbox()
    repository = LocalRepository(copy, home / "mirrors")
    change = repository.change()
    pool = Pool(home / "trees", change.mirror, size=6, owner=sandbox.owner)
    environments = Environments(
        home / "environments", change.mirror, pool, sandbox, PackageIndex.of(os.environ)
    )

    def bench() -> Workbench:
        return Workbench(
            change, sandbox=sandbox, toolbox=Toolbox(home / "tools"), pool=pool,
            environments=environments, caches=home / "caches",
        )  # fmt: skip

    memory = Memory(home / "results")
    with bench() as warm:
        judge(change, warm)  # installs everything
        environment = warm.environment()
    assert environment is not None
    rows = []
    for _ in range(runs):
        with pool.checkout(change.head) as tree:
            alone = _timed(lambda path=tree.path: sandbox.run(
                [PYTHON, "-m", "coverage", "run", "--source=.", "--data-file=/tmp/c", "-m",
                 "pytest", "-q", "-p", "no:cacheprovider"],
                tree=path, readonly=environment.readonly, env=environment.env,
                limits=Limits(wall_s=600),
            ))  # fmt: skip
        with bench() as one:
            gates = _timed(lambda one=one: judge(change, one))
        slowest = max(gates.result.results, key=lambda result: result.seconds)
        rows.append({
            "wall_ratio": gates.wall / slowest.seconds, "cpu_ratio": gates.cpu / alone.cpu,
            "alone_wall": alone.wall, "alone_cpu": alone.cpu, "gates_wall": gates.wall,
            "gates_cpu": gates.cpu, "slowest": slowest.name, "alone_status": alone.result.exit_code,
            "blocked": [result.name for result in gates.result.results if result.blocks],
        })  # fmt: skip
    with bench() as one:
        first = _timed(lambda: judge(change, one, memory))
    with bench() as one:
        again = _timed(lambda: judge(change, one, memory))
    middle = sorted(rows, key=lambda row: row["cpu_ratio"])[len(rows) // 2]
    return {
        **{key: round(v, 3) if isinstance(v, float) else v for key, v in middle.items()},
        "wall_ratio": round(sorted(row["wall_ratio"] for row in rows)[len(rows) // 2], 3),
        "again_ratio": round(again.wall / first.wall, 4),
    }


class _Timed:
    def __init__(self, result: Any, wall: float, cpu: float) -> None:
        self.result, self.wall, self.cpu = result, wall, cpu


def _timed(work: Callable[[], Any]) -> _Timed:
    cpu = _cpu()
    wall = time.perf_counter()
    result = work()
    return _Timed(result, time.perf_counter() - wall, _cpu() - cpu)


def _adopt() -> None:
    """Let what a sandbox leaves behind become our child, so that its time is counted."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _cpu() -> float:
    until = time.monotonic() + 2
    while time.monotonic() < until:  # the last ones are still dying
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.02)
        except ChildProcessError:
            break
    own = resource.getrusage(resource.RUSAGE_SELF)
    below = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime


if __name__ == "__main__":
    sys.exit(main())
