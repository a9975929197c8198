"""Edits land exactly where they say, and what cannot be edited is told why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.edits import EditError, inserted, replaced
from bot.agent.overlay import Overlay
from tests.agent.loop.conftest import AT, AUTHOR, FILES


def test_edits_build_on_each_other_and_only_changes_come_out(overlay: Overlay):
    overlay.str_replace("src/shop.py", "return 1", "return 2")
    overlay.str_replace("src/shop.py", "return 2", "return len(prices)")
    overlay.create("new/a.py", "a = 1\n")
    overlay.create("gone.py", "b = 1\n")
    overlay.delete("gone.py")
    overlay.str_replace("bare.txt", "no", "still no")
    overlay.str_replace("bare.txt", "still no", "no")
    overlay.delete("deep/er/a.txt")
    assert dict(overlay.changes) == {
        "deep/er/a.txt": None,
        "new/a.py": b"a = 1\n",
        "src/shop.py": FILES["src/shop.py"].replace(b"return 1", b"return len(prices)"),
    }


def test_a_file_keeps_its_line_ends_and_its_missing_last_one(overlay: Overlay):
    overlay.str_replace("windows.txt", "one\ntwo", "one\n1.5\ntwo")
    overlay.insert("windows.txt", 4, "four")
    overlay.insert("bare.txt", 1, "more")
    overlay.insert("empty.py", 0, "x = 1")
    assert overlay.changes["windows.txt"] == b"one\r\n1.5\r\ntwo\r\nthree\r\nfour\r\n"
    assert overlay.changes["bare.txt"] == b"no end of line\nmore"
    assert overlay.changes["empty.py"] == b"x = 1\n"


@pytest.mark.parametrize(
    ("edit", "kind", "says"),
    [
        (("str_replace", "src/shop.py", "return sum(price)", ""), "not_found", "lines 2-2"),
        (("str_replace", "twice.py", "x = 1", "x = 3"), "not_unique", "lines 1, 3"),
        (("str_replace", "src/shop.py", "qqqq", ""), "not_found", "nor anything close"),
        (("str_replace", "src/shop.py", "", "x"), "not_found", "insert"),
        (("str_replace", "src/shop.py", "sum", "sum"), "no_change", "the same"),
        (("str_replace", "shop.py", "a", "b"), "missing_file", "did you mean src/shop.py"),
        (("str_replace", "logo.png", "a", "b"), "not_text", "binary"),
        (("str_replace", "link.py", "a", "b"), "missing_file", "no such file"),
        (("insert", "src/shop.py", 99, "x"), "not_found", "6 lines"),
        (("delete", "gone.py"), "missing_file", "no such file"),
        (("create", "src/shop.py", "x"), "exists", "overwrite"),
        (("create", "link.py", "x"), "bad_path", "symbolic link"),
        (("create", "link.py/x.py", "x"), "bad_path", "no folder"),
        (("create", "bare.txt/x.py", "x"), "bad_path", "no folder"),
        (("create", "deep/er", "x"), "bad_path", "is a folder"),
        (("create", "../out.py", "x"), "bad_path", "inside the repository"),
        (("create", "/etc/passwd", "x"), "bad_path", "inside the repository"),
        (("create", "a/.GIT/hooks/x", "x"), "bad_path", "inside the repository"),
        (("create", "a\u200b/.g\u200bit/x", "x"), "bad_path", "inside the repository"),
        (("create", "nul.py", "a\0b"), "bad_text", "NUL"),
        (("create", "half.py", "\ud800"), "bad_text", "Unicode"),
        (("create", "huge.py", "x" * 400_001), "too_large", "400001"),
    ],
)
def test_an_edit_that_cannot_be_made_says_why_and_changes_nothing(overlay, edit, kind, says):
    name, *arguments = edit
    with pytest.raises(EditError) as caught:
        getattr(overlay, name)(*arguments)
    assert caught.value.kind == kind
    assert says in str(caught.value)
    assert not overlay.changes


def test_what_may_not_be_changed_is_asked_with_the_plain_path(overlay_with):
    overlay = overlay_with(lambda path: "read-only" if path == "src/shop.py" else "")
    for path in ("src/shop.py", "./src//shop.py", "src/./shop.py"):
        with pytest.raises(EditError, match="read-only"):
            overlay.str_replace(path, "sum", "max")
    overlay.create("src/shop2.py", "x\n")


def test_every_overlay_is_a_tree_that_git_takes(overlay, mirror, base):
    overlay.create("new/a.py", "a = 1\n")
    overlay.delete("twice.py")
    sha = mirror.commit_files(base, overlay.changes, "draft", AUTHOR, AT)
    assert {"new/a.py"} <= {e.path for e in mirror.ls(sha)}
    assert "twice.py" not in {e.path for e in mirror.ls(sha)}


@given(st.text("ab\n \r", max_size=30), st.text("ab\n ", min_size=1, max_size=6))
def test_a_replacement_changes_its_place_and_no_other(before, old):
    try:
        after = replaced("f", before, old, "Z")
    except EditError:
        return
    assert after.count("Z") == 1
    start, end = after.split("Z")
    assert before.startswith(start)
    assert before.endswith(end)
    assert len(before) - len(start) - len(end) >= len(old)


@given(st.lists(st.text("ab ", max_size=4), max_size=6), st.integers(0, 6))
def test_inserted_lines_stand_after_the_line_that_is_named(lines, at):
    before = "".join(f"{line}\n" for line in lines)
    if at > len(lines):
        return
    after = inserted("f", before, at, "NEW").splitlines()
    assert after == [*lines[:at], "NEW", *lines[at:]]


@given(st.text("ab\n", max_size=8))
def test_lines_can_be_inserted_at_the_end_without_knowing_where_that_is(before):
    assert inserted("f", before, -1, "NEW").splitlines() == [*before.splitlines(), "NEW"]
