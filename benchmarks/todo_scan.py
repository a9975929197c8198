"""Marks in comments beside git's own search, a regular expression on lines, and leasot.

`python -m benchmarks.todo_scan TREE [--truth FILE] [--leasot PROGRAM] [--push GIT_DIR] [--json]`

TREE is a folder of sources. Wall and CPU seconds (of this process and its children) are the best of
some runs, taken in turns; the whole tree may take 3 × the CPU of `git grep -nE`, and 0.3 × that of
leasot. Wall times are told too: on a busy machine git's threads and ours do not wait alike.
`--truth`: one of `tests/backlog/truth`, whose lines were judged by reading each: precision and
recall of all four on them. `--push`: the last 100 changes of a repository, each beside one bare
`git rev-parse`; the median may be 2 ×, also of the first push of a repository (`first_`). A worker
starts git while it fetches the branch, and keeps it open from one push to the next.
Exit status 1 where a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.backlog.todo.push import NeedsWhole, changes
from bot.backlog.todo.scan import Folder, scan_folder
from bot.workspace.git import git
from bot.workspace.object_reader import Objects

WORDS = r"\b(TODO|FIXME|HACK|XXX|BUG)\b"
GREP_BOUND, LEASOT_BOUND, PUSH_BOUND, TRUTH_BOUND = 3.0, 0.3, 2.0, 0.99

Lines = set[tuple[str, int]]


def ours(tree: Path) -> Lines:
    found = scan_folder(Folder(tree, tree, None))
    return {(one.path, one.line) for todos in found.values() for one in todos}


def git_grep(tree: Path) -> Lines:
    how = ("grep", "--no-index", "-n", "-z", "-I", "-E", WORDS)
    out = subprocess.run(["git", *how], cwd=tree, capture_output=True, check=False).stdout
    rows = (line.split(b"\0") for line in out.split(b"\n") if line.count(b"\0") >= 2)
    return {(row[0].decode("utf-8", "replace"), int(row[1])) for row in rows}


def of_lines(tree: Path) -> Lines:
    """What a regular expression on lines says: a word after something that begins a comment."""
    sign = re.compile(r"(?:#|//|/?\*|--|;).*" + WORDS)
    found = set()
    for name, number in git_grep(tree):
        lines = (tree / name).read_bytes().split(b"\n")
        if sign.search(lines[number - 1].decode("utf-8", "replace")):
            found.add((name, number))
    return found


def leasot(program: str) -> Callable[[Path], Lines]:
    tags = ["-T", "fixme", "-T", "hack", "-T", "xxx", "-T", "bug"]

    def run(tree: Path) -> Lines:
        names = sorted(tree.rglob("*"))
        kept = [str(one) for one in names if one.suffix in _ITS and one.is_file()]
        found = set()
        for start in range(0, len(kept), 2000):
            some = kept[start : start + 2000]
            how = [program, "-x", "--skip-unsupported", "-r", "json", *tags, *some]
            with tempfile.TemporaryFile() as out:  # it ends before a pipe has all of it
                subprocess.run(how, stdout=out, stderr=subprocess.DEVNULL, check=False)
                out.seek(0)
                told = json.loads(out.read() or b"[]")
            for row in told:
                found.add((str(Path(row["file"]).relative_to(tree)), int(row["line"])))
        return found

    return run


_ITS = frozenset(
    (".py", ".js", ".ts", ".tsx", ".jsx", ".mjs", ".css", ".html", ".sh", ".yml", ".yaml", ".toml")
)


def _cpu() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def timed(tree: Path, ways: dict[str, Callable[[Path], Lines]], rounds: int) -> dict[str, Any]:
    best: dict[str, Any] = {name: {"wall": 1e9, "cpu": 1e9} for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            if name == "leasot" and number:
                continue  # its one run takes as long as all others
            wall, cpu = time.perf_counter(), _cpu()
            found = way(tree)
            wall, cpu = time.perf_counter() - wall, _cpu() - cpu
            row = best[name]
            row |= {"wall": min(row["wall"], wall), "cpu": min(row["cpu"], cpu), "found": found}
    return best


def judged(truth: Path, found: Lines) -> dict[str, Any]:
    """Precision and recall on the lines of the truth."""
    rows = [line.split("\t") for line in truth.read_text("utf-8").splitlines()]
    real = {(path, int(line)) for path, line, kind in rows if kind != "-"}
    told = found & {(path, int(line)) for path, line, _ in rows}
    right = len(told & real)
    return {
        "precision": round(right / len(told), 4) if told else 0.0,
        "recall": round(right / len(real), 4),
        "wrong": sorted(told - real),
        "missed": sorted(real - told),
    }


def pushed(git_dir: Path, count: int) -> dict[str, float]:
    """Milliseconds of a push, beside a git process that does nothing."""
    walk = ("rev-list", "--first-parent", "--no-merges", f"--max-count={count}", "HEAD")
    commits = git(git_dir, *walk).decode().split()
    took: dict[str, list[float]] = {"": [], "first_": [], "bare_": []}
    stays = Objects(git_dir)  # as a worker's does from one push to the next
    for commit in commits:
        fresh = Objects(git_dir)
        fresh.open()
        parent = git(git_dir, "rev-parse", f"{commit}^").decode().strip()  # where it would fetch
        for name, objects in (("first_", fresh), ("", stays)):
            began = time.perf_counter()
            try:
                changes(objects, parent, commit, {})
            except NeedsWhole:
                break
            took[name].append(time.perf_counter() - began)
        fresh.close()
        began = time.perf_counter()
        git(git_dir, "rev-parse", "HEAD")
        took["bare_"].append(time.perf_counter() - began)
    stays.close()
    told: dict[str, float] = {"pushes": len(took[""])}
    for name, times in took.items():
        told[f"{name}p50_ms"] = round(statistics.median(times) * 1000, 2)
        told[f"{name}p99_ms"] = round(statistics.quantiles(times, n=100)[98] * 1000, 2)
    return told


def measured(
    tree: Path, truth: Path | None, program: str | None, git_dir: Path | None, rounds: int
) -> dict[str, Any]:
    ways: dict[str, Callable[[Path], Lines]] = {
        "git grep": git_grep,
        "towpath": ours,
        "lines": of_lines,
    }
    if program:
        ways["leasot"] = leasot(program)
    best = timed(tree, ways, rounds)
    told: dict[str, Any] = {"tree": tree.name, "missed": []}
    for name, row in best.items():
        told[name] = {
            "wall": round(row["wall"], 3), "cpu": round(row["cpu"], 3), "found": len(row["found"]),
        }  # fmt: skip
        if truth:
            told[name] |= judged(truth, row["found"])
            if name != "towpath":
                del told[name]["wrong"], told[name]["missed"]
    told["wall_ratio"] = round(best["towpath"]["wall"] / best["git grep"]["wall"], 2)
    bounds = [("of_grep", best["towpath"]["cpu"] / best["git grep"]["cpu"], GREP_BOUND)]
    if program:
        told["leasot_cpu"] = round(best["towpath"]["cpu"] / best["leasot"]["cpu"], 3)
        bounds.append(("leasot_cpu", told["leasot_cpu"], LEASOT_BOUND))
    if git_dir:
        told["push"] = pushed(git_dir, 30 if rounds < 5 else 100)
        bare = told["push"]["bare_p50_ms"]
        bounds.append(("push", told["push"]["p50_ms"] / bare, PUSH_BOUND))
        bounds.append(("first_push", told["push"]["first_p50_ms"] / bare, PUSH_BOUND))
    for name, value, bound in bounds:
        told[name + "_ratio"] = round(value, 2)
        if value > bound:
            told["missed"].append(name)
    if truth and min(told["towpath"]["precision"], told["towpath"]["recall"]) < TRUTH_BOUND:
        told["missed"].append("truth")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--leasot", metavar="PROGRAM")
    parser.add_argument("--push", type=Path, metavar="GIT_DIR")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    told = measured(
        asked.tree.resolve(), asked.truth, asked.leasot, asked.push, 3 if asked.quick else 7
    )
    print(json.dumps(told, indent=None if asked.json else 2))
    sys.exit(1 if told["missed"] else 0)


if __name__ == "__main__":
    main()
