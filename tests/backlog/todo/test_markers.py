"""When a word is a mark, and what belongs to it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backlog.todo.comments import comments
from bot.backlog.todo.expressions import RECIPES
from bot.backlog.todo.found import todos_of
from bot.backlog.todo.markers import marks


def read(comment: str) -> list[tuple[str, str]]:
    return [(one.kind, one.title) for one in marks(comment)]


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("# TODO: tidy up", [("TODO", "tidy up")]),
        ("// FIXME tidy up", [("FIXME", "tidy up")]),
        ("# TODO(ann): tidy up", [("TODO", "tidy up")]),
        ("# TODO [#12]: tidy up", [("TODO", "tidy up")]),
        ("#TODO tidy up", [("TODO", "tidy up")]),
        ("# - TODO - tidy up", [("TODO", "tidy up")]),
        ("/* XXX tidy up */", [("XXX", "tidy up")]),
        ("// HACK: around a fault", [("HACK", "around a fault")]),
        ("# This is a HACK around a fault", [("HACK", "around a fault")]),
        ("# BUG: it is wrong", [("BUG", "it is wrong")]),
        ("# TODO/FIXME: tidy up", [("TODO", "tidy up")]),
        ("# XXX TODO tidy up", [("XXX", "tidy up")]),
        ("# Works. TODO: tidy up", [("TODO", "tidy up")]),
        ("# check (TODO), see below", [("TODO", "see below")]),
        ("// todo: tidy up", [("TODO", "tidy up")]),
        ("// todo(ann): tidy up", [("TODO", "tidy up")]),
        ("/** @todo tidy up */", [("TODO", "tidy up")]),
        ("# Todo: tidy up", [("TODO", "tidy up")]),
        ("# TODO修复这个", [("TODO", "修复这个")]),
        ("<!-- TODO: tidy up -->", [("TODO", "tidy up")]),
        ("# TODO: a. FIXME: b", [("TODO", "a"), ("FIXME", "b")]),
        ("# TODO: a\n# FIXME: b", [("TODO", "a"), ("FIXME", "b")]),
        ("# TODO", [("TODO", "")]),
        ("// todo", [("TODO", "")]),
        ("// make(it) // todo: tidy up", [("TODO", "tidy up")]),
        ("// skipped. todo: tidy up", [("TODO", "tidy up")]),
        ("# TODO:\n# tidy up", [("TODO", "tidy up")]),
        ("/** @deprecated TODO tidy up */", [("TODO", "tidy up")]),
        ("/**\n * @param {string} name TODO\n */", [("TODO", "@param {string} name")]),
        ("/** <p>TODO for 4.0: tidy up */", [("TODO", "for 4.0: tidy up")]),
        ("# fixme - tidy up", [("FIXME", "tidy up")]),
        ("# fixme tidy up", [("FIXME", "tidy up")]),
        ("// Todo, tidy up", [("TODO", "tidy up")]),
        ("/** \\todo tidy up */", [("TODO", "tidy up")]),
        ("# x = 1  # TODO: tidy up", [("TODO", "tidy up")]),
        ("# ```\n# x\n# ```\n# TODO: tidy up", [("TODO", "tidy up")]),
        ("/**\n * @example\n *   x()\n * TODO: tidy up\n */", [("TODO", "tidy up")]),
    ],
)  # fmt: skip
def test_marks(comment: str, found: list[tuple[str, str]]) -> None:
    assert read(comment) == found


@pytest.mark.parametrize(
    "comment",
    [
        "# where XXX is the field",
        "# size XXX-Large",
        "# this is a bug",
        "# see TODO.md",
        "# the word 'TODO' here",
        '# say "FIXME"',
        "# `TODO` is looked for",
        "# should get a TODO",
        "# no TODO needed",
        "# path/TODO/x",
        "# PREFIX_TODO",
        "# TODOs",
        "# todo list of the user",
        "# todoist: a service",
        "# my todo: not at the begin",
        "# BUG_ON()",
        "# we call BUG() then",
        "# BUG-123 has it",
        "# mastodon",
        "# TODO: one towpath: ignore",
        "# x = \\XXX",
        "# bug: a name of a key",
        "/* \\xxx */",
        "/* @bug 4120675 */",
        "#  description: 'TODO: write it'",
        "# a comment (eg. `# TODO: tidy up`)",
        "# acting as a TODO list",
        "/** @param XXX the field */",
        "/// ```\n/// x(); // TODO: tidy up\n/// ```",
        "# @example\n#   # TODO: tidy up",
        "/**\n * @example\n *   x() // TODO: tidy up\n */",
    ],
)
def test_words_that_are_no_marks(comment: str) -> None:
    assert read(comment) == []


def test_the_lines_that_follow_belong_to_it() -> None:
    (mark,) = marks("# Before.\n# TODO(ann): first\n#   second #12\n#\n# other")
    assert (mark.line, mark.end_line) == (1, 2)
    assert mark.text == "TODO(ann): first\nsecond #12"
    assert (mark.owner, mark.reference) == ("ann", "#12")


def test_in_a_block_the_lines_belong_to_it_too() -> None:
    (mark,) = marks("/*\n * TODO: first\n *   second\n *\n * other\n */")
    assert mark.text == "TODO: first\nsecond"


def test_a_directive_and_commented_code_end_it() -> None:
    assert [one.text for one in marks("# TODO: a\n# type: ignore")] == ["TODO: a"]
    assert [one.text for one in marks("# TODO: a\n# x = make(1)")] == ["TODO: a"]


def test_ignore_holds_for_its_comment_only() -> None:
    data = b"x = 1  # TODO: a  # towpath: ignore\n# TODO: b\ny = 2  # TODO: c\n"
    assert [one.title for one in todos_of("a.py", data)] == ["b", "c"]
    assert todos_of("a.py", b"# towpath: ignore-file\n# TODO: a\n") == ()


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf# TODO: a\r\nx = 1\r\n# FIXME: b\r\n",
        b"# TODO: a\rx = 1\r# FIXME: b\r",
        b"# TODO: a\nx = 1\n\t# FIXME: b",
    ],
)
def test_line_ends_marks_of_order_and_tabs(data: bytes) -> None:
    assert [(one.line, one.title) for one in todos_of("a.py", data)] == [(1, "a"), (3, "b")]


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.yml", b"# TODO: a\nx: 1\n"),
        ("_a", b"#compdef a\n# TODO: a\n"),
        ("a.in", b"#! /usr/bin/env sh\n# TODO: a\n"),
        ("a", b"# -*- mode: ruby -*-\n# TODO: a\n"),
        ("a.libsonnet", b"{ x: '// TODO: b', y: |||\n  # TODO: c\n|||, // TODO: a\n}\n"),
        ("Makefile.in", b"# TODO: a\n"),
        ("a.rb", b"list << word\n# TODO: a\nword\n"),
        ("a.rb", b'list << word_of(1)\nlist << "x"\n# TODO: a\n'),
    ],
)
def test_where_a_comment_is(path: str, data: bytes) -> None:
    assert [one.title for one in todos_of(path, data)] == ["a"]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted({*RECIPES, "markup", "php", "yaml"})),
    st.lists(
        st.sampled_from(
            [b'"', b"'", b"`", b"#", b"//", b"/*", b"*/", b"\n", b" ", b"<<", b"<<~", b"EOT", b"x",
             b'R"', b"(", b")", b"{", b"}", b'r#"', b'"#', b"[[", b"]]", b"--[==[", b"]==]", b"\\",
             b"$", b"%w", b"<?php", b"?>", b"=begin", b"|||", b"- ", b": ", b"@", b"<<<", b"_"]
        ),
        max_size=60,
    ),
)  # fmt: skip
def test_no_expression_stumbles(language: str, parts: list[bytes]) -> None:
    data = b"".join(parts)
    for start, end in comments(data, language):
        assert 0 <= start < end <= len(data)


def test_latin_1_is_read() -> None:
    assert todos_of("a.py", b"# TODO: caf\xe9\n")[0].title == "caf\u00e9"


@pytest.mark.parametrize(
    "data",
    [
        b"\x00# TODO: a\n",
        b"# Code generated by a tool. DO NOT EDIT.\n# TODO: a\n",
        b"# @generated\n# TODO: a\n",
        b"# TODO: a\n" + b"x" * 30_000,
        b"# TODO: a\n" * 150_000,
    ],
)
def test_files_that_nobody_writes(data: bytes) -> None:
    assert todos_of("a.py", data) == ()


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["a.py", "a.js", "a.ts", "a.rb", "a.yml", "a.html", "a.php", "a.rs", "a.sh"]),
    st.lists(
        st.sampled_from(
            ["# TODO: a", "//", "/*", "*/", '"', "'", "`", "${", "}", "\n", "\r\n", "<!--", "-->",
             "FIXME", "<?php", "?>", "<<E\n", "E\n", "|\n", "  ", "\\", "\ud800", "é", "XXX", "("]
        )
    ),
)  # fmt: skip
def test_nothing_makes_it_stumble(path: str, parts: list[str]) -> None:
    data = "".join(parts).encode("utf-8", "surrogatepass")
    for todo in todos_of(path, data):
        lines = data.count(b"\n") + data.count(b"\r") + 1
        assert 1 <= todo.line <= todo.end_line <= lines
