"""A mark keeps its number; what goes is gone only when two looks agree."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backlog.sources.todo import reading
from bot.backlog.todo.found import todos_of
from bot.backlog.todo.ledger import Ledger, fold, follow
from bot.story.todo_events import TodosScanned


class Book:
    """A repository of files and the ledger of its marks."""

    def __init__(self, **files: str) -> None:
        self.files: dict[str, str] = {}
        self.facts: list[TodosScanned] = []
        self.put(**files)

    @property
    def ledger(self) -> Ledger:
        return fold(SimpleNamespace(seq=n, event=e) for n, e in enumerate(self.facts, 1))

    def put(self, **files: str | None) -> TodosScanned:
        """Write files (None: delete), and look at what changed."""
        changed = {}
        for name, text in files.items():
            path = f"{name}.py"
            changed[path] = todos_of(path, (text or "").encode())
            if text is None:
                self.files.pop(path, None)
            else:
                self.files[path] = text
        told = follow(self.ledger, changed)
        fact = TodosScanned(
            commit=f"c{len(self.facts)}",
            found=told.found,
            seen=told.seen,
            missed=told.missed,
            gone=told.gone,
        )
        self.facts.append(fact)
        return fact

    def where(self) -> dict[int, tuple[str, int]]:
        return {one.place.number: (one.place.path, one.place.line) for one in self.ledger.present}


def test_lines_above_move_it_only() -> None:
    book = Book(a="# TODO: tidy this up\n")
    book.put(a="import os\n\n# TODO: tidy this up\n")
    assert book.where() == {1: ("a.py", 3)}


def test_a_rename_and_a_move_keep_the_number() -> None:
    book = Book(a="# TODO: tidy this up\n# FIXME: it is wrong\n", c="x = 1\n")
    book.put(a=None, b="# TODO: tidy this up\n# FIXME: it is wrong\n")
    assert book.where() == {1: ("b.py", 1), 2: ("b.py", 2)}
    book.put(b="# FIXME: it is wrong\n", c="def f():\n    # TODO: tidy this up\n    pass\n")
    assert book.where() == {1: ("c.py", 2), 2: ("b.py", 1)}


def test_an_edit_of_the_words_keeps_the_number() -> None:
    book = Book(a="# TODO: tidy this up before long\n")
    fact = book.put(a="# TODO(ann): tidy all this up before long\n")
    assert not fact.found
    assert fact.seen[0].title == "tidy all this up before long"


def test_moved_and_edited_at_once() -> None:
    book = Book(a="# TODO: ask the server for the list of users\n")
    fact = book.put(a=None, b="# TODO: ask the new server for the list of users\n")
    assert (fact.found, [one.path for one in fact.seen]) == ((), ["b.py"])


def test_other_words_are_another_one() -> None:
    book = Book(a="# TODO: tidy this up\n")
    fact = book.put(a="# TODO: support other currencies\n")
    assert [one.number for one in fact.found] == [2]
    assert fact.missed == (1,)


def test_the_same_words_twice_are_two() -> None:
    book = Book(a="# TODO: tidy up\nx = 1\n# TODO: tidy up\n")
    assert book.where() == {1: ("a.py", 1), 2: ("a.py", 3)}
    fact = book.put(a="x = 1\n# TODO: tidy up\n")
    assert fact.missed == (2,)


def test_gone_is_what_two_looks_did_not_find() -> None:
    book = Book(a="# TODO: tidy this up\n", b="x = 1\n")
    assert book.put(a="x = 1\n").missed == (1,)
    assert book.put(b="x = 2\n").gone == (1,)
    assert book.put(b="x = 3\n").gone == ()


def test_a_revert_before_the_second_look_changes_nothing() -> None:
    book = Book(a="# TODO: tidy this up\n", b="x = 1\n")
    book.put(a="x = 1\n")
    assert [one.number for one in book.put(a="# TODO: tidy this up\n").seen] == [1]
    assert book.put(b="x = 2\n").gone == ()


def test_what_comes_back_is_the_same_again() -> None:
    book = Book(a="# TODO: tidy this up\n", b="x = 1\n")
    book.put(a="x = 1\n")
    book.put(b="x = 2\n")
    assert [one.number for one in book.put(a="# TODO: tidy this up\n").seen] == [1]
    assert book.ledger.marks[1].status == "present"


def test_common_words_elsewhere_bring_nothing_back() -> None:
    book = Book(a="# TODO: fix\n", b="x = 1\n")
    book.put(a="x = 1\n")
    book.put(b="x = 2\n")
    assert [one.number for one in book.put(b="# TODO: fix\n").found] == [2]


def test_the_backlog_has_each_mark_once_under_a_key_that_stays() -> None:
    book = Book(a="# TODO: tidy this up\n# FIXME: it is wrong\n")
    before = reading(book.ledger)
    book.put(a="x = 1\n", b="# FIXME: it is wrong\n# TODO: tidy this up\n")
    after = reading(book.ledger)
    keys = {one.title: one.key for one in before.sightings}
    assert keys == {one.title: one.key for one in after.sightings}
    assert len(keys) == 2
    assert all(one.inputs.value and one.inputs.size for one in after.sightings)
    assert after.complete


TEXTS = st.lists(
    st.sampled_from(
        ["# TODO: a b c", "# TODO: a b d", "# FIXME: e", "x = 1", "def f():", "    # XXX: g h"]
    ),
    max_size=6,
).map("\n".join)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.none() | TEXTS, min_size=1, max_size=3),
        min_size=1,
        max_size=6,
    )
)
def test_present_is_exactly_what_the_files_say(steps: list[dict[str, str | None]]) -> None:
    book = Book()
    for step in steps:
        book.put(**step)
        said = sorted(
            (todo.path, todo.line, todo.text)
            for path, text in book.files.items()
            for todo in todos_of(path, text.encode())
        )
        told = [(o.place.path, o.place.line, o.place.text) for o in book.ledger.present]
        assert sorted(told) == said
        whole = {path: todos_of(path, text.encode()) for path, text in book.files.items()}
        again = follow(book.ledger, whole)
        assert (again.found, again.seen, again.missed) == ((), (), ())
