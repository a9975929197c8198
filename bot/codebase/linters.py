"""Linters, formatters and type checkers that a project configures, with the settings that matter.

Promises: plain short values only, in a fixed order; what cannot be parsed is passed over.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from typing import Any

from bot.codebase.manifests import Manifests
from bot.codebase.profile import Tool


def tools(manifests: Manifests) -> tuple[Tool, ...]:
    """Linters, formatters and type checkers with the settings that matter to who writes code."""
    found = [*_of_pyproject(manifests), *_of_ini(manifests), *_of_json(manifests)]
    for path, name in (
        ("eslint.config.js", "eslint"), ("eslint.config.mjs", "eslint"),
        ("eslint.config.ts", "eslint"), (".eslintrc.js", "eslint"), (".eslintrc.cjs", "eslint"),
        (".golangci.yml", "golangci-lint"), (".golangci.yaml", "golangci-lint"),
        ("clippy.toml", "clippy"), (".clang-tidy", "clang-tidy"), ("checkstyle.xml", "checkstyle"),
    ):  # fmt: skip
        if path in manifests.known:
            found.append(Tool(name, path))
    if "go.mod" in manifests.known:
        found.append(Tool("gofmt", "go.mod"))
    hooks = _hooks(manifests)
    if hooks:
        found.append(Tool("pre-commit", ".pre-commit-config.yaml", {"hooks": hooks}))
    first: dict[str, Tool] = {}
    for tool in found:
        first.setdefault(tool.name, tool)
    return tuple(first.values())


def _of_pyproject(manifests: Manifests) -> list[Tool]:
    found = []
    for path in ("ruff.toml", ".ruff.toml"):
        if path in manifests.known:
            table = manifests.toml(path)
            lint, style = _table(table, "lint"), _table(table, "format")
            found.append(Tool("ruff", path, _settings({**lint, **style, **table})))
    for name, *below in (
        ("ruff", "lint", "format"), ("black",), ("isort",), ("mypy",), ("pyright",), ("flake8",),
        ("pylint", "format"), ("yapf",),
    ):  # fmt: skip
        table = manifests.tool(name)
        if table:
            for part in below:
                table = {**table, **_table(table, part)}
            found.append(Tool(name, "pyproject.toml", _settings(table)))
    for name, path in (("rustfmt", "rustfmt.toml"), ("rustfmt", ".rustfmt.toml")):
        if path in manifests.known:
            found.append(Tool(name, path, _settings(manifests.toml(path))))
    return found


def _of_ini(manifests: Manifests) -> list[Tool]:
    found = []
    for path in (".flake8", "setup.cfg", "tox.ini", "mypy.ini", ".isort.cfg", ".style.yapf"):
        sections = manifests.ini(path) if path in manifests.known else {}
        for section, name in (
            ("flake8", "flake8"), ("mypy", "mypy"), ("isort", "isort"), ("settings", "isort"),
            ("tool:isort", "isort"), ("yapf", "yapf"), ("pycodestyle", "pycodestyle"),
        ):  # fmt: skip
            if section in sections:
                found.append(Tool(name, path, _settings(sections[section])))
    if ".editorconfig" in manifests.known:
        lines = [ln for ln in manifests.text(".editorconfig").splitlines() if "root" not in ln]
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string("\n".join(lines))
        except configparser.Error:
            return found
        general = dict(parser.items("*")) if parser.has_section("*") else {}
        found.append(Tool("editorconfig", ".editorconfig", _settings(general)))
    return found


def _of_json(manifests: Manifests) -> list[Tool]:
    found = []
    package = manifests.package_json
    for name, key, paths in (
        (
            "prettier",
            "prettier",
            (".prettierrc", ".prettierrc.json", ".prettierrc.yaml", ".prettierrc.yml"),
        ),
        (
            "eslint",
            "eslintConfig",
            (".eslintrc", ".eslintrc.json", ".eslintrc.yml", ".eslintrc.yaml"),
        ),
        ("biome", "biome", ("biome.json", "biome.jsonc")),
        ("clang-format", "", (".clang-format",)),
    ):
        if isinstance(package.get(key), dict):
            found.append(Tool(name, "package.json", _settings(package[key])))
        for path in paths:
            if path in manifests.known:  # JSON is YAML
                found.append(Tool(name, path, _settings(manifests.yaml(path))))
    for name in ("standard", "xo"):
        if name in manifests.declared:
            found.append(Tool(name, "package.json"))
    strict = manifests.yaml("tsconfig.json").get("compilerOptions")
    if "tsconfig.json" in manifests.known:
        found.append(
            Tool("tsc", "tsconfig.json", _settings(strict if isinstance(strict, dict) else {}))
        )
    return found


def _hooks(manifests: Manifests) -> str:
    ids = []
    for repository in manifests.yaml(".pre-commit-config.yaml").get("repos") or []:
        for hook in repository.get("hooks") or [] if isinstance(repository, dict) else []:
            if isinstance(hook, dict) and isinstance(hook.get("id"), str):
                ids.append(hook["id"][:40])
    return " ".join(sorted(set(ids))[:12])


def _table(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = table.get(name)
    return found if isinstance(found, dict) else {}


_MATTERS = re.compile(
    r"line[-_]?length|max[-_]?line|print_?width|column_?limit|quote|semi|tab_?width|indent|"
    r"select|ignore|extend|profile|strict|target|convention|based_?on|trailing_?comma|use_?tabs|"
    r"disallow_untyped|edition|force[-_](?:single|sort)|known[-_]first",
    re.IGNORECASE,
)


def _settings(table: Mapping[str, Any]) -> dict[str, str]:
    """Those settings of a table that change how code is written, as short text, sorted."""
    kept = {}
    for key in sorted(map(str, table)):
        value = table.get(key)
        if _MATTERS.search(key) and value is not None and not isinstance(value, dict):
            many = isinstance(value, list)
            text = " ".join(map(str, value)) if many else " ".join(str(value).split())
            kept[key] = text[:80]
    return dict(list(kept.items())[:8])
