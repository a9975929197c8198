"""What manifests and lock files say of a package: fixed, or for development alone (B11).

Promises: each file is read once; what is not certain counts as not fixed, and as needed by the
product. Never: resolves or asks anybody.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import PurePosixPath

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bot.families import bump
from bot.workspace.text_files import Files
from policies.security_tickets import Declared

_LOCKS = (
    "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "package-lock.json",
    "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "Cargo.lock", "Gemfile.lock",
)  # fmt: skip
_DEV_FILE = re.compile(
    r"(^|[/_.-])(dev|develop|development|tests?|testing|lint|docs?|ci|typing)([/_.-]|$)", re.I
)
_DEV_GROUP = re.compile(r"^(dev|develop|development|tests?|testing|lint|docs?|ci|typing)$", re.I)


class Tree:
    """What the default branch declares, read once."""

    def __init__(self, files: Files) -> None:
        self.files = files

    @cached_property
    def _holdings(self) -> list[bump.Holding]:
        return bump.holdings(lambda: self.files.paths, self.files.text)

    @cached_property
    def _locks(self) -> list[tuple[str, str]]:
        found = [path for path in self.files.paths if PurePosixPath(path).name in _LOCKS]
        return [(path, (self.files.text(path) or "").casefold()) for path in found]

    def declared(
        self,
        packages: Iterable[str],
        versions: Sequence[Version],
        vulnerable: SpecifierSet | None,
    ) -> tuple[Declared, ...]:
        """Where the packages are declared. What a lock file holds is not known to be fixed."""
        names = {re.sub(r"[-_.]+", "-", name).casefold() for name in packages}
        found = [
            Declared(
                one.entry.path,
                _is_fixed(one, versions, vulnerable),
                _is_dev(one.entry.path, one.entry.name, self.files),
            )
            for one in self._holdings
            if one.entry.name in names
        ]
        for path, text in self._locks:
            if any(re.search(rf"(?<![\w/-]){re.escape(n)}(?![\w-])", text) for n in names):
                found.append(Declared(path, fixed=False))
        return tuple(found)


def _is_fixed(
    one: bump.Holding, versions: Sequence[Version], vulnerable: SpecifierSet | None
) -> bool:
    """Whether nothing that the requirement lets in is vulnerable."""
    if vulnerable is not None and vulnerable.contains(one.oldest, prereleases=True):
        return False
    if one.pinned and vulnerable is not None:
        return True
    if not versions:
        return False
    same = [v for v in versions if v.release[:2] == one.oldest.release[:2]] or [max(versions)]
    return one.oldest >= min(same)


def _is_dev(path: str, package: str, files: Files) -> bool:
    """Whether only development has the package, as far as the file's place or its tables say."""
    name = PurePosixPath(path).name
    if name in ("package.json", "pyproject.toml"):
        text = files.text(path) or ""
        return _only_dev_json(text, package) if name.endswith("json") else _only_dev(text, package)
    return bool(_DEV_FILE.search(path)) or name in ("tox.ini", "noxfile.py")


def _only_dev_json(text: str, package: str) -> bool:
    try:
        data = json.loads(text)
    except ValueError:
        return False
    tables = {key: data.get(key) for key in ("dependencies", "devDependencies")}
    names = {
        key: {one.lower() for one in table} if isinstance(table, dict) else set()
        for key, table in tables.items()
    }
    return package in names["devDependencies"] and package not in names["dependencies"]


def _only_dev(text: str, package: str) -> bool:
    """Whether a pyproject.toml names the package in groups for development alone."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    groups = {**data.get("dependency-groups", {})}
    groups |= data.get("project", {}).get("optional-dependencies", {})
    poetry = data.get("tool", {}).get("poetry", {})
    for key, group in poetry.get("group", {}).items():
        groups[key] = list(group.get("dependencies", {}))
    groups["dev"] = [*groups.get("dev", ()), *poetry.get("dev-dependencies", {})]
    named = re.compile(rf"^{re.escape(package)}(?![\w-])", re.IGNORECASE)

    def has(entries: Iterable[object]) -> bool:
        told = (re.sub(r"[-_.]+", "-", one) for one in entries if isinstance(one, str))
        return any(named.match(one) for one in told)

    main = [*data.get("project", {}).get("dependencies", ()), *poetry.get("dependencies", {})]
    of = [key for key, entries in groups.items() if has(entries)]
    return not has(main) and bool(of) and all(_DEV_GROUP.match(key) for key in of)
