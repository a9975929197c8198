"""Values out of a project's declarations, whatever shape somebody gave them.

Promises: an answer for any content; a wrong shape is an empty value. Never: runs a setup.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

TEST_NAMES = ("test", "tests", "testing")
DEV_NAMES = ("dev", "develop", "development")


def table(value: Any, *path: str) -> dict[str, Any]:
    """The table at `path`, or an empty one when anything on the way is something else."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def chosen(declared: Mapping[str, Any]) -> str | None:
    """The name that speaks of tests, else of development."""
    lowered = {name.lower(): name for name in declared if re.fullmatch(r"[\w.-]+", name)}
    return next((lowered[n] for n in (*TEST_NAMES, *DEV_NAMES) if n in lowered), None)


def is_requirement(text: str) -> bool:
    """A named requirement, never an option, a path or an address."""
    return bool(re.fullmatch(r"[A-Za-z0-9][\w.-]*(\[[\w,. -]+\])?[\s\w.,<>=!~;*'\"()]*", text))


def from_poetry(name: str, declared: Any) -> str:
    """A poetry constraint as a lower bound: near enough to run tests.

    "" for one from a path or an address, whose name on an index may be somebody else's.
    """
    version = text_of(declared.get("version") if isinstance(declared, dict) else declared)
    if not version:
        return ""
    bound = re.match(r"[~^>=]*\s*(\d[\w.]*)", version)
    exact = re.fullmatch(r"=*\s*(\d[\w.]*)", version)
    if exact:
        return f"{name}=={exact[1]}"
    return f"{name}>={bound[1]}" if bound else name


def from_setup_py(source: str) -> tuple[list[str], dict[str, list[str]]]:
    """(tests_require, extras_require) of a setup.py, where it writes them as literals."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [], {}
    needed: list[str] = []
    extras: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.keyword) or node.arg not in {"tests_require", "extras_require"}:
            continue
        if isinstance(node.value, ast.Dict):
            extras |= {
                key.value: _strings(value)
                for key, value in zip(node.value.keys, node.value.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
        else:
            needed += _strings(node.value)
    return needed, extras


def _strings(node: ast.expr) -> list[str]:
    items = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else []
    return [i.value for i in items if isinstance(i, ast.Constant) and isinstance(i.value, str)]
