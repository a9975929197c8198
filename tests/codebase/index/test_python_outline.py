"""The fast reader of Python against Python's own parser."""

from __future__ import annotations

import ast
import sysconfig
import textwrap
import time
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.codebase.languages import python
from bot.codebase.languages.python_outline import outline, source


def by_ast(blob: bytes) -> list[tuple[int, int, str, str]]:
    """(start, end, qualname, kind) of each definition, as the parser sees it."""
    found: list[tuple[int, int, str, str]] = []

    def visit(node: ast.AST, prefix: str, in_class: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                qualname = f"{prefix}.{child.name}" if prefix else child.name
                is_class = isinstance(child, ast.ClassDef)
                kind = "class" if is_class else "method" if in_class else "function"
                found.append((child.lineno, child.end_lineno or 0, qualname, kind))
                visit(child, qualname, is_class)
            else:
                visit(child, prefix, in_class)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        visit(ast.parse(blob), "", False)
    return sorted(found)


def by_us(blob: bytes) -> list[tuple[int, int, str, str]]:
    return sorted((d.start, d.end, d.qualname, d.kind) for d in python.definitions(blob))


def test_definitions_of_the_standard_library_are_those_that_ast_finds() -> None:
    top = Path(sysconfig.get_path("stdlib"))
    compared = definitions = 0
    for path in sorted(top.rglob("*.py"))[::3]:  # whole trees: benchmarks.codebase_index
        if "site-packages" in path.parts or not path.is_file():
            continue
        blob = path.read_bytes()
        try:
            want = by_ast(blob)
        except (SyntaxError, ValueError):
            continue
        assert by_us(blob) == want, path
        compared += 1
        definitions += len(want)
    assert compared > 300
    assert definitions > 10_000


HARD = {
    "a string that holds a definition": '''
        x = """
        def no(): pass
        class No: pass
        """
        def yes():
            """doc
        def no(): pass
            """
            return 1
        ''',
    "quotes inside a comment and inside other quotes": '''
        # it's """ not a string
        a = "'\'\'" + '"""'
        def yes():  # """
            return '\\\\' + "\\""
        b = r"\\"" ; c = "#"
        def more(): return 1
        ''',
    "brackets that are closed further out": """
        def yes(
            a,
        b=(
        1,
        ),
        ) -> int:
            x = [
        1, 2,
        3
        ]
            return x
        z = 1
        """,
    "decorated, nested, asynchronous": """
        @one
        @two(
            3
        )
        class A(B):
            x = 1

            @property
            async def m(self):
                def inner(): pass
                class C: pass
                return inner
            # a comment that belongs to nobody

        # and another
        def last(): return (1,
        2)
        """,
    "a line that a backslash continues": """
        def yes(): \\
            return 1
        def more():
            x = 1 + \\
        2
            return x
        y = 'a \\
        def no(): pass'
        # a comment does not continue \\
        def also():
            pass
        """,
    "a body that ends in a string over several lines": '''
        def yes():
            x = """
        # not a comment
        """
        def more():
            return """
        # end"""
        z = 1
        ''',
    "words that only look like keywords": """
        define = classes = 1
        class_ = 2
        defx = 3
        if True:
            def yes(): pass
        else:
            def yes(): pass
        x = lambda: (yield)
        """,
    "a matrix product at the start of a line": """
        def yes():
            x = (a
        @ b
        )
            return x
        """,
}


@pytest.mark.parametrize("name", HARD)
def test_hard_places_are_read_as_the_parser_reads_them(name: str) -> None:
    blob = textwrap.dedent(HARD[name]).encode()
    want = by_ast(blob)
    assert want
    assert by_us(blob) == want


@pytest.mark.parametrize(
    "blob",
    [
        b"\xef\xbb\xbfdef a():\r\n    pass\r\nclass B: pass\r",
        b"# -*- coding: latin-1 -*-\ndef caf\xe9(): pass\n",
        "def \u212bngstrom(): pass\n".encode(),
        b"\x0cclass A:\n    def m(self): pass\n\x0c\nclass B: pass",
        b"class A:\n\tdef m(self):\n\t\tpass\n\n\tx = 1\ny = 2\n",
        b"def a():\n    return 1\n    \n   # less\n        \n",
        b"def a(): pass",
        b"def a():\n\\\n        pass",
        b"class B:\n    \\\n'a'\n\\\n\\\ndef c(): pass\nx = 1 + \\\n\\\n2\n",
        b"",
        b"\n\n\n",
    ],
)
def test_line_ends_encodings_and_tabs_are_read_as_the_parser_reads_them(blob: bytes) -> None:
    assert by_us(blob) == by_ast(blob)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["def a():", "class B:", "    def c(self):", "        pass", "    pass", "pass", '"""',
             "'''", "x = '", "# it's", "(", ")", "    )", "\\", "", "  # c", "@d", "f('\"\"\"')",
             "x = [", "]", "async def e(): pass", "'a' '''b''' \"c\"", "\tpass", "return \\",
             "    \\"]
        ),
        max_size=14,
    )
)  # fmt: skip
def test_any_lines_that_parse_give_what_the_parser_gives(lines: list[str]) -> None:
    blob = "\n".join(lines).encode()
    ours = by_us(blob)  # never raises, whatever the lines are
    try:
        want = by_ast(blob)
    except SyntaxError:
        return
    assert ours == want


def test_a_broken_file_gives_the_definitions_that_can_be_read() -> None:
    blob = b"def one(:\n    x = (\n\nclass Two:\n    def three(self):\n        return ]\n"
    assert [one.qualname for one in outline(source(blob))] == ["one", "Two", "Two.three"]


@pytest.mark.parametrize(
    "blob",
    [
        b'"""' * 200_001,
        b"'" * 500_000,
        b"(" * 500_000,
        b"\\\n" * 250_000,
        b"x\\\n" * 250_000 + b"def a(): pass\n",
        b"def a():\n" * 20_000,
        b"class A:\n    @x('\n" * 20_000,
        b"from a import (" * 30_000,
        b'f"{' * 200_000,
    ],
    ids=range(9),
)
def test_hostile_bytes_take_seconds_at_most(blob: bytes) -> None:
    begin = time.process_time()
    python.facts(blob)
    assert time.process_time() - begin < 8
