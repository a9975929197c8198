"""What `.gitattributes` files say of paths, near and far."""

from __future__ import annotations

import tracemalloc

from bot.backlog.todo.passed_over import attributes


def test_a_deeper_file_is_asked_first_and_its_last_line_before_its_first() -> None:
    files = {
        ".gitattributes": b"*.py linguist-vendored\nb/** -linguist-vendored\n",
        "a/.gitattributes": b"x.py linguist-generated\nx.py linguist-generated=false\n",
        "a/b/.gitattributes": b"!x.py linguist-vendored\n# x\n[ linguist-vendored\n",
    }
    said = attributes(files.get)
    assert said("x.py") is True
    assert said("a/x.py") is False
    assert said("a/y.py") is True
    assert said("a/b/x.py") is False
    assert said("b/x.py") is False
    assert said("c/d/x.rb") is None


def test_a_file_is_looked_for_once_and_folders_without_end_take_little_memory() -> None:
    looked: list[str] = []
    said = attributes(lambda place: looked.append(place))
    assert said("a/b/c.py") is said("a/b/d.py") is said("a/e.py") is None
    assert looked == [".gitattributes", "a/.gitattributes", "a/b/.gitattributes"]
    said = attributes({}.get)
    tracemalloc.start()
    for number in range(20):
        assert said(f"{number}/" + "d/" * 2000 + "x.py") is None
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 40_000_000
