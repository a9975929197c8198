"""What a command did besides printing, and what its output means, as JSON for the journal. (T2)

Promises: bounded lists; side effects are what differs between two trees, not what the command says.
Never: takes an output for understood that no parser knows.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from typing import Any

from bot.workspace.declarations import table, text_of
from bot.workspace.mirror import Mirror
from bot.workspace.parsers import TOOLS, parse
from bot.workspace.sandbox import WORKSPACE, Run
from policies.tools import unwrapped

MOST = 500  # paths of a kind
PROBLEMS = 50
_MANIFEST = re.compile(
    r"(^|/)([\w.-]*requirements[\w.-]*\.(txt|in)|pyproject\.toml|setup\.cfg|package\.json|Pipfile)$"
)
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def side_effects(mirror: Mirror, before: str, after: str) -> dict[str, Any]:
    """changed, created and deleted paths, and packages_added as `PyPI:name` or `npm:name`."""
    found = mirror.changed_files(before, after)
    paths = [one.path for one in found if one.path.isprintable()]
    manifests = [path for path in paths if _MANIFEST.search(path)]
    was, now = (mirror.read_many(tree, manifests, limit=2_000_000) for tree in (before, after))
    added = {name for path in now for name in _packages(path, now[path], was.get(path, b""))}
    return {
        "changed": [one.path for one in found][:MOST],
        "created": [one.path for one in found if one.status == "A"][:MOST],
        "deleted": [one.path for one in found if one.status == "D"][:MOST],
        "packages_added": sorted(added)[:MOST],
    }


def parsed(argv: Sequence[str], run: Run) -> dict[str, Any]:
    """tool, understood, reason, counts, problems and failures (the first few of each)."""
    words = unwrapped(argv)
    program = words[0].rpartition("/")[2] if words else ""
    if words[:2] == ["ruff", "format"]:
        program = "ruff-format"
    tool = program if program in TOOLS else ""
    found = parse(tool, run.text, root=WORKSPACE, exit_code=run.exit_code)
    return {
        "tool": found.tool or program,
        "understood": found.understood,
        "reason": found.reason,
        "counts": dict(found.counts),
        "problems": [
            {"file": p.file, "line": p.line, "rule": p.rule, "message": p.message[:300]}
            for p in found.problems[:PROBLEMS]
        ],
        "failures": [{"id": t.id, "message": t.message[:300]} for t in found.failures[:PROBLEMS]],
    }


def _packages(path: str, now: bytes, was: bytes) -> set[str]:
    return _named(path, now) - _named(path, was)


def _named(path: str, content: bytes) -> set[str]:
    """Packages that a manifest names; none where it makes no sense."""
    text = content.decode("utf-8", "replace")
    name = path.rpartition("/")[2]
    try:
        if name == "package.json":
            told = json.loads(text)
            kinds = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
            return {f"npm:{one}" for kind in kinds for one in table(told, kind)}
        if name in ("pyproject.toml", "Pipfile"):
            found = _pyproject(tomllib.loads(text)) if name != "Pipfile" else _pipfile(text)
        elif name == "setup.cfg":
            found = _setup_cfg(text)
        else:
            found = [line for line in text.splitlines() if not line.lstrip().startswith(("-", "#"))]
    except (ValueError, RecursionError, configparser.Error):
        return set()
    names = (_NAME.match(one.strip()) for one in found)
    return {f"PyPI:{re.sub(r'[-_.]+', '-', one[0]).lower()}" for one in names if one}


def _pyproject(told: dict[str, Any]) -> Iterable[str]:
    listed = [table(told, "project").get("dependencies")]
    listed += table(told, "project", "optional-dependencies").values()
    listed += table(told, "dependency-groups").values()
    listed.append(table(told, "build-system").get("requires"))
    poetry = table(told, "tool", "poetry")
    tables = [table(poetry, "dependencies"), table(poetry, "dev-dependencies")]
    tables += [table(group, "dependencies") for group in table(poetry, "group").values()]
    found = [text_of(one) for some in listed if isinstance(some, list) for one in some]
    return found + [name for one in tables for name in one if name != "python"]


def _pipfile(text: str) -> Iterable[str]:
    told = tomllib.loads(text)
    return [*table(told, "packages"), *table(told, "dev-packages")]


def _setup_cfg(text: str) -> Iterable[str]:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    found = parser.get("options", "install_requires", fallback="").splitlines()
    if parser.has_section("options.extras_require"):
        for _, value in parser.items("options.extras_require"):
            found += value.splitlines()
    return found
