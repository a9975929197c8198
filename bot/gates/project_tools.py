"""Which linter, formatter and type checker a project uses, by its own files.

Promises: what a file says outright, with that file as the reason; a project that says nothing has
none, and is judged with the least that everybody agrees on. Never: runs anything.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.gates.change import Change

_FILES = (
    "pyproject.toml", "setup.cfg", "tox.ini", ".flake8", "ruff.toml", ".ruff.toml", "mypy.ini",
    ".mypy.ini", ".pre-commit-config.yaml", "package.json", "tsconfig.json", "noxfile.py",
    "Makefile", "pyrightconfig.json", ".pylintrc",
)  # fmt: skip
_ESLINT = re.compile(r"eslint\.config\.[cm]?[jt]s|\.eslintrc(\.(c?js|json|ya?ml))?")
_HOOK = re.compile(r"^\s*-?\s*id:\s*['\"]?([\w-]+)", re.M)
_PRETTIER = re.compile(r"\.prettierrc(\..+)?|prettier\.config\.[cm]?[jt]s")


@dataclass(frozen=True)
class ProjectTools:
    """Each: the file that says so, or "" where the project does not use it."""

    ruff: str = ""
    ruff_format: str = ""
    black: str = ""
    flake8: str = ""
    mypy: str = ""
    eslint: str = ""
    prettier: str = ""
    tsc: str = ""


def project_tools(change: Change) -> ProjectTools:
    """As the head says; where it says nothing any more, as the base did."""
    now = _read(change, change.head, change.head_names)
    before = _read(change, change.base, change.base_names)
    return ProjectTools(**{
        name: getattr(now, name) or getattr(before, name) for name in now.__dataclass_fields__
    })  # fmt: skip


def _read(change: Change, commit: str, names: frozenset[str]) -> ProjectTools:
    wanted = [name for name in _FILES if name in names]
    files = change.mirror.read_many(commit, wanted, limit=500_000)
    text = {name: content.decode("utf-8", "replace") for name, content in files.items()}
    tool = _toml(text.get("pyproject.toml", "")).get("tool", {})
    tool = tool if isinstance(tool, dict) else {}
    hooks = set(_HOOK.findall(text.get(".pre-commit-config.yaml", "")))
    calls = "\n".join(text.get(name, "") for name in ("tox.ini", "noxfile.py", "Makefile"))
    top = [name for name in names if "/" not in name]
    package = _json(text.get("package.json", ""))
    uses = {**_table(package, "devDependencies"), **_table(package, "dependencies")}

    def first(*options: tuple[bool, str]) -> str:
        return next((where for holds, where in options if holds), "")

    ruff = first(
        ("ruff.toml" in text, "ruff.toml"), (".ruff.toml" in text, ".ruff.toml"),
        ("ruff" in tool, "pyproject.toml"),
        (bool(hooks & {"ruff", "ruff-check"}), ".pre-commit-config.yaml"),
    )  # fmt: skip
    black = first(
        ("black" in tool, "pyproject.toml"),
        (bool(hooks & {"black", "black-jupyter"}), ".pre-commit-config.yaml"),
        (bool(re.search(r"\bblack\b[^\n]*--check", calls)), "tox.ini"),
    )
    ruff_table = tool.get("ruff", {}) if isinstance(tool.get("ruff"), dict) else {}
    ruff_toml = _toml(text.get("ruff.toml", text.get(".ruff.toml", "")))
    ruff_format = first(
        ("ruff-format" in hooks, ".pre-commit-config.yaml"),
        ("format" in ruff_table or "format" in ruff_toml, ruff),
        (bool(re.search(r"\bruff\b[^\n]*\bformat\b", calls)), "tox.ini"),
    )
    return ProjectTools(
        ruff=ruff,
        ruff_format=ruff_format,
        black="" if ruff_format else black,
        flake8=first(
            (".flake8" in text, ".flake8"),
            (_has_section(text.get("setup.cfg", ""), "flake8"), "setup.cfg"),
            (_has_section(text.get("tox.ini", ""), "flake8"), "tox.ini"),
            ("flake8" in hooks, ".pre-commit-config.yaml"),
        ),
        mypy=first(
            ("mypy.ini" in text, "mypy.ini"), (".mypy.ini" in text, ".mypy.ini"),
            ("mypy" in tool, "pyproject.toml"),
            (_has_section(text.get("setup.cfg", ""), "mypy"), "setup.cfg"),
        ),
        eslint=first(
            *((True, name) for name in sorted(top) if _ESLINT.fullmatch(name)),
            ("eslintConfig" in package, "package.json"),
        ),
        prettier=first(
            *((True, name) for name in sorted(top) if _PRETTIER.fullmatch(name)),
            ("prettier" in package or "prettier" in uses, "package.json"),
        ),
        tsc=first(("tsconfig.json" in text and "typescript" in uses, "tsconfig.json")),
    )  # fmt: skip


def _has_section(text: str, name: str) -> bool:
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parsed.read_string(text)
    except configparser.Error:
        return False
    return parsed.has_section(name)


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _table(source: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = source.get(name)
    return found if isinstance(found, dict) else {}
