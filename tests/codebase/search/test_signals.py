from __future__ import annotations

import pytest

from bot.codebase.postings import Postings
from bot.codebase.search import Found, Search
from bot.codebase.store import Store
from tests.codebase.search.conftest import Repository

EMPTY = "def {0}():\n    return {1}\n"


def signals(found: Found, path: str) -> dict[str, float]:
    return next((dict(one.signals) for one in found.files if one.path == path), {})


def test_the_tests_that_fit_a_text_point_at_the_source_they_are_named_after(
    repository: Repository, store: Store
) -> None:
    repository.commit(
        "Vault",
        {
            "src/shop/vault.py": EMPTY.format("lock", 1),
            "src/shop/other.py": EMPTY.format("unlock", 2),
            "tests/test_vault.py": "def test_gargoyle_guards_the_door():\n    assert 1\n",
        },
    )
    found = Search.at(repository.git_dir, "HEAD", store).find("the gargoyle fell off the door")
    assert found.files[0].path == "src/shop/vault.py"
    assert found.files[0].signals["tests"] == 1.0


def test_a_test_points_at_what_changed_with_it_whatever_its_name(
    repository: Repository, store: Store
) -> None:
    test = "def test_gargoyle_{0}():\n    assert 1\n"
    for number in range(3):
        repository.commit(
            f"Work {number}",
            {
                "src/shop/vault.py": EMPTY.format("lock", number),
                "tests/test_everything.py": test.format(number),
            },
        )
    found = Search.at(repository.git_dir, "HEAD", store).find("gargoyle")
    assert signals(found, "src/shop/vault.py")["tests"] == 1.0


def test_who_defines_a_name_is_before_who_uses_it(repository: Repository, store: Store) -> None:
    repository.commit(
        "Names",
        {
            "src/shop/a_user.py": "from shop import z\n\n\ndef go():\n    z.fold_map(1)\n",
            "src/shop/z.py": "def fold_map(one):\n    return one\n",
        },
    )
    found = Search.at(repository.git_dir, "HEAD", store).find("`fold_map` is wrong")
    assert found.files[0].path == "src/shop/z.py"
    assert "defined" not in signals(found, "src/shop/a_user.py")


def test_a_first_line_that_starts_with_a_part_of_the_project_means_it(
    repository: Repository, store: Store
) -> None:
    body = "def wobble():\n    return 1\n"
    repository.commit("Twins", {"src/aa/one.py": body, "src/zz/one.py": body})
    search = Search.at(repository.git_dir, "HEAD", store)
    for title in ("fix(zz): wobble", "zz: wobble", "[zz]: wobble"):
        assert search.find(title).files[0].path == "src/zz/one.py"


def test_of_two_equal_files_the_one_changed_lately_is_first(
    repository: Repository, store: Store
) -> None:
    body = "def wobble():\n    return 1\n"
    repository.commit("Twins", {"src/aa/one.py": body, "src/zz/one.py": body})
    repository.commit("Quiet", {"src/zz/one.py": body + "\n"})
    found = Search.at(repository.git_dir, "HEAD", store).find("wobble")
    assert found.files[0].path == "src/zz/one.py"


def test_words_side_by_side_find_the_name_that_they_make(
    repository: Repository, store: Store
) -> None:
    repository.commit(
        "Names", {"src/a.py": "x = [a_cache, a_control]\n", "src/z.py": "x = [cacheControl]\n"}
    )
    found = Search.at(repository.git_dir, "HEAD", store).find("honour the cache control")
    assert found.files[0].path == "src/z.py"


@pytest.mark.parametrize(
    ("text", "name"),
    [("Trailers over HTTP/2", "http2"), ("Deprecate p2g", "p2g"), ("NetRCFile", "netrc")],
)
def test_names_with_digits_and_inner_capitals_are_found(
    repository: Repository, store: Store, text: str, name: str
) -> None:
    repository.commit("Names", {f"src/{one}.py": "x = 1\n" for one in ("a", "http", name)})
    found = Search.at(repository.git_dir, "HEAD", store).find(text)
    assert found.files[0].path == f"src/{name}.py"


def test_packed_postings_read_as_they_were_written() -> None:
    lists = {"a": [1, 2, 70_000], "ünï": [], "": [4], "z": [0]}
    packed = Postings.build(lists).pack() + b"rest"
    read, rest = Postings.of(memoryview(packed))
    assert {word: list(read.get(word)) for word in lists} == lists
    assert list(read.get("unknown")) == []
    assert bytes(rest) == b"rest"
    nothing, _ = Postings.of(memoryview(Postings.build({}).pack()))
    assert list(nothing.get("")) == []
