from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.codebase.graph import Graph
from bot.codebase.history import History
from bot.codebase.search import Search, history_of
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import Store
from tests.codebase.search.conftest import SHOP, Repository

ROOT = Path(__file__).resolve().parents[3]


def test_words_of_a_text_find_the_file_and_the_definition(search: Search) -> None:
    found = search.find("The total price of a basket is wrong")
    assert found.files[0].path == "src/shop/basket.py"
    assert found.definitions[0].qualname == "Basket.total_price"
    assert (found.definitions[0].start, found.definitions[0].end) == (10, 11)


def test_an_abbreviated_or_inflected_text_finds_them_too(search: Search) -> None:
    assert search.find("parsing of currencies").files[0].path == "src/shop/money.py"


def test_tests_are_ranked_apart_and_things_beside_the_source_below_it(search: Search) -> None:
    found = search.find("The total price of a basket is wrong")
    paths = [one.path for one in found.files]
    assert "tests/test_basket.py" not in paths
    assert found.tests[0].path == "tests/test_basket.py"
    assert paths.index("docs/conf.py") > paths.index("src/shop/basket.py")


def test_a_test_that_the_text_names_is_a_file_to_change(search: Search) -> None:
    found = search.find("tests/test_basket.py is flaky")
    assert found.files[0].path == "tests/test_basket.py"


def test_a_test_that_is_only_mentioned_is_not(search: Search) -> None:
    found = search.find("Parse currencies\n\n* Fix tests/test_basket.py")
    assert found.files[0].path == "src/shop/money.py"


def test_a_path_in_the_text_beats_words(search: Search) -> None:
    found = search.find("Basket total price\n\nSee src/shop/mail/letters.py")
    assert "named" in {s for f in found.files if f.path.endswith("letters.py") for s in f.signals}


def test_a_traceback_lifts_the_file_nearest_to_the_error(search: Search) -> None:
    text = 'It crashes\n\n  File "/venv/shop/mail/sender.py", line 3, in deliver\n'
    assert search.find(text).files[0].path == "src/shop/mail/sender.py"


def test_similar_commits_of_the_past_find_what_no_word_in_the_file_says(
    repository: Repository, store: Store
) -> None:
    for number in range(3):
        content = SHOP["src/shop/money.py"] + f"\n# {number}\n"
        repository.commit("Fix Zanzibar dollar handling", {"src/shop/money.py": content})
        repository.commit(f"Unrelated housekeeping {number}", {"notes.txt": str(number)})
    found = Search.at(repository.git_dir, "HEAD", store).find("zanzibar dollar broken")
    assert found.files[0].path == "src/shop/money.py"
    assert found.files[0].signals["history"] == 1.0


def test_commits_after_the_asked_one_are_not_looked_at(
    repository: Repository, store: Store
) -> None:
    before = repository.git("rev-parse", "HEAD")
    content = SHOP["src/shop/money.py"] + "\n# changed\n"
    repository.commit("Fix Zanzibar dollar handling", {"src/shop/money.py": content})
    assert Search.at(repository.git_dir, before, store).find("zanzibar dollar").files == ()


def test_a_search_advanced_to_another_commit_answers_as_one_made_for_it(
    repository: Repository, store: Store
) -> None:
    graph = Graph.of(Snapshot.at(repository.git_dir, "HEAD", store))
    repository.commit(
        "Zanzibar",
        {"src/shop/money.py": None, "src/shop/coins.py": "from shop.basket import Basket\n"},
    )
    fresh = Search.at(repository.git_dir, "HEAD", store)
    snapshot = graph.snapshot.advanced("HEAD")
    past = history_of(snapshot, repository.git_dir)
    advanced = Search(snapshot, past, graph.advanced(snapshot))
    for text in ("zanzibar coins", "total price of a basket", "money"):
        assert advanced.find(text) == fresh.find(text)


def test_a_message_cannot_speak_for_another_commit(repository: Repository, store: Store) -> None:
    first = repository.git("rev-parse", "HEAD")
    lie = f"Odd\n\n\x01{first}\x02zanzibar\x02\nsrc/shop/money.py\n"
    repository.commit(lie, {"notes.txt": "1"})
    past = History.before(repository.git_dir, "HEAD", store).commits
    assert [sorted(one.paths) for one in past] == [["notes.txt"], sorted(SHOP)]
    assert "zanzibar" not in past[1].terms


def test_a_moved_file_keeps_its_past(repository: Repository, store: Store) -> None:
    repository.commit(
        "Fix Zanzibar letters", {"src/shop/mail/sender.py": SHOP["src/shop/mail/sender.py"] + "#\n"}
    )
    repository.commit("Quiet", {"a.txt": "1"})
    repository.commit("Quiet", {"a.txt": "2"})
    (repository.folder / "lib").mkdir()
    repository.git("mv", "src/shop", "lib/shop")
    repository.commit("Move everything", {})
    found = Search.at(repository.git_dir, "HEAD", store).find("zanzibar")
    assert found.files[0].path == "lib/shop/mail/sender.py"


def test_what_the_best_file_imports_is_lifted_over_its_equal(
    repository: Repository, store: Store
) -> None:
    repository.commit(
        "Twins",
        {
            "src/a/one.py": "def gadget():\n    pass\n",
            "src/a/two.py": "def gadget():\n    pass\n",
            "src/a/caller.py": (
                "from a.two import gadget\n\n\ndef widget_gadget_gizmo():\n    gadget()\n"
            ),
        },
    )
    snapshot = Snapshot.at(repository.git_dir, "HEAD", store)
    text = "widget gadget gizmo"
    order = [one.path for one in Search.at(repository.git_dir, "HEAD", store).find(text).files]
    alone = [one.path for one in Search(snapshot, History([])).find(text).files]
    assert order.index("src/a/two.py") < order.index("src/a/one.py")
    assert alone.index("src/a/one.py") < alone.index("src/a/two.py")


def test_scores_are_explained_by_the_signals_that_made_them(search: Search) -> None:
    best = search.find("Basket.total_price is wrong").files[0]
    assert best.signals["definitions"] == 1.0
    assert any("total_price" in reason for reason in best.reasons)
    assert all(0 < value <= 1 for value in best.signals.values())
    assert 0 < best.score <= 1


@pytest.mark.parametrize("text", ["", " ", "of the and", "\0", "xyzzyplugh", "日本語"])
def test_a_text_that_fits_nothing_finds_nothing(search: Search, text: str) -> None:
    found = search.find(text)
    assert found.files == ()
    assert found.definitions == ()


def test_binary_empty_and_broken_files_do_no_harm(repository: Repository, store: Store) -> None:
    repository.commit(
        "Odd files",
        {
            "src/shop/broken.py": "def zorkmid(:\n  class\n",
            "src/shop/empty.py": "",
            "src/shop/binary.py": b"\0\1\2zorkmid" * 99,
            "src/shop/latin.py": b"# caf\xe9 zorkmid\n",
            "src/shop/we ird\nname.py": "zorkmid = 1\n",
        },
    )
    paths = {one.path for one in Search.at(repository.git_dir, "HEAD", store).find("zorkmid").files}
    assert {"src/shop/broken.py", "src/shop/latin.py", "src/shop/we ird\nname.py"} <= paths
    assert "src/shop/binary.py" not in paths


def test_a_damaged_cache_changes_no_answer(
    repository: Repository, store: Store, tmp_path: Path
) -> None:
    expected = Search.at(repository.git_dir, "HEAD", store).find("total price of a basket")
    store.close()
    path = tmp_path / "cache" / "codebase.db"
    data = bytearray(path.read_bytes())
    data[2_000:] = b"\xff" * (len(data) - 2_000)
    path.write_bytes(data)
    with Store(tmp_path / "cache") as again:
        assert (
            Search.at(repository.git_dir, "HEAD", again).find("total price of a basket") == expected
        )


def test_the_cache_counts_no_blob_twice(repository: Repository, store: Store) -> None:
    Search.at(repository.git_dir, "HEAD", store)
    missed = store.vector_rates.misses
    repository.commit("One file", {"src/shop/money.py": SHOP["src/shop/money.py"] + "x = 1\n"})
    Search.at(repository.git_dir, "HEAD", store)
    assert store.vector_rates.misses - missed == 2  # the words of one file, and one commit


def test_five_hash_seeds_and_a_warm_cache_print_the_same_bytes(
    repository: Repository, tmp_path: Path
) -> None:
    printed = set()
    for seed in ("0", "1", "2", "3", "4"):
        done = subprocess.run(
            [
                sys.executable, "-c", "from bot.cli.locate import locate; locate()",
                str(repository.folder), "--text", "total price of a basket: rounded()", "--json",
                "--cache", str(tmp_path / ("shared" if seed in "01" else seed)),
            ],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        printed.add(done.stdout)
    assert len(printed) == 1
    assert json.loads(printed.pop())["files"][0] == "src/shop/basket.py"
