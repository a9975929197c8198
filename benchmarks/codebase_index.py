"""What indexing costs, beside universal-ctags and Aider's map in the same run.

    python -m benchmarks.codebase_index TREE [--aider PYTHON] [--rounds 3] [--json]

TREE: a folder of sources or a git repository; the bounds are those for Django 5.2. PYTHON: of an
environment that has aider-chat; without it, what was measured apart is printed as such. CPU seconds
of this process and of git, the page cache warm, the median of the rounds, each step in a process of
its own. Definitions are compared with `ast`. Exit status 1 when a bound is missed.
"""

from __future__ import annotations

import argparse
import ast
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.codebase.snapshot import Snapshot

AIDER_COLD_S, AIDER_MB, AIDER_AGAIN_S = 14.6, 290.0, 3.45  # measured apart, on Django 5.2
STEPS = ("definitions", "layers", "again", "push", "query", "ast")
QUERIES = 10
_AIDER = """
import json, os, resource, subprocess, sys, time
from aider.io import InputOutput
from aider.repomap import RepoMap

class Model:
    info = {}
    def token_count(self, text):
        return len(text) // 4

root = sys.argv[1]
out = subprocess.check_output(["git", "-C", root, "ls-files", "-z"], text=True)
files = [os.path.join(root, name) for name in out.split("\\0") if name]
took = []
for _ in range(2):
    begin = time.perf_counter()
    repo_map = RepoMap(map_tokens=1024, root=root, main_model=Model(), refresh="always",
                       io=InputOutput(yes=True, pretty=False))
    repo_map.get_repo_map([], files)
    took.append(time.perf_counter() - begin)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cold": took[0], "again": took[1], "mb": peak}))
"""


def main() -> int:
    given = _arguments()
    tree = given.tree.resolve()
    if given.step:
        print(json.dumps(step(given.step, tree, given.cache)))
        return 0
    median = _measure(tree, given.rounds)
    rows = list(_rows(median, ctags_cpu(tree, given.rounds), aider(tree, given.aider)))
    if given.json:
        names = ("what", "ours", "bound", "beside")
        print(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
    else:
        for what, ours, bound, beside in rows:
            missed = "" if ours <= bound else "  MISSED"
            print(f"{what:44} {ours:9.3f}  at most {bound:9.3f}  {beside}{missed}")
    return int(any(ours > bound for _, ours, bound, _ in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("--aider", type=Path, metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(tree: Path, rounds: int) -> dict[str, dict[str, float]]:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in STEPS}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            for name in STEPS:
                if name == "ast" and found["ast"]:
                    continue  # counts, no times
                me = [sys.executable, "-m", "benchmarks.codebase_index", str(tree)]
                command = [*me, "--step", name, "--cache", cache]
                out = subprocess.run(command, capture_output=True, check=True, timeout=300)
                found[name].append(json.loads(out.stdout))
    return {
        name: {key: statistics.median(one[key] for one in rows) for key in rows[0]}
        for name, rows in found.items()
    }


def _rows(
    ours: dict[str, dict[str, float]], ctags: float | None, peer: dict[str, float] | None
) -> Iterator[tuple[str, float, float, str]]:
    """(what, ours, the most it may be, beside what)."""
    one = ours["definitions"]
    if ctags:
        beside = f"universal-ctags {ctags:.3f} s CPU; ratio {one['cpu'] / ctags:.2f}"
        yield f"definitions ({one['found']:.0f}), s CPU", one["cpu"], 2.5 * ctags, beside
    else:
        yield "definitions, s CPU", one["cpu"], 0.9, "universal-ctags is not here: 0.36 s elsewhere"
    one = ours["ast"]
    beside = f"Python's ast, {one['files']:.0f} files that parse"
    yield "files with other definitions", one["different"], 0, beside
    name = "Aider" if peer else "Aider, measured apart,"
    peer = peer or {"cold": AIDER_COLD_S, "again": AIDER_AGAIN_S, "mb": AIDER_MB}
    one = ours["layers"]
    yield "six layers cold, s", one["wall"], peer["cold"] / 3, f"{name} {peer['cold']:.2f} s"
    yield "six layers cold, MB", one["mb"], peer["mb"] / 4, f"{name} {peer['mb']:.0f} MB"
    again = f"{name} {peer['again']:.2f} s"
    yield "six layers again, s", ours["again"]["wall"], peer["again"], again
    for name, what, bound in (
        ("push", "update after a push of one file", 10),
        ("query", "query", 100),
    ):
        one = ours[name]
        about = f"{what}, ms (CPU {one['cpu']:.0f}, worst {one['worst']:.0f})"
        yield about, one["ms"], bound, again


def aider(tree: Path, python: Path | None) -> dict[str, float] | None:
    """Its cold and second map, in a copy: it writes its cache into the tree."""
    if python is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns(".aider*"))
        out = subprocess.run(
            [str(python), "-c", _AIDER, str(copy)], capture_output=True, check=True, timeout=300
        )
    return json.loads(out.stdout.splitlines()[-1])


def step(name: str, tree: Path, cache: Path) -> dict[str, float]:
    """One measurement, in the process that was started for it."""
    from bot.codebase.languages import language_of, python

    if name in ("definitions", "ast"):
        files = sorted(p for p in tree.rglob("*.py") if p.is_file() and language_of(p.name))
        if name == "ast":
            return compared(files)
        start = cpu()
        found = sum(len(python.definitions(path.read_bytes())) for path in files)
        return {"cpu": cpu() - start, "found": found}
    if name == "push":
        return pushed(tree, cache)
    from bot.codebase.blobs import git_dir_of
    from bot.codebase.snapshot import Snapshot
    from bot.codebase.store import Store

    git_dir = git_dir_of(tree)

    def opened() -> Snapshot:
        if git_dir is None:
            return Snapshot.of_folder(tree, store)
        return Snapshot.at(git_dir, "HEAD", store)

    with Store(cache) as store:
        if name == "query":
            return asked(opened())
        from bot.codebase.layers import measured

        begin = time.perf_counter()
        measured(opened, git_dir, store)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": time.perf_counter() - begin, "mb": peak}


def asked(snapshot: Snapshot) -> dict[str, float]:
    """A question each about definitions spread over the tree, as their docstrings tell of them."""
    from bot.codebase.graph import Graph
    from bot.codebase.history import History
    from bot.codebase.search import Search

    search = Search(snapshot, History([]), Graph.of(snapshot))
    told = [
        f"{one.name} is wrong: {one.doc} Expected otherwise, see {path}"
        for path, facts in snapshot.outlines().items()
        for one in facts.definitions
        if one.doc
    ]
    took, spent = [], []
    for text in told[:: max(1, len(told) // QUERIES)][:QUERIES]:
        search.find(text)  # an agent asks again and again; what it looks into is then in memory
        begin, start = time.perf_counter(), time.process_time()
        search.find(text)
        took.append((time.perf_counter() - begin) * 1000)
        spent.append((time.process_time() - start) * 1000)
    return {"ms": statistics.median(took), "worst": max(took), "cpu": statistics.median(spent)}


def compared(files: list[Path]) -> dict[str, float]:
    """How many files that parse have other definitions than their syntax tree."""
    from bot.codebase.languages import python

    warnings.simplefilter("ignore")
    parsed = different = 0
    for path in files:
        blob = path.read_bytes()
        try:
            tree = ast.parse(blob)
        except (SyntaxError, ValueError):
            continue
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        want = sorted(
            (n.lineno, n.end_lineno, n.name) for n in ast.walk(tree) if isinstance(n, kinds)
        )
        got = sorted((one.start, one.end, one.name) for one in python.definitions(blob))
        parsed += 1
        different += got != want
    return {"files": parsed, "different": different}


def pushed(tree: Path, cache: Path) -> dict[str, float]:
    """Snapshot, graph and symbols after commits of one file each, in a copy of the tree."""
    from bot.codebase.graph import Graph
    from bot.codebase.snapshot import Snapshot
    from bot.codebase.store import Store
    from bot.codebase.symbols import Symbols

    copy = Path(tempfile.mkdtemp(dir=cache))
    git = ["git", "-C", str(copy), "-c", "user.name=a", "-c", "user.email=a@example.org"]

    def commit() -> str:
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
        return subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()

    shutil.copytree(tree, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
    subprocess.run([*git, "init", "-q"], check=True)
    commit()
    took, spent = [], []
    with Store(cache) as store:
        snapshot = Snapshot.at(copy / ".git", "HEAD", store)
        graph, symbols = Graph.of(snapshot), Symbols.of(snapshot)
        sources = sorted(p for p, one in snapshot.files().items() if 4_000 < one.size < 20_000)
        for path in [p for p in sources if p.endswith(".py")][:: max(1, len(sources) // 8)][:8]:
            with (copy / path).open("a") as file:
                file.write("\n\ndef a_new_function():\n    return 1\n")
            sha = commit()
            begin, start = time.perf_counter(), time.process_time()
            snapshot = snapshot.advanced(sha, [path])
            graph = graph.advanced(snapshot)
            symbols = symbols.advanced(snapshot)
            took.append((time.perf_counter() - begin) * 1000)
            spent.append((time.process_time() - start) * 1000)
    return {"ms": statistics.median(took), "worst": max(took), "cpu": statistics.median(spent)}


def ctags_cpu(tree: Path, rounds: int) -> float | None:
    """CPU seconds of universal-ctags on the same Python files, or None when it is not there."""
    ctags = shutil.which("ctags")
    if ctags is None:
        return None
    took = []
    for _ in range(rounds):
        before = cpu()
        command = [ctags, "-R", "--languages=Python", "-f", "/dev/null", str(tree)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        took.append(cpu() - before)
    return statistics.median(took)


def cpu() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    other = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + other.ru_utime + other.ru_stime


if __name__ == "__main__":
    sys.exit(main())
