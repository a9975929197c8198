"""How well the search finds what real changes touched, beside plain BM25 over the same files.

`python benchmarks/localisation.py --rows ROWS.jsonl --repositories FOLDER [--every 3]`

ROWS: one JSON object a line with `id`, `repo` (`owner/name`), `base_commit`, `text`, `gold_files`,
and where known `text_kind`, `hints`, `gold_functions`. FOLDER holds clones as `owner+name`,
`owner+name/repo`, `owner/name` or `name`. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.codebase.blobs import git_dir_of
from bot.codebase.graph import Graph
from bot.codebase.question import ask
from bot.codebase.search import Search, history_of
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import Store

Row = dict
_PLACES = ("{owner}+{name}/repo", "{owner}+{name}", "{owner}/{name}", "{name}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=Path, required=True)
    options.add_argument("--repositories", type=Path, required=True)
    options.add_argument("--every", type=int, default=1, help="only each n-th row")
    options.add_argument("--cache", type=Path, help="a folder to keep; else a temporary one")
    options.add_argument("--predictions", type=Path, help="write answers here, one a line")
    given = options.parse_args()
    rows = [json.loads(line) for line in given.rows.read_text().splitlines()][:: given.every]
    with (
        tempfile.TemporaryDirectory() as temporary,
        Store(given.cache or Path(temporary)) as store,
    ):
        searches = Searches(given.repositories, store)
        answers = [answer(row, searches) for row in rows]
    if given.predictions:
        lines = [
            json.dumps({**found, "id": row["id"]}) for row, found in zip(rows, answers, strict=True)
        ]
        given.predictions.write_text("".join(f"{line}\n" for line in lines))
    report(rows, answers)


class Searches:
    """The search in a row's commit, from the row before if that was of the same repository."""

    def __init__(self, repositories: Path, store: Store) -> None:
        self._repositories, self._store = repositories, store
        self._last: tuple[str, Graph] | None = None

    def at(self, repo: str, commit: str) -> Search:
        git_dir = clone_of(repo, self._repositories)
        if self._last is not None and self._last[0] == repo:
            snapshot = self._last[1].snapshot.advanced(commit)
            graph = self._last[1].advanced(snapshot)
        else:
            snapshot = Snapshot.at(git_dir, commit, self._store)
            graph = Graph.of(snapshot)
        self._last = (repo, graph)
        return Search(snapshot, history_of(snapshot, git_dir), graph)


def answer(row: Row, searches: Searches) -> Row:
    """`files`, `functions`, `plain` (BM25's files) and `ms` of CPU of one row.

    The time is that of the first question to a new search, the slowest.
    """
    search = searches.at(row["repo"], row["base_commit"])
    started = time.process_time()
    found = search.find(row["text"])
    spent = (time.process_time() - started) * 1000
    return {
        "files": [one.path for one in found.files],
        "functions": [f"{one.path}::{one.qualname}" for one in found.definitions],
        "plain": search.plain(ask(row["text"]))[:10],
        "ms": round(spent, 1),
    }


def clone_of(repo: str, repositories: Path) -> Path:
    owner, _, name = repo.partition("/")
    for place in _PLACES:
        folder = repositories / place.format(owner=owner, name=name)
        if folder.is_dir() and (git_dir := git_dir_of(folder)) is not None:
            return git_dir
    raise SystemExit(f"no clone of {repo} in {repositories}")


def report(rows: Sequence[Row], answers: Sequence[Row]) -> None:
    pairs = list(zip(rows, answers, strict=True))
    groups: list[tuple[str, Callable[[Row], bool]]] = [
        ("all", lambda row: True),
        ("no hint in the text", lambda row: "hints" in row and not any(row["hints"].values())),
        ("issues", lambda row: row.get("text_kind", "issue") == "issue"),
        ("commit messages", lambda row: row.get("text_kind") == "commit"),
        *((repo, lambda row, repo=repo: row["repo"] == repo) for repo in repositories_of(rows)),
    ]
    print(f"{'':36}{'n':>4}   Towpath R@1  R@3  R@5 | BM25 R@1  R@3  R@5 | all gold in 1    3    5")
    for name, belongs in groups:
        some = [pair for pair in pairs if belongs(pair[0])]
        if not some:
            continue
        ours = [recall(some, "files", k) for k in (1, 3, 5)]
        plain = [recall(some, "plain", k) for k in (1, 3, 5)]
        whole = [whole_in(some, k) for k in (1, 3, 5)]
        print(f"{name:36}{len(some):4}   {figures(ours)} | {figures(plain)} | {figures(whole)}")
    functions = [pair for pair in pairs if pair[0].get("gold_functions")]
    if functions:
        shares = [share(row["gold_functions"], found["functions"][:10]) for row, found in functions]
        print(f"functions in the first 10: {mean(shares):.3f} (n={len(functions)})")
    times = sorted(found["ms"] for found in answers)
    worst = f"95 of 100 below {times[len(times) * 95 // 100]:.1f}, worst {times[-1]:.1f}"
    print(f"ms of CPU, first query: median {times[len(times) // 2]:.1f}, {worst}")


def repositories_of(rows: Iterable[Row]) -> list[str]:
    return sorted({row["repo"] for row in rows})


def recall(pairs: Iterable[tuple[Row, Row]], key: str, first: int) -> float:
    return mean([share(row["gold_files"], found[key][:first]) for row, found in pairs])


def whole_in(pairs: Iterable[tuple[Row, Row]], first: int) -> float:
    return mean([float(set(row["gold_files"]) <= set(f["files"][:first])) for row, f in pairs])


def share(gold: Sequence[str], found: Sequence[str]) -> float:
    return len(set(gold) & set(found)) / len(set(gold))


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def figures(values: Iterable[float]) -> str:
    return " ".join(f"{value:8.3f}" for value in values)


if __name__ == "__main__":
    main()
