"""The tests of the criteria, which whoever writes the code must not touch (S14).

Promises: a file that was made for them stays as it is; of a file that was there before, what their
author wrote and all that is not a test stay to the letter, while the older tests in it may be
brought up to date (the gates look at that) and further plain tests may be added. Never: lets code
run at import that was not there when the tests were seen to fail.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.story.machine import Story
from bot.story.vocabulary import REVIEW_TASK, TESTS_TASK
from bot.workspace.mirror import Mirror

Test = ast.FunctionDef | ast.AsyncFunctionDef
_HARMLESS = (
    ast.Name, ast.Attribute, ast.Constant, ast.Subscript, ast.Tuple, ast.List, ast.BinOp,
    ast.BitOr, ast.Load,
)  # fmt: skip


@dataclass(frozen=True)
class Protected:
    """`files`: path → its text before the tests were written (None: not there), and after."""

    files: Mapping[str, tuple[str | None, str | None]]

    def whole(self, path: str) -> bool:
        """Whether nothing at all in the file may change."""
        return path in self.files and (self.files[path][0] is None or not path.endswith(".py"))

    def harmed(self, path: str, now: str | None) -> bool:
        """Whether the file, being `now` (None: gone), has not all of the tests as they were."""
        if path not in self.files or now == self.files[path][1]:
            return False
        before, then = self.files[path]
        if self.whole(path) or before is None or then is None or now is None:
            return True
        try:
            old, own, new = _tests(before), _tests(then), _tests(now)
        except (SyntaxError, ValueError, RecursionError):
            return True
        theirs = {name for name, source in old.items() if own.get(name) == source}
        more = {name for name in new if name not in own}
        return _frame(now, theirs | more) != _frame(then, theirs)


def protected(story: Story, mirror: Mirror) -> Protected:
    """What the tests' author wrote in this round, as people then wanted it in reviews."""
    commits = [c for c in story.commits if c.task.partition("-")[0] == TESTS_TASK]
    paths = tuple(dict.fromkeys(path for c in commits for path in c.files))
    if not paths:
        return Protected({})
    before = mirror.read_many(commits[0].parent, paths)
    last = [c for c in story.commits if c.task.partition("-")[0] in (TESTS_TASK, REVIEW_TASK)][-1]
    theirs = story.adopted_sha  # what people made of them, and Towpath was told to go on from
    newer = theirs and not mirror.is_ancestor(theirs, last.sha)
    then = mirror.read_many(theirs if newer else last.sha, paths)
    return Protected({path: (text_of(before, path), text_of(then, path)) for path in paths})


def text_of(read: Mapping[str, bytes | None], path: str) -> str | None:
    """A file's text as it compares with what is edited."""
    data = read.get(path)
    return None if data is None else data.decode("utf-8", "surrogateescape")


def _tests(text: str) -> dict[str, str]:
    """Qualified names of tests, with their source."""
    lines = text.splitlines(keepends=True)
    return {
        name: _source(lines, node)
        for name, node in _statements(ast.parse(text).body)
        if isinstance(node, Test) and node.name.startswith("test")
    }


def _statements(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """Those of a module and of its classes, in order; a class comes before what it holds."""
    for node in body:
        name = f"{within}{getattr(node, 'name', '')}"
        yield name, node
        if isinstance(node, ast.ClassDef):
            yield from _statements(node.body, f"{name}.")


def _frame(text: str, without: set[str]) -> list[tuple[str, str]]:
    """Everything but the tests `without`; new ones count where they would run code at import."""
    lines = text.splitlines(keepends=True)
    return [
        (name, _source(lines, node))
        for name, node in _statements(ast.parse(text).body)
        if not (isinstance(node, Test) and name in without and _plain(node))
    ]


def _plain(node: Test) -> bool:
    """Whether nothing of it runs before it is called: no decorator, default, or call in a hint."""
    arguments = node.args
    hints = [one.annotation for one in ast.walk(arguments) if isinstance(one, ast.arg)]
    inside = (one for hint in (*hints, node.returns) if hint for one in ast.walk(hint))
    return (
        not (node.decorator_list or arguments.defaults or any(arguments.kw_defaults))
        and not getattr(node, "type_params", ())
        and all(isinstance(one, _HARMLESS) for one in inside)
    )


def _source(lines: list[str], node: ast.stmt) -> str:
    """The lines of a statement with its decorators; of a class only its head."""
    above = [one.lineno for one in getattr(node, "decorator_list", ())]
    first, last = min([node.lineno, *above]), node.end_lineno or node.lineno
    if isinstance(node, ast.ClassDef):
        inner = node.body[0]
        last = min([inner.lineno, *(one.lineno for one in getattr(inner, "decorator_list", ()))])
        last = max(first, last - 1)
    return "".join(lines[first - 1 : last])
