"""What the tests of a Python file check: each test with its assertions, as far as text says.

Promises: the same text gives the same answer; nothing is imported or run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SKIPS = re.compile(
    r"(^|\.)(skip|skipif|skipIf|skipUnless|xfail|expectedFailure|SkipTest|importorskip|skipTest"
    r"|slow|quarantine)$"
)
_WEAK = {"assertIsNotNone", "assertTrue", "assertFalse", "assertIn", "assertIsInstance",
         "assertGreater", "assertGreaterEqual", "assertLess", "assertLessEqual",
         "assertNotEqual", "assertRegex", "assertAlmostEqual"}  # fmt: skip
_STRONG = {"assertEqual", "assertEquals", "assertListEqual", "assertDictEqual", "assertIs",
           "assertSequenceEqual", "assertTupleEqual", "assertSetEqual", "assertMultiLineEqual",
           "assertCountEqual", "assertIsNone"}  # fmt: skip
_TOLERANCES = {"abs", "rel", "rel_tol", "abs_tol", "rtol", "atol", "delta", "tolerance", "tol",
               "epsilon"}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One assertion. `subject`: what it looks at; `expected`: what that must be, "" for others.

    `strength`: 3 for an error with its words, 2 for one value, 1 for less, 0 for what is
    always true.
    """

    line: int
    text: str
    subject: str
    expected: str
    strength: int
    tolerances: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Test:
    """`skips`: marks and calls that keep it from running or from counting. `cases`: parameters."""

    __test__ = False

    name: str
    line: int
    checks: tuple[Check, ...]
    skips: tuple[str, ...] = ()
    cases: int = 0
    helpers: frozenset[str] = field(default_factory=frozenset)
    returns_early: bool = False
    swallows: bool = False


def tests_of(text: str) -> dict[str, Test] | None:
    """Tests of a file by qualified name; None where it cannot be read."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return {one.name: one for one in _tests(tree, "", ())}


def _tests(node: ast.AST, owner: str, outer: tuple[str, ...]) -> Iterator[Test]:
    for child in getattr(node, "body", []):
        if isinstance(child, ast.ClassDef):
            marks = outer + tuple(_skips(child.decorator_list))
            yield from _tests(child, f"{owner}{child.name}.", marks)
        elif isinstance(child, _FUNCTIONS) and child.name.startswith("test"):
            yield _test(child, owner, outer)
        elif isinstance(child, (ast.If, ast.Try, ast.With)):
            yield from _tests(child, owner, outer)


def _test(node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, outer: tuple[str, ...]) -> Test:
    checks, skips, helpers = [], [*outer, *_skips(node.decorator_list)], set()
    swallows = False
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert):
            checks.append(_of_assert(inner))
        elif isinstance(inner, ast.Call):
            name = _name(inner.func)
            last = name.rpartition(".")[2]
            if last.startswith("assert") or last in ("raises", "warns", "deprecated_call", "fail"):
                checks.append(_of_call(inner, last))
            elif _SKIPS.search(name) and inner not in node.decorator_list:
                skips.append(name)
            elif name and "." not in name:
                helpers.add(name)
        elif isinstance(inner, ast.ExceptHandler) and _catches_all(inner):
            swallows = True
    return Test(
        f"{owner}{node.name}",
        node.lineno,
        tuple(sorted(checks, key=lambda one: one.line)),
        tuple(dict.fromkeys(skips)),
        _cases(node.decorator_list),
        frozenset(helpers),
        _returns_early(node),
        swallows,
    )


def _of_assert(node: ast.Assert) -> Check:
    text, test = ast.unparse(node.test), node.test
    tolerances = tuple(_tolerances(node))
    if _always(test):
        return Check(node.lineno, text, text, "", 0, tolerances)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = ast.unparse(test.left), ast.unparse(test.comparators[0])
        if isinstance(test.ops[0], ast.Eq | ast.Is):
            return Check(node.lineno, text, left, right, 2, tolerances)
        bound = _number(test.comparators[0])
        if bound is not None and isinstance(test.ops[0], ast.Lt | ast.LtE):
            tolerances += ((f"{left} <", bound),)
        return Check(node.lineno, text, left, right, 1, tolerances)
    return Check(node.lineno, text, text, "", 1, tolerances)


def _of_call(node: ast.Call, name: str) -> Check:
    arguments = [ast.unparse(one) for one in node.args]
    subject = arguments[0] if arguments else ""
    expected = arguments[1] if len(arguments) > 1 else ""
    strength = 2 if name in _STRONG else 1
    if name in ("raises", "assertRaises", "assertRaisesRegex", "warns"):
        match = [f"match={ast.unparse(w.value)}" for w in node.keywords if w.arg == "match"]
        broad = subject in ("Exception", "BaseException", "(Exception,)")
        subject, expected = "raises", " ".join([subject, *match, *arguments[1:2]])
        strength = 1 if broad else 2 + bool(match or arguments[1:2])
    elif name in ("assertTrue", "assertFalse") and node.args and _always(node.args[0]):
        strength = 0
    elif name not in _WEAK and name not in _STRONG:
        strength = 2  # a helper or a mock's own assertion: as strong as it was
    return Check(node.lineno, ast.unparse(node), subject, expected, strength,
                 tuple(_tolerances(node)))  # fmt: skip


def _always(node: ast.expr) -> bool:
    """Is it true whatever the code under test does?"""
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.BoolOp):
        quantifier = any if isinstance(node.op, ast.Or) else all
        return quantifier(map(_always, node.values))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        # Two calls need not give the same: asking for it checks something.
        calls = any(isinstance(one, ast.Call) for one in ast.walk(node.left))
        same = not calls and ast.unparse(node.left) == ast.unparse(node.comparators[0])
        return same and isinstance(node.ops[0], ast.Eq | ast.Is | ast.LtE | ast.GtE)
    return isinstance(node, ast.Tuple) and bool(node.elts)


def _tolerances(node: ast.AST) -> Iterator[tuple[str, float]]:
    for inner in ast.walk(node):
        if not isinstance(inner, ast.Call):
            continue
        name = _name(inner.func).rpartition(".")[2]
        for word in inner.keywords:
            value = _number(word.value)
            if word.arg in _TOLERANCES and value is not None:
                yield f"{name}.{word.arg}", value
            elif word.arg in ("places", "decimal", "significant") and value is not None:
                yield f"{name}.{word.arg}", -value
        if name == "approx" and len(inner.args) > 1:
            value = _number(inner.args[1])
            if value is not None:
                yield "approx.rel", value
        if name == "assertAlmostEqual" and len(inner.args) > 2:
            value = _number(inner.args[2])
            if value is not None:
                yield "assertAlmostEqual.places", -value
        if name == "round" and len(inner.args) > 1:
            value = _number(inner.args[1])
            if value is not None:
                yield "round", -value


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)
    return None


def _skips(decorators: list[ast.expr]) -> Iterator[str]:
    for one in decorators:
        name = _name(one.func if isinstance(one, ast.Call) else one)
        if _SKIPS.search(name):
            yield ast.unparse(one)


def _cases(decorators: list[ast.expr]) -> int:
    total = 0
    for one in decorators:
        if isinstance(one, ast.Call) and _name(one.func).endswith(
            ("parametrize", "expand", "data")
        ):
            for argument in [*one.args[-1:], *(w.value for w in one.keywords)]:
                if isinstance(argument, ast.List | ast.Tuple):
                    total += len(argument.elts)
    return total


def _returns_early(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A bare `return` before the end of the body itself."""
    return any(isinstance(one, ast.Return) for one in node.body[:-1])


def _catches_all(node: ast.ExceptHandler) -> bool:
    broad = node.type is None or ast.unparse(node.type) in (
        "Exception", "BaseException", "AssertionError",
    )  # fmt: skip
    return broad and all(isinstance(one, ast.Pass | ast.Continue | ast.Return) for one in node.body)


def _name(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (
        ".".join([node.id, *reversed(parts)])
        if isinstance(node, ast.Name)
        else ".".join(reversed(parts))
    )
