"""What indexing costs, beside universal-ctags in the same run.

    python -m benchmarks.codebase_index TREE

TREE: a folder of sources or a git repository. CPU seconds of this process and of git, the page
cache warm, median of three, each in a process of its own. Definitions are compared with `ast`.
"""

from __future__ import annotations

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
from pathlib import Path

ROUNDS = 3
AIDER_COLD_S, AIDER_MB = 14.55, 290  # measured apart, on Django 5.2; not installed here
STEPS = ("definitions", "layers", "again", "push", "ast")


def main() -> None:
    if len(sys.argv) == 4:
        print(json.dumps(step(sys.argv[2], Path(sys.argv[1]), Path(sys.argv[3]))))
        return
    tree = Path(sys.argv[1]).resolve()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in STEPS}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as cache:
            for name in STEPS[: len(STEPS) if not found["ast"] else -1]:
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.codebase_index",
                    str(tree),
                    name,
                    cache,
                ]
                out = subprocess.run(command, capture_output=True, check=True, timeout=300)
                found[name].append(json.loads(out.stdout))
    median = {
        name: {key: statistics.median(one[key] for one in rows) for key in rows[0]}
        for name, rows in found.items()
        if rows
    }
    ctags = ctags_cpu(tree)
    ours = median["definitions"]["cpu"]
    print(f"definitions        {ours:7.3f} s CPU, {median['definitions']['found']:.0f} found")
    if ctags:
        print(f"universal-ctags    {ctags:7.3f} s CPU; ratio {ours / ctags:.2f} (bar 2.5)")
    one = median["ast"]
    print(f"equal to ast       {one['files'] - one['different']:.0f} of {one['files']:.0f} files")
    one = median["layers"]
    print(
        f"all layers, cold   {one['cpu']:7.3f} s CPU, {one['wall']:.2f} s, {one['mb']:.0f} MB "
        f"(bars on Django: {AIDER_COLD_S / 3:.2f} s, {AIDER_MB / 4:.0f} MB)"
    )
    print(
        f"all layers, again  {median['again']['cpu']:7.3f} s CPU, {median['again']['wall']:.2f} s"
    )
    one = median["push"]
    print(f"push of one file   {one['ms']:7.1f} ms, worst {one['worst']:.1f} ms (bar 10)")


def step(name: str, tree: Path, cache: Path) -> dict[str, float]:
    """One measurement, in the process that was started for it."""
    from bot.codebase.languages import language_of, python

    files = sorted(p for p in tree.rglob("*.py") if p.is_file() and language_of(p.name))
    if name == "definitions":
        start = cpu()
        found = sum(len(python.definitions(path.read_bytes())) for path in files)
        return {"cpu": cpu() - start, "found": found}
    if name == "ast":
        return compared(files)
    if name == "push":
        return pushed(tree, cache)
    from bot.cli.index_codebase import _measured
    from bot.codebase.store import Store

    begin, start = time.perf_counter(), cpu()
    with Store(cache) as store:
        _measured(tree, None, False, store)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": cpu() - start, "wall": time.perf_counter() - begin, "mb": peak}


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
    took = []
    with Store(cache) as store:
        snapshot = Snapshot.at(copy / ".git", "HEAD", store)
        graph, symbols = Graph.of(snapshot), Symbols.of(snapshot)
        sources = sorted(p for p, one in snapshot.files().items() if 4_000 < one.size < 20_000)
        for path in [p for p in sources if p.endswith(".py")][:: max(1, len(sources) // 8)][:8]:
            with (copy / path).open("a") as file:
                file.write("\n\ndef a_new_function():\n    return 1\n")
            sha = commit()
            begin = time.perf_counter()
            snapshot = snapshot.advanced(sha, [path])
            graph = graph.advanced(snapshot)
            symbols = symbols.advanced(snapshot)
            took.append((time.perf_counter() - begin) * 1000)
    return {"ms": statistics.median(took), "worst": max(took)}


def ctags_cpu(tree: Path) -> float | None:
    """CPU seconds of universal-ctags on the same Python files, or None when it is not there."""
    ctags = shutil.which("ctags")
    if ctags is None:
        return None
    took = []
    for _ in range(ROUNDS):
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
    main()
