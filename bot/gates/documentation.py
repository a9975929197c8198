"""How much of what is new and public says what it does: a part of the score, not a gate (§24.4)."""

from __future__ import annotations

import ast

from bot.gates.change import Change


def documented_share(change: Change) -> float | None:
    """Share of new public functions and classes of product code with a docstring; None for none."""
    total = told = 0
    for one in change.of(".py"):
        if one.role != "source" or not one.new_lines:
            continue
        try:
            tree = ast.parse(change.head_text(one.path) or "")
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if node.name.startswith("_") or node.lineno not in one.new_lines:
                continue
            total += 1
            told += ast.get_docstring(node) is not None
    return told / total if total else None
