"""What of a project's own linter settings matters when one rule is fixed.

Promises: layout, target version, import sections and ignores per file are honoured; what would
switch the rule off, load another file or refuse our version of the tool is not. The result is a
list of arguments, so that the run is the same whatever files lie around.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

Read = Callable[[str], str | None]

_KEPT = {"line-length", "indent-width", "target-version", "src", "exclude", "extend-exclude"}
_KEPT_LINT = {"per-file-ignores", "extend-per-file-ignores", "isort", "pyupgrade"}
_KEPT_FORMAT = {
    "quote-style",
    "indent-style",
    "skip-magic-trailing-comma",
    "line-ending",
    "exclude",
}
_OLDEST, _NEWEST = 7, 14  # minor versions of Python 3 that ruff can be told


def settings(read: Read) -> tuple[str, ...]:
    """`--isolated --config key=value …` for ruff, from the project's files at its root."""
    project = _toml(read("pyproject.toml"))
    ruff: dict[str, Any] = {}
    for table in (
        _toml(read(".ruff.toml")),
        _toml(read("ruff.toml")),
        _table(project, "tool", "ruff"),
    ):
        if table:
            ruff = table
            break
    found = {key: ruff[key] for key in sorted(_KEPT & ruff.keys())}
    lint = {**ruff, **_table(ruff, "lint")}
    found |= {f"lint.{key}": lint[key] for key in sorted(_KEPT_LINT & lint.keys())}
    layout = _table(ruff, "format")
    found |= {f"format.{key}": layout[key] for key in sorted(_KEPT_FORMAT & layout.keys())}
    for key, value in _older_tools(project, read).items():
        found.setdefault(key, value)
    if "target-version" not in found:
        found["target-version"] = _target(project, read)
    arguments = ["--isolated"]
    for key, value in found.items():
        arguments += ["--config", f"{key}={_inline(value)}"]
    return tuple(arguments)


def _older_tools(project: dict[str, Any], read: Read) -> dict[str, Any]:
    """Layout that the project told black or isort."""
    black, isort = _table(project, "tool", "black"), _table(project, "tool", "isort")
    ini = configparser.ConfigParser(interpolation=None, strict=False)
    for path, section in (("setup.cfg", "isort"), (".isort.cfg", "settings"), ("tox.ini", "isort")):
        try:
            ini.read_string(read(path) or "")
        except configparser.Error:
            continue
        if not isort and ini.has_section(section):
            isort = dict(ini[section])
    found: dict[str, Any] = {}
    length = str(black.get("line-length") or isort.get("line_length") or "")
    if length.isdigit() and 1 <= int(length) <= 320:
        found["line-length"] = int(length)
    if black.get("skip-string-normalization") is True:
        found["format.quote-style"] = "preserve"
    own: dict[str, Any] = {}
    for key in ("known_first_party", "known_third_party"):
        value = isort.get(key)
        names = re.split(r"[,\s]+", value.strip()) if isinstance(value, str) else value
        if isinstance(names, list) and names:
            own[key.replace("_", "-")] = [str(name) for name in names if name]
    for key in ("force_single_line", "force_sort_within_sections"):
        if str(isort.get(key, "")).lower() == "true":
            own[key.replace("_", "-")] = True
    if own:
        found["lint.isort"] = own
    return found


def _target(project: dict[str, Any], read: Read) -> str:
    """The oldest Python that the project supports; unknown means the oldest ruff knows."""
    wanted = _table(project, "project").get("requires-python")
    wanted = wanted or _table(project, "tool", "poetry", "dependencies").get("python")
    if not isinstance(wanted, str):
        text = (read("setup.cfg") or "") + "\n" + (read("setup.py") or "")
        match = re.search(r"python_requires\s*=\s*[\"']?([^\"'\n#]+)", text)
        wanted = match[1] if match else ""
    wanted = re.sub(r"^\s*[\^~](?!=)\s*", ">=", wanted)
    try:
        allowed = SpecifierSet(wanted.strip())
    except InvalidSpecifier:
        return f"py3{_OLDEST}"
    if not wanted.strip():
        return f"py3{_OLDEST}"
    minors = [n for n in range(_OLDEST, _NEWEST) if allowed.contains(f"3.{n}.99")]
    return f"py3{min(minors, default=_OLDEST)}"


def _toml(text: str | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text or "")
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _table(node: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        node = node.get(key, {}) if isinstance(node, dict) else {}
    return node if isinstance(node, dict) else {}


def _inline(value: Any) -> str:
    """A value as inline TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
