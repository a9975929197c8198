"""Snapshots, graphs and symbol tables: from nothing and from the commit before, always the same."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest

from bot.codebase.blobs import NoSuchRevision, git_dir_of
from bot.codebase.graph import Graph
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import Store
from bot.codebase.symbols import Symbols
from tests.codebase.index.conftest import Repository


def test_a_second_worktree_of_a_commit_costs_nothing(repository: Repository, store: Store) -> None:
    repository.commit({"a.py": "def one(): pass\n", "b.ts": "function two() {}\n", "c.md": "# c\n"})
    first = Snapshot.at(repository.git_dir, "HEAD", store)
    assert (first.work.parsed, first.work.reused) == (2, 0)
    repository.git("worktree", "add", "-q", "../second", "-b", "other")
    place = git_dir_of(repository.folder.parent / "second")
    assert place is not None
    second = Snapshot.at(place, "HEAD", store)
    assert (second.work.parsed, second.work.reused) == (0, 2)
    assert list(second.files()) == ["a.py", "b.ts", "c.md"]
    assert second.text("c.md") == "# c\n"


def test_the_same_content_at_two_paths_is_read_once(repository: Repository, store: Store) -> None:
    repository.commit({"a.py": "def one(): pass\n", "b/c.py": "def one(): pass\n"})
    snapshot = Snapshot.at(repository.git_dir, "HEAD", store)
    assert snapshot.work.parsed == 1
    assert [s.path for s in Symbols.of(snapshot).find("one")] == ["a.py", "b/c.py"]


def test_links_and_submodules_are_no_files(repository: Repository, store: Store) -> None:
    (repository.folder / "link.py").symlink_to("/etc/passwd")
    sha = repository.commit({"a.py": "def one(): pass\n"})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{sha},sub")
    repository.git("commit", "-q", "-m", "sub")
    assert list(Snapshot.at(repository.git_dir, "HEAD", store).files()) == ["a.py"]
    assert list(Snapshot.of_folder(repository.folder, store).files()) == ["a.py"]


def test_names_that_are_no_utf8_and_odd_paths_are_kept(
    repository: Repository, store: Store
) -> None:
    odd = b"caf\xe9 \xf0\x9f.py".decode("utf-8", "surrogateescape")
    repository.commit({odd: "def one(): pass\n", "a b\nc.py": "def two(): pass\n", "-x.py": "\n"})
    snapshot = Snapshot.at(repository.git_dir, "HEAD", store)
    assert {p: [d.name for d in snapshot.definitions_of(p)] for p in snapshot.files()} == {
        odd: ["one"], "a b\nc.py": ["two"], "-x.py": []
    }  # fmt: skip


def test_a_revision_that_is_not_there_is_refused(repository: Repository, store: Store) -> None:
    repository.commit({"a.py": "x = 1\n"})
    for name in ("nowhere", "--help", "0" * 40):
        with pytest.raises(NoSuchRevision):
            Snapshot.at(repository.git_dir, name, store)


def test_the_folder_is_read_as_it_is_now(repository: Repository, store: Store) -> None:
    repository.commit({"a.py": "def old(): pass\n", ".gitignore": "ignored.py\n"})
    (repository.folder / "a.py").write_text("def fresh(): pass\n")
    (repository.folder / "ignored.py").write_text("def no(): pass\n")
    (repository.folder / "new.py").write_text("def also(): pass\n")
    symbols = Symbols.of(Snapshot.of_folder(repository.folder, store))
    assert [bool(symbols.find(n)) for n in ("old", "fresh", "no", "also")] == [0, 1, 0, 1]


NAMES = [f"name_{n}" for n in range(12)]
PATHS = ["pkg/__init__.py", "pkg/a.py", "pkg/b.py", "pkg/sub/__init__.py", "pkg/sub/c.py",
         "tests/test_a.py", "top.py", "go.mod", "g/one.go", "g/two.go", "h/three.go"]  # fmt: skip


def some_file(path: str, chance: random.Random) -> str:
    names = chance.sample(NAMES, 4)
    if path == "go.mod":
        return "module example.org/m\n"
    if path.endswith(".go"):
        uses = "\n".join(f"  {name.title()}()" for name in names[:2])
        return (
            f'package {path[0]}\nimport "example.org/m/{chance.choice("gh")}"\n'
            f"func {names[2].title()}() {{\n{uses}\n}}\n"
        )
    lines = [
        chance.choice(
            ["from pkg import {}", "from pkg.a import {}", "from pkg.b import *",
             "import pkg.sub.c", "from . import {}", "from .b import {}",
             "from pkg.sub import {}", "import top"]
        ).format(names[0])
        for _ in range(3)
    ]  # fmt: skip
    lines += [f"def {names[1]}():\n    return {names[2]}({names[3]})"]
    return "\n".join(lines) + "\n"


def everything(snapshot: Snapshot, graph: Graph, symbols: Symbols) -> object:
    paths = list(snapshot.files())
    return (
        [(p, snapshot.files()[p].blob, snapshot.facts(p)) for p in paths],
        [(p, graph.imports(p), graph.importers(p), graph.outside(p)) for p in paths],
        graph.cycles(),
        [(n, symbols.find(n), symbols.used_in(n), symbols.uses(n)) for n in (*NAMES, "Name_1")],
        (symbols.names(), symbols.definitions()),
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("told", [True, False], ids=["paths from the push", "git asked"])
def test_going_on_from_the_commit_before_gives_what_starting_anew_gives(
    repository: Repository, store: Store, tmp_path: Path, seed: int, told: bool
) -> None:
    chance = random.Random(seed)
    repository.commit({path: some_file(path, chance) for path in PATHS})
    snapshot = Snapshot.at(repository.git_dir, "HEAD", store)
    graph, symbols = Graph.of(snapshot), Symbols.of(snapshot)
    for step in range(10):
        changed = chance.sample(PATHS, chance.choice((1, 1, 1, 3)))
        there = snapshot.files()
        gone = {p for p in changed if p in there and chance.random() < 0.2}
        files = {p: None if p in gone else some_file(p, chance) for p in changed}
        sha = repository.commit(files)
        snapshot = snapshot.advanced(sha, changed if told else None)
        graph, symbols = graph.advanced(snapshot), symbols.advanced(snapshot)
        with Store(tmp_path / f"fresh-{step}") as other:
            anew = Snapshot.at(repository.git_dir, sha, other)
            assert everything(snapshot, graph, symbols) == everything(
                anew, Graph.of(anew), Symbols.of(anew)
            )


def test_only_what_changed_is_read_again(repository: Repository, store: Store) -> None:
    repository.commit({f"m{n}.py": f"def f{n}(): pass\n" for n in range(30)})
    snapshot = Snapshot.at(repository.git_dir, "HEAD", store)
    before = snapshot.work.parsed
    sha = repository.commit({"m3.py": "def changed(): pass\n", "m4.py": None, "n.py": "x = 1\n"})
    after = snapshot.advanced(sha)
    assert after.work.parsed - before == 2
    assert {c.path for c in after.changes_from(snapshot)} == {"m3.py", "m4.py", "n.py"}
    assert "m4.py" in snapshot.files()
    assert "m4.py" not in after.files()


def test_a_git_process_that_died_is_started_again(repository: Repository, store: Store) -> None:
    repository.commit({"a.py": "def one(): pass\n"})
    snapshot = Snapshot.at(repository.git_dir, "HEAD", store)
    process = snapshot.blobs.objects._process  # type: ignore[attr-defined]
    process.kill()
    process.wait()
    assert snapshot.text("a.py") == "def one(): pass\n"


def test_no_git_process_is_left_when_a_snapshot_is_gone(
    repository: Repository, store: Store
) -> None:
    repository.commit({"a.py": "def one(): pass\n"})
    snapshot = Snapshot.at(repository.git_dir, "HEAD", store)
    process: subprocess.Popen[bytes] = snapshot.blobs.objects._process  # type: ignore[attr-defined]
    del snapshot
    for _ in range(50):
        if process.poll() is not None:
            break
        time.sleep(0.05)
    assert process.poll() is not None
