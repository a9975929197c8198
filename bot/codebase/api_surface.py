"""The doors of a repository to callers outside: routes, commands, GraphQL, events (C1, C6).

Promises: entries come from the facts of files, and from places that a framework gives a meaning
(Django's management commands, Next's `pages/api`, console scripts of `pyproject.toml`); sorted.
Never: claims that a prefix is mounted somewhere; a route is as its file writes it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from bot.codebase.facts import ApiEntry
from bot.codebase.roles import role_of
from bot.codebase.snapshot import Snapshot

_DJANGO = re.compile(r"(?:^|/)management/commands/([A-Za-z]\w*)\.py$")
_NEXT = re.compile(r"(?:^|/)pages/(api/.+)\.[jt]sx?$|(?:^|/)app/(.*/)?route\.[jt]s$")


@dataclass(frozen=True, slots=True)
class Door:
    """An entry and the file that holds it."""

    path: str
    entry: ApiEntry


def api_surface(snapshot: Snapshot, *, tests: bool = False) -> list[Door]:
    """Every door, by kind, name and place; those in test files only when asked for."""
    found = [
        Door(path, entry)
        for path, facts in snapshot.briefs().items()
        for entry in facts.api
        if tests or role_of(path) != "test"
    ]
    for path in snapshot.files():
        if command := _DJANGO.search(path):
            found.append(Door(path, ApiEntry("command", command[1], "Command", 1)))
        elif route := _NEXT.search(path):
            name = (route[1] or route[2] or "").removesuffix("/index").strip("/")
            found.append(Door(path, ApiEntry("route", f"* /{name}", "", 1)))
    found += _scripts(snapshot)
    return sorted(found, key=lambda d: (d.entry.kind, d.entry.name, d.path, d.entry.line))


def _scripts(snapshot: Snapshot) -> list[Door]:
    """Console scripts that `pyproject.toml` names, at the file that answers where there is one."""
    data = snapshot.bytes_of("pyproject.toml")
    if data is None:
        return []
    try:
        project = tomllib.loads(data.decode("utf-8", "replace")).get("project", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return []  # a broken file names no scripts
    scripts = project.get("scripts") if isinstance(project, dict) else None
    found = []
    for name, target in sorted(scripts.items()) if isinstance(scripts, dict) else ():
        module, _, function = str(target).partition(":")
        base = module.strip().replace(".", "/")
        tries = [f"{r}{base}{end}" for r in ("", "src/") for end in (".py", "/__init__.py")]
        path = next((one for one in tries if one in snapshot.files()), "pyproject.toml")
        found.append(Door(path, ApiEntry("command", str(name), function.strip(), 1)))
    return found
