"""Which files a project's mypy configuration is about.

Promises: what the configuration lists or leaves out is followed; one that lists nothing is about
product code. Never: runs anything.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from fnmatch import fnmatch
from typing import Any

from bot.gates.change import Change


def in_scope(change: Change, configured: str) -> list[str]:
    """Changed Python files that the configuration in `configured` covers."""
    said = _settings(configured, change.text_at(change.head, configured) or "")
    listed = [one.rstrip("/") for one in _words(said.get("files"))]
    packages = [one.replace(".", "/") for one in _words(said.get("packages"))]
    packages += [one.replace(".", "/") for one in _words(said.get("modules"))]
    excluded = said.get("exclude", [])
    patterns = [one for one in (excluded if isinstance(excluded, list) else [excluded]) if one]
    found = []
    for one in change.of(".py", ".pyi"):
        if any(_matches(str(pattern), one.path) for pattern in patterns):
            continue
        if listed or packages:
            chosen = any(_below(one.path, place) for place in listed)
            chosen |= any(f"/{place}/" in f"/{one.path.removesuffix('.py')}/" for place in packages)
        else:
            chosen = one.role == "source"
        if chosen:
            found.append(one.path)
    return found


def _below(path: str, place: str) -> bool:
    place = place.removeprefix("./")
    return (
        place in ("", ".")
        or path == place
        or path.startswith(f"{place}/")
        or (any(sign in place for sign in "*?[") and fnmatch(path, f"{place}*"))
    )


def _matches(pattern: str, path: str) -> bool:
    try:
        return bool(re.search(pattern.strip(), path))
    except re.error:
        return False


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [word.strip() for word in re.split(r"[,\n]", value) if word.strip()]
    return [str(one) for one in value] if isinstance(value, list) else []


def _settings(name: str, text: str) -> dict[str, Any]:
    if name.endswith(".toml"):
        try:
            found = tomllib.loads(text).get("tool", {}).get("mypy", {})
        except (tomllib.TOMLDecodeError, AttributeError):
            return {}
        return found if isinstance(found, dict) else {}
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parsed.read_string(text)
    except configparser.Error:
        return {}
    return dict(parsed.items("mypy")) if parsed.has_section("mypy") else {}
