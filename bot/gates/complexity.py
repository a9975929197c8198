"""Gate: no new or changed function is too branched or too deep (Q8: > 15, > 4).

A function that was so before counts only when it became worse.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter
from tree_sitter import Node

from bot.gates.change import Change, FileChange
from bot.gates.gate import GateFinding, Seen, Severity, counted, skipped
from bot.gates.syntax import LANGUAGES
from bot.gates.workbench import Workbench

_MUCH = 5  # paths or levels that an already complex function may not gain
_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp)
_LEVELS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith,
           ast.Match)  # fmt: skip
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_JS_FUNCTIONS = {"function_declaration", "function_expression", "arrow_function",
                 "method_definition", "generator_function_declaration", "function"}  # fmt: skip
_JS_BRANCHES = {"if_statement", "for_statement", "for_in_statement", "while_statement",
                "do_statement", "switch_case", "catch_clause", "ternary_expression"}  # fmt: skip
_JS_LEVELS = {"if_statement", "for_statement", "for_in_statement", "while_statement",
              "do_statement", "switch_statement", "try_statement"}  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One function: `paths` through it (cyclomatic), `depth` of its statements."""

    name: str
    line: int
    end: int
    paths: int
    depth: int


class Complexity:
    """New and changed functions of any file but tests."""

    name = "complexity"
    scope = "changed files"

    def run(self, change: Change, bench: Workbench) -> Seen:
        files = [
            one
            for one in change.of(".py", *LANGUAGES)
            if one.role == "source" and one.new_lines and ".min." not in one.path
        ]
        if not files:
            return skipped("no product code was changed")
        found: list[GateFinding] = []
        for one in files:
            found += _judged(change, one, bench)
        return Seen(counted(found, "no function too complex", "finding"), tuple(found))


def _judged(change: Change, one: FileChange, bench: Workbench) -> Iterator[GateFinding]:
    before: dict[str, Measure] = {
        measure.name: measure for measure in _functions(one.path, change.base_text(one.path) or "")
    }
    for now in _functions(one.path, change.head_text(one.path) or ""):
        if not one.new_lines & set(range(now.line, now.end + 1)):
            continue
        was = before.get(now.name)
        for rule, value, old, most, words in (
            ("paths", now.paths, was.paths if was else 0, bench.choices.complexity,
             "paths through it"),
            ("depth", now.depth, was.depth if was else 0, bench.choices.nesting,
             "levels of nested statements"),
        ):  # fmt: skip
            if value > most and value > old:
                said = f"{now.name} has {value} {words}, at most {most} can be followed"
                # What was too much before may grow a little; people know of it.
                grew = was is None or old <= most or value >= old + _MUCH
                severity: Severity = "error" if grew else "warning"
                yield GateFinding(one.path, now.line, f"complexity/{rule}", said, severity, now.end)


def _functions(path: str, text: str) -> list[Measure]:
    if path.endswith(".py"):
        try:
            return list(_python(ast.parse(text), ""))
        except (SyntaxError, ValueError, RecursionError):
            return []
    suffix = path[path.rfind(".") :]
    parser = tree_sitter.Parser(tree_sitter.Language(LANGUAGES[suffix]()))
    return list(_javascript(parser.parse(text.encode()).root_node))


def _python(node: ast.AST, owner: str) -> Iterator[Measure]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            name = f"{owner}{child.name}"
            if isinstance(child, _FUNCTIONS):
                end = child.end_lineno or child.lineno
                body = list(child.body)
                depth = max((_depth(one) for one in body), default=0)
                yield Measure(name, child.lineno, end, 1 + sum(map(_paths, body)), depth)
            yield from _python(child, f"{name}.")
        else:
            yield from _python(child, owner)


def _paths(node: ast.AST) -> int:
    """Branches in a statement, without those of functions defined inside it."""
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
        return 0
    own = int(isinstance(node, _BRANCHES))
    if isinstance(node, ast.BoolOp):
        own = len(node.values) - 1
    elif isinstance(node, ast.comprehension):
        own = 1 + len(node.ifs)
    elif isinstance(node, ast.Match):
        own = len(node.cases)
    return own + sum(map(_paths, ast.iter_child_nodes(node)))


def _depth(node: ast.AST) -> int:
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
        return 0
    if isinstance(node, ast.If):
        # `elif` is an `if` in the other branch, and no deeper.
        inner = [_depth(one) for one in node.body]
        chained = len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)
        other = [_depth(one) - chained for one in node.orelse]
        return 1 + max([*inner, *other], default=0)
    deepest = max(map(_depth, ast.iter_child_nodes(node)), default=0)
    return deepest + isinstance(node, _LEVELS)


def _javascript(node: Node) -> Iterator[Measure]:
    stack = [node]
    while stack:
        at = stack.pop()
        if at.type in _JS_FUNCTIONS:
            name = at.child_by_field_name("name")
            parent = at.parent
            if name is None and parent is not None and parent.type == "variable_declarator":
                name = parent.child_by_field_name("name")
            text = name.text.decode("utf-8", "replace") if name and name.text else "a function"
            paths, depth = _walked(at)
            yield Measure(text, at.start_point[0] + 1, at.end_point[0] + 1, 1 + paths, depth)
        stack += at.children


def _walked(function: Node) -> tuple[int, int]:
    paths, deepest = 0, 0
    stack = [(child, 0) for child in function.children]
    while stack:
        node, depth = stack.pop()
        if node.type in _JS_FUNCTIONS:
            continue
        paths += node.type in _JS_BRANCHES
        if node.type == "binary_expression":
            operator = node.child_by_field_name("operator")
            paths += bool(operator and operator.type in ("&&", "||", "??"))
        chained = node.parent is not None and node.parent.type == "else_clause"
        if node.type in _JS_LEVELS and not (node.type == "if_statement" and chained):
            depth += 1
            deepest = max(deepest, depth)
        stack += [(child, depth) for child in node.children]
    return paths, deepest
