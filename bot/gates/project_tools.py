"""Which linter, formatter and type checker a project uses, by its own files.

Promises: what `bot.workspace.detect` reads in them, at the head and, where that says nothing any
more, at the base: a change cannot switch a tool off for itself. Never: runs anything.
"""

from __future__ import annotations

import configparser
import itertools
import re
import tomllib
from dataclasses import dataclass, fields

from bot.gates.change import Change
from bot.workspace.detect import Detected, detect_at

_TASTE = re.compile(
    r"--((extend-)?(ignore|select)|max-(line|doc)-length|max-complexity|per-file-ignores)=[^=-].*"
)
_MYPY = ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg")


@dataclass(frozen=True)
class ProjectTools:
    """Each: the place that says so, or "" where the project does not use it.

    `mypy`: the file with its settings. `flake8_options`: what the project's own call of it says.
    """

    ruff: str = ""
    ruff_format: str = ""
    black: str = ""
    flake8: str = ""
    flake8_options: tuple[str, ...] = ()
    mypy: str = ""
    eslint: str = ""
    prettier: str = ""
    tsc: str = ""


def project_tools(change: Change) -> ProjectTools:
    """What the project uses at the head, else at the base."""
    now, before = _read(change, change.head), _read(change, change.base)
    names = [one.name for one in fields(ProjectTools)]
    return ProjectTools(**{name: getattr(now, name) or getattr(before, name) for name in names})


def _read(change: Change, commit: str) -> ProjectTools:
    found = detect_at(change.mirror, commit)
    ruff_format = _format(found, "ruff")
    return ProjectTools(
        ruff=_lint(found, "ruff"),
        ruff_format=ruff_format,
        black="" if ruff_format else _format(found, "black"),
        flake8=_lint(found, "flake8"),
        flake8_options=_options(found, "flake8"),
        mypy=_mypy(change, commit),
        eslint=_lint(found, "eslint"),
        prettier=_format(found, "prettier"),
        tsc=next((one.source for one in found.of("types", cwd="") if one.tool == "tsc"), ""),
    )


def _lint(found: Detected, name: str) -> str:
    return next((one.source for one in found.of("lint", cwd="") if one.tool == name), "")


def _options(found: Detected, name: str) -> tuple[str, ...]:
    """What is complained about, where only the command line of the project says it."""
    argv = next((one.argv for one in found.of("lint", cwd="") if one.tool == name), ())
    joined = [f"{one}={value}" for one, value in itertools.pairwise(argv)]
    return tuple(one for one in (*argv, *joined) if _TASTE.fullmatch(one))


def _format(found: Detected, name: str) -> str:
    return next((one.source for one in found.of("format", cwd="") if name in one.argv[:3]), "")


def _mypy(change: Change, commit: str) -> str:
    """The file that holds mypy's settings; what only runs mypy says nothing of its strictness."""
    for name in _MYPY:
        text = change.text_at(commit, name)
        if text is not None and (_has_table if name.endswith(".toml") else _has_section)(text):
            return name
    return ""


def _has_table(text: str) -> bool:
    try:
        return "mypy" in tomllib.loads(text).get("tool", {})
    except (tomllib.TOMLDecodeError, TypeError, RecursionError):
        return False


def _has_section(text: str) -> bool:
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parsed.read_string(text)
    except configparser.Error:
        return False
    return parsed.has_section("mypy")
