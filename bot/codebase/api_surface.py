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
_FOREIGN = re.compile(r"(?:^|/)(?:vendor|third_party|node_modules)/")
_SCHEMA = re.compile(r"\.(?:graphqls?|gql)$")
_ROOT_TYPE = re.compile(r"^(?:extend\s+)?type\s+(Query|Mutation|Subscription)\b[^{]{0,500}\{", re.M)
_FIELD = re.compile(r"^\s*([A-Za-z_]\w*)\s*(?:\(|:)")
_LARGEST = 500_000  # bytes of a schema or a project's description that is read
_NEXT = re.compile(r"(?:^|/)pages/(api/.+)\.[jt]sx?$|(?:^|/)app/(.*/)?route\.[jt]s$")


@dataclass(frozen=True, slots=True)
class Door:
    """An entry and the file that holds it."""

    path: str
    entry: ApiEntry


def api_surface(snapshot: Snapshot, *, tests: bool = False) -> list[Door]:
    """Every door, by kind, name and place; those in test files only when asked for.

    What others wrote and the repository only carries along opens no door of its own.
    """
    found = [Door(path, entry) for path, facts in snapshot.briefs().items() for entry in facts.api]
    for path in snapshot.files():
        if command := _DJANGO.search(path):
            found.append(Door(path, ApiEntry("command", command[1], "Command", 1)))
        elif route := _NEXT.search(path):
            name = (route[1] or route[2] or "").removesuffix("/index").strip("/")
            found.append(Door(path, ApiEntry("route", f"* /{name}", "", 1)))
    found += _scripts(snapshot)
    found += _schemas(snapshot)
    ours = (
        door
        for door in found
        if not _FOREIGN.search(door.path) and (tests or role_of(door.path) != "test")
    )
    return sorted(ours, key=lambda d: (d.entry.kind, d.entry.name, d.path, d.entry.line))


def _schemas(snapshot: Snapshot) -> list[Door]:
    """The fields of the root types of GraphQL schemas."""
    wanted = [
        p for p, one in snapshot.files().items() if _SCHEMA.search(p) and one.size <= _LARGEST
    ]
    found = []
    for path, data in snapshot.many_bytes(wanted).items():
        text = data.decode("utf-8", "replace")
        line, at = 1, 0
        for root in _ROOT_TYPE.finditer(text):
            end = text.find("}", root.end())
            if end < 0:
                break  # a broken schema
            line, at = line + text.count("\n", at, root.end()), root.end()
            depth = 0  # arguments may stand on lines of their own
            for row, written in enumerate(text[at:end].split("\n")):
                if depth == 0 and (field := _FIELD.match(written)):
                    entry = ApiEntry("graphql", f"{root[1]}.{field[1]}", field[1], line + row)
                    found.append(Door(path, entry))
                depth = max(0, depth + written.count("(") - written.count(")"))
    return found


def _scripts(snapshot: Snapshot) -> list[Door]:
    """Console scripts that `pyproject.toml` names, at the file that answers where there is one."""
    data = snapshot.bytes_of("pyproject.toml")
    if data is None or len(data) > _LARGEST:
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
