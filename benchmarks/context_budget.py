"""Are the files that had to change inside an 8,000-token context? (§8, M10)

    python -m benchmarks.context_budget CASES.jsonl --repositories FOLDER [--every N] [--tokens N]

CASES: rows with `repo`, `base_commit`, `text`, `gold_files` and perhaps `gold_functions`. FOLDER
holds a git directory for each repository, as `owner+name`. Beside our context, in the same run:
whole files by BM25 until the budget is full, which is what a plain search would give.
Prints the share of gold files that are shown (with something of their text), of changed functions
shown whole, the tokens used, the time, and how often the caches had an answer.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import mean, median

from bot.codebase.blobs import git_dir_of
from bot.codebase.budget import count_tokens
from bot.codebase.context import Context, heading
from bot.codebase.project import Project
from bot.codebase.question import ask
from bot.codebase.store import Store


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("cases", type=Path)
    arguments.add_argument("--repositories", type=Path, required=True)
    arguments.add_argument("--every", type=int, default=1)
    arguments.add_argument("--tokens", type=int, default=8_000)
    options = arguments.parse_args()
    rows = [json.loads(line) for line in options.cases.read_text().splitlines()][:: options.every]
    folder = options.repositories
    with tempfile.TemporaryDirectory() as cache, Store(Path(cache)) as store:
        results = [_measured(row, folder, store, options.tokens) for row in rows]
    _print("all", results, options.tokens)
    for kind in sorted({one["kind"] for one in results} - {""}):
        _print(kind, [one for one in results if one["kind"] == kind], options.tokens)


def _measured(row: dict, folder: Path, store: Store, tokens: int) -> dict:
    place = folder / row["repo"].replace("/", "+")
    git_dir = git_dir_of(place) or git_dir_of(place / "repo")
    if git_dir is None:
        raise SystemExit(f"no git directory in {place}")
    project = Project.at(git_dir, row["base_commit"], store)
    project.found("")  # the index of the snapshot is made once for all questions
    began = time.perf_counter()
    chosen = project.context(row["text"], tokens)
    seconds = time.perf_counter() - began
    gold = row["gold_files"]
    shown = {one.path: one for one in chosen.shown}
    assert count_tokens(chosen.render()) <= tokens
    plain = _whole_files(project, row["text"], tokens)
    return {
        "kind": row.get("text_kind", ""),
        "shown": mean(path in shown and bool(shown[path].text.strip()) for path in gold),
        "plain": mean(path in plain for path in gold),
        "bodies": _bodies(row, project, chosen),
        "forms": Counter(shown[path].form if path in shown else "absent" for path in gold),
        "tokens": chosen.tokens,
        "seconds": seconds,
    }


def _whole_files(project: Project, text: str, tokens: int) -> set[str]:
    chosen: set[str] = set()
    for path in project.search.plain(ask(text))[:50]:
        cost = count_tokens(heading(path, "whole") + (project.snapshot.text(path) or ""))
        if cost <= tokens:
            chosen.add(path)
            tokens -= cost
    return chosen


def _bodies(row: dict, project: Project, chosen: Context) -> float | None:
    """The share of changed functions whose whole text is shown."""
    wanted = [name.split("::") for name in row.get("gold_functions", ())]
    shown = {one.path: one.text for one in chosen.shown}
    whole = 0
    for path, name in wanted:
        lines = (project.snapshot.text(path) or "").splitlines()
        for one in project.snapshot.definitions_of(path):
            if one.qualname == name:
                whole += "\n".join(lines[one.start - 1 : one.end]) in shown.get(path, "")
                break
    return whole / len(wanted) if wanted else None


def _print(name: str, results: list[dict], tokens: int) -> None:
    bodies = [one["bodies"] for one in results if one["bodies"] is not None]
    forms = sum((one["forms"] for one in results), Counter())
    times = [one["seconds"] * 1000 for one in results]
    print(
        f"{name:8} n={len(results)} gold files in {tokens} tokens: "
        f"{mean(one['shown'] for one in results):.3f} "
        f"(whole files by BM25: {mean(one['plain'] for one in results):.3f}), "
        f"changed functions whole: {f'{mean(bodies):.3f}' if bodies else '-'}, "
        f"tokens used {mean(one['tokens'] for one in results):.0f}, "
        f"ms median {median(times):.0f} max {max(times):.0f}, forms {dict(sorted(forms.items()))}",
        flush=True,
    )


if __name__ == "__main__":
    main()
