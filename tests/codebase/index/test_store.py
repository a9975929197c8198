"""The cache: never believed when damaged, shared by processes, keyed by what is read."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.codebase.embeddings import Lexical, cosine, kept
from bot.codebase.facts import ApiEntry, Definition, FileFacts, Import
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import FILE_NAME, Store
from tests.codebase.index.conftest import Repository

KEY = ("a" * 40, "python")
FACTS = FileFacts(
    (Definition("f", "C.f", "method", 2, 3, "def f()", "Doc \udcff."),),
    (Import("os", ("path", "*"), 2, 1),),
    {"f": 2, "größe": 1},
    ("C",),
    (ApiEntry("route", "GET /", "C.f", 2),),
)


def test_facts_come_back_as_they_were_kept(store: Store) -> None:
    store.write([(KEY, FACTS)])
    assert dict(store.read([KEY])) == {KEY: FACTS}
    assert dict(store.read([(KEY[0], "c")])) == {}
    assert store.known([KEY, ("b" * 40, "python")]) == {KEY}


def test_a_damaged_row_is_dropped_and_made_again(repository: Repository, store: Store) -> None:
    repository.commit({"a.py": "def one(): pass\n", "b.py": "def two(): pass\n"})
    Snapshot.at(repository.git_dir, "HEAD", store)
    with sqlite3.connect(store.path) as other:
        other.execute("update facts set outline = replace(outline, 'one', 'six')")
    again = Snapshot.at(repository.git_dir, "HEAD", store)
    assert [one.name for one in again.definitions_of("a.py")] == ["one"]
    assert [one.name for one in again.definitions_of("b.py")] == ["two"]
    assert store.rates.damaged == 1
    assert Snapshot.at(repository.git_dir, "HEAD", store).facts("a.py").definitions[0].name == "one"


@pytest.mark.parametrize("where", [0, 100, 4096, 9000])
def test_a_file_that_is_overwritten_with_rubbish_is_made_anew(
    repository: Repository, tmp_path: Path, where: int
) -> None:
    repository.commit({f"m{n}.py": f"def f{n}(): pass\n" * 30 for n in range(40)})
    cache = tmp_path / "cache"
    with Store(cache) as store:
        Snapshot.at(repository.git_dir, "HEAD", store)
    with (cache / FILE_NAME).open("r+b") as file:
        file.seek(where)
        file.write(b"\xa5rubbish" * 2_000)
    with Store(cache) as store:
        snapshot = Snapshot.at(repository.git_dir, "HEAD", store)
        found = {path: facts.definitions[0].name for path, facts in snapshot.outlines().items()}
    assert found == {f"m{n}.py": f"f{n}" for n in range(40)}


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_what_is_no_database_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with Store(tmp_path) as store:
        store.write([(KEY, FACTS)])
        assert dict(store.read([KEY])) == {KEY: FACTS}


def test_facts_of_other_readers_are_not_believed(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.write([(KEY, FACTS)])
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute("update about set value = 'an older one'")
    with Store(tmp_path) as store:
        assert dict(store.read([KEY])) == {}


def test_processes_that_index_at_once_agree(repository: Repository, tmp_path: Path) -> None:
    repository.commit({f"m{n}.py": f"import m{n - 1}\ndef f{n}(): pass\n" for n in range(120)})
    code = (
        "import sys; from pathlib import Path\n"
        "from bot.codebase.graph import Graph; from bot.codebase.snapshot import Snapshot\n"
        "from bot.codebase.store import Store; from bot.codebase.symbols import Symbols\n"
        "s = Snapshot.at(Path(sys.argv[1]), 'HEAD', Store(Path(sys.argv[2])))\n"
        "g, y = Graph.of(s), Symbols.of(s)\n"
        "print([(p, g.imports(p), g.importers(p), y.in_file(p)) for p in s.files()])\n"
    )
    command = [sys.executable, "-c", code, str(repository.git_dir), str(tmp_path / "cache")]
    running = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, env={"PYTHONHASHSEED": seed, "PATH": path}
        )
        for seed in ("0", "1", "77")
        for path in ["/usr/bin:/bin"]
    ]
    said = [one.communicate(timeout=60)[0] for one in running]
    assert [one.returncode for one in running] == [0, 0, 0]
    assert said[0] == said[1] == said[2]
    assert b"m119.py" in said[0]


def test_lexical_vectors_put_like_names_near_each_other_and_are_made_once(store: Store) -> None:
    texts = ["def parse_config_file(path)", "ConfigFileParser", "send an e-mail to the user", ""]
    one, near, far, empty = kept(store, Lexical(), texts)
    assert cosine(one, near) > cosine(one, far) + 0.2
    assert cosine(one, one) == pytest.approx(1, abs=1e-5)
    assert cosine(one, empty) == 0
    assert kept(store, Lexical(), texts)[0].tobytes() == one.tobytes()
    assert (store.vector_rates.hits, store.vector_rates.misses) == (4, 4)
