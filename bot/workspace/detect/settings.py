"""Tools whose own settings, or whose place among the dependencies, say that a project uses them."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.workspace.declarations import table
from bot.workspace.detect.automation import hook_arguments, hooks
from bot.workspace.detect.command import Command, Purpose, Text
from bot.workspace.node_project import NodeProject

_PYTHON: dict[str, tuple[Purpose, tuple[str, ...]]] = {
    "ruff": ("lint", ("ruff", "check", "--no-fix", ".")),
    "ruff-format": ("format", ("ruff", "format", "--check", ".")),
    "black": ("format", ("black", "--check", ".")),
    "isort": ("format", ("isort", "--check-only", ".")),
    "flake8": ("lint", ("flake8",)),
    "pylint": ("lint", ("pylint", "--recursive=y", ".")),
    "mypy": ("types", ("mypy", ".")),
    "pyright": ("types", ("pyright",)),
    "bandit": ("lint", ("bandit", "-q", "-r", ".")),
}
_FILES = {
    "ruff.toml": "ruff", ".ruff.toml": "ruff", ".flake8": "flake8", "mypy.ini": "mypy",
    ".mypy.ini": "mypy", "pyrightconfig.json": "pyright", ".pylintrc": "pylint",
    "pylintrc": "pylint", ".isort.cfg": "isort", ".bandit": "bandit",
}  # fmt: skip
_SECTIONS = {"flake8": "flake8", "mypy": "mypy", "isort": "isort", "pylint": "pylint"}
_HOOKS = ".pre-commit-config.yaml"
_ESLINT = re.compile(r"\.eslintrc(\.\w+)?|eslint\.config\.[cm]?[jt]s")
_PRETTIER = re.compile(r"\.prettierrc(\.\w+)?|prettier\.config\.[cm]?[jt]s")


def python_settings(names: Sequence[str], files: Mapping[str, str]) -> Iterator[Command]:
    """From pyproject.toml, setup.cfg, tox.ini, the tools' own files and pre-commit."""
    if not any(name.endswith(".py") for name in names):
        return
    arguments = hook_arguments(files.get(_HOOKS, ""))
    for tool, source in _python_tools(set(names), files):
        purpose, argv = _PYTHON[tool]
        if tool == "flake8":  # the others have settings of their own, which hooks seldom repeat
            argv += arguments.get(tool, ())
        if tool == "mypy" and _mypy_files(files):
            argv = ("mypy",)
        yield Command(purpose, tool, argv, "", f"settings for {tool}", source, "settings")


def _python_tools(names: set[str], files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for file, tool in _FILES.items():
        if file in names:
            yield tool, file
    pyproject = Text("pyproject.toml", files.get("pyproject.toml", ""))
    settings = _toml(pyproject.content)
    for tool in ("ruff", "black", "isort", "flake8", "pylint", "mypy", "pyright", "bandit"):
        if tool in table(settings, "tool"):
            yield tool, pyproject.at(f"[tool.{tool}")
            if tool == "ruff" and "format" in table(settings, "tool", "ruff"):
                yield "ruff-format", pyproject.at("[tool.ruff.format")
    for path in ("setup.cfg", "tox.ini"):
        ini = Text(path, files.get(path, ""))
        for section in _sections(ini.content):
            named = _SECTIONS.get(
                section.partition("-")[0] if section.startswith("mypy-") else section
            )
            if named:
                yield named, ini.at(f"[{section}]")
    for _, tool, line in hooks(files.get(_HOOKS, "")):
        if tool in _PYTHON:
            yield tool, f"{_HOOKS}:{line}"


def _mypy_files(files: Mapping[str, str]) -> bool:
    """Do its settings say which files it looks at?"""
    tool = table(_toml(files.get("pyproject.toml", "")), "tool", "mypy")
    if any(key in tool for key in ("files", "packages", "modules")):
        return True
    return any(
        re.search(r"^\[mypy\][^\[]*^(files|packages|modules)\s*=", files.get(p, ""), re.M)
        for p in ("mypy.ini", ".mypy.ini", "setup.cfg", "tox.ini")
    )


def _toml(content: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _sections(content: str) -> list[str]:
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parsed.read_string(content)
    except configparser.Error:
        return []
    return parsed.sections()


def node_settings(
    folder: str, project: NodeProject, names: Sequence[str], package: Text
) -> Iterator[Command]:
    """eslint, prettier, biome and the TypeScript compiler of the project in `folder`."""
    here = f"{folder}/" if folder else ""
    beside = {n[len(here) :] for n in names if n.startswith(here)}
    local = {n for n in beside if "/" not in n}
    try:
        declared = json.loads(package.content)
    except (ValueError, RecursionError):
        declared = {}

    def command(purpose: Purpose, tool: str, argv: tuple[str, ...], file: str) -> Command:
        source = here + file if file else package.at(f'"{tool}"')
        return Command(purpose, tool, argv, folder, f"settings for {tool}", source, "settings")

    eslint = next((n for n in sorted(local) if _ESLINT.fullmatch(n)), "")
    if eslint or "eslintConfig" in table(declared):
        yield command("lint", "eslint", ("npx", "eslint", "."), eslint)
    prettier = next((n for n in sorted(local) if _PRETTIER.fullmatch(n)), "")
    if prettier or "prettier" in table(declared):
        yield command("format", "prettier", ("npx", "prettier", "--check", "."), prettier)
    if biome := next((n for n in ("biome.json", "biome.jsonc") if n in local), ""):
        yield command("lint", "biome", ("npx", "biome", "lint", "."), biome)
    if "tsconfig.json" in local and "typescript" in project.dependencies:
        yield command("types", "tsc", ("npx", "tsc", "--noEmit"), "tsconfig.json")
