"""Which packages a change adds or moves, by what its manifests and lock files say.

Promises: exact versions where they are written; a requirement without one is given back as it
stands. Never: installs or asks anybody.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from bot.gates.change import Change
from policies.packages import Added

_REQUIREMENTS = re.compile(
    r"(^|/)([\w.-]*(requirements|constraints|deps)[\w.-]*|requirements/[\w.-]+)\.(txt|in|pip|lock)$"
)


@dataclass(frozen=True)
class Package:
    """`version`: exact, or "". `asked`: the requirement as written. `ecosystem`: as OSV says."""

    ecosystem: str
    name: str
    version: str
    asked: str
    file: str = ""
    line: int | None = None


def added_packages(change: Change) -> list[Package]:
    """Packages that the head's files name and the base's did not, in that way."""
    found: list[Package] = []
    for path in change.kept:
        reader = _reader(path)
        if reader is None:
            continue
        before = set(reader(change.base_text(path) or ""))
        text = change.head_text(path) or ""
        for one in reader(text):
            if one not in before:
                found.append(replace(one, file=path, line=_line(text, one)))
    return list(dict.fromkeys(found))


LOCKED_BY = {  # manifest → the lock files that may stand beside it
    "pyproject.toml": ("uv.lock", "poetry.lock", "pdm.lock"),
    "Pipfile": ("Pipfile.lock",),
    "package.json": ("package-lock.json",),
}
_LOCKS = frozenset({*(lock for locks in LOCKED_BY.values() for lock in locks), "pylock.toml",
                    "Cargo.lock"})  # fmt: skip


def new_packages(change: Change) -> tuple[list[Added], dict[str, frozenset[str]]]:
    """(what the head's manifests name and no manifest of the base did, names that those did name).

    Lock files are left out: what a package brings along was chosen by its makers.
    """
    known: dict[str, set[str]] = {}
    named: dict[tuple[str, str], Added] = {}
    for path in change.kept:
        folder, _, name = path.rpartition("/")
        reader = _reader(path)
        if reader is None or name in _LOCKS:
            continue
        for one in reader(change.base_text(path) or ""):
            known.setdefault(one.ecosystem, set()).add(one.name)
        beside = [f"{folder}/{lock}".lstrip("/") for lock in LOCKED_BY.get(name, ())]
        held = [_names(lock, text) for lock in beside if (text := change.head_text(lock))]
        for one in reader(change.head_text(path) or ""):
            locked = any(one.name in names for names in held) if held else None
            named[one.ecosystem, one.name] = Added(one.ecosystem, one.name, _source(one), locked)
    old = {(ecosystem, name) for ecosystem, names in known.items() for name in names}
    added = [one for key, one in named.items() if key not in old]
    return added, {ecosystem: frozenset(names) for ecosystem, names in known.items()}


def _names(lock: str, text: str) -> frozenset[str]:
    reader = _reader(lock)
    return frozenset(one.name for one in reader(text)) if reader else frozenset()


def _source(one: Package) -> str:
    """The address of a package that is not asked of a registry by its name."""
    if one.ecosystem == "PyPI":
        return (Requirement(one.asked).url or "") if "@" in one.asked else ""
    wanted = one.asked.removeprefix(f"{one.name}@")
    return wanted if re.match(r"(git\+)?(https?|git|ssh)://", wanted) else ""


def _reader(path: str) -> Callable[[str], Iterator[Package]] | None:
    name = path.rpartition("/")[2]
    if _REQUIREMENTS.search(path):
        return _requirements
    return {
        "pyproject.toml": _pyproject, "setup.cfg": _setup_cfg, "setup.py": _setup_py,
        "uv.lock": _toml_lock, "poetry.lock": _toml_lock, "pdm.lock": _toml_lock,
        "pylock.toml": _toml_lock,
        "Pipfile": _pipfile, "Pipfile.lock": _pipfile_lock, "package.json": _package_json,
        "package-lock.json": _package_lock, "tox.ini": _tox, "Cargo.lock": _cargo_lock,
        "go.mod": _go_mod,
    }.get(name)  # fmt: skip


def _line(text: str, one: Package) -> int | None:
    wanted = re.compile(rf"(?i)(?<![\w-]){re.escape(one.name).replace('-', '[-_.]')}(?![\w-])")
    for number, line in enumerate(text.split("\n"), 1):
        if wanted.search(line) and (not one.version or one.version in line):
            return number
    return next((n for n, line in enumerate(text.split("\n"), 1) if wanted.search(line)), None)


def _python(requirement: str) -> Iterator[Package]:
    try:
        asked = Requirement(requirement.strip())
    except InvalidRequirement:
        return
    exact = [
        clause.version
        for clause in asked.specifier
        if clause.operator in ("==", "===") and "*" not in clause.version
    ]
    name = canonicalize_name(asked.name)
    yield Package("PyPI", name, exact[0] if exact else "", requirement.strip())


def _requirements(text: str) -> Iterator[Package]:
    for line in text.replace("\\\n", " ").splitlines():
        plain = re.split(r"\s+#|\s--hash|\s+;?\s*--", line.strip())[0].strip()
        if plain and not plain.startswith(("#", "-")):
            yield from _python(plain)


def _pyproject(text: str) -> Iterator[Package]:
    table = _toml(text)
    project = _table(table, "project")
    listed = list(project.get("dependencies") or [])
    for group in _table(project, "optional-dependencies").values():
        listed += group if isinstance(group, list) else []
    for group in _table(table, "dependency-groups").values():
        listed += group if isinstance(group, list) else []
    listed += _table(table, "build-system").get("requires") or []
    poetry = _table(_table(table, "tool"), "poetry")
    tables = [_table(poetry, "dependencies"), _table(poetry, "dev-dependencies")]
    tables += [_table(one, "dependencies") for one in _table(poetry, "group").values()
               if isinstance(one, dict)]  # fmt: skip
    for one in listed:
        if isinstance(one, str):
            yield from _python(one)
    for entries in tables:
        for name, said in entries.items():
            version = said.get("version", "") if isinstance(said, dict) else said
            if name != "python" and isinstance(version, str):
                exact = re.fullmatch(r"=?=?\s*(\d[\w.]*)", version)
                asked = f"{name}=={exact[1]}" if exact else name
                yield from _python(asked)


def _setup_cfg(text: str) -> Iterator[Package]:
    parsed = _ini(text)
    listed = parsed.get("options", "install_requires", fallback="").splitlines()
    if parsed.has_section("options.extras_require"):
        for _, value in parsed.items("options.extras_require"):
            listed += value.splitlines()
    for one in listed:
        yield from _python(one)


def _tox(text: str) -> Iterator[Package]:
    parsed = _ini(text)
    for section in parsed.sections():
        for line in parsed.get(section, "deps", fallback="", raw=True).splitlines():
            yield from _python(line.partition(":")[2] if ": " in line else line)


def _setup_py(text: str) -> Iterator[Package]:
    for quoted in re.findall(
        r"['\"]([A-Za-z][\w.-]*(?:\[[\w,]+\])?\s*[=<>~!]=?[^'\"]+)['\"]", text
    ):
        yield from _python(quoted)


def _toml_lock(text: str) -> Iterator[Package]:
    listed = _toml(text).get("package") or _toml(text).get("packages")
    for one in listed if isinstance(listed, list) else []:
        source = str(one.get("source", "")) if isinstance(one, dict) else ""
        if isinstance(one, dict) and one.get("version") and "editable" not in source:
            name = canonicalize_name(str(one.get("name", "")))
            yield Package("PyPI", name, str(one["version"]), f"{name}=={one['version']}")


def _pipfile(text: str) -> Iterator[Package]:
    table = _toml(text)
    for part in ("packages", "dev-packages"):
        for name, said in _table(table, part).items():
            version = said.get("version", "") if isinstance(said, dict) else str(said)
            yield from _python(name if version in ("*", "") else f"{name}{version}")


def _pipfile_lock(text: str) -> Iterator[Package]:
    told = _json(text)
    for part in ("default", "develop"):
        for name, said in _table(told, part).items():
            if isinstance(said, dict):
                yield from _python(f"{name}{said.get('version', '')}")


def _package_json(text: str) -> Iterator[Package]:
    told = _json(text)
    for part in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies"):
        for name, said in _table(told, part).items():
            exact = re.fullmatch(r"[=v]*(\d+\.\d+\.\d+[\w.+-]*)", str(said))
            yield Package("npm", name, exact[1] if exact else "", f"{name}@{said}")


def _package_lock(text: str) -> Iterator[Package]:
    for place, said in _table(_json(text), "packages").items():
        name = place.rpartition("node_modules/")[2]
        if name and isinstance(said, dict) and said.get("version") and not said.get("link"):
            version = str(said["version"])
            yield Package("npm", name, version, f"{name}@{version}")


def _cargo_lock(text: str) -> Iterator[Package]:
    listed = _toml(text).get("package")
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and one.get("source"):
            name, version = str(one.get("name")), str(one.get("version"))
            yield Package("crates.io", name, version, f"{name}@{version}")


def _go_mod(text: str) -> Iterator[Package]:
    for name, version in re.findall(
        r"^\s*(?:require\s+)?([\w.-]+\.[\w./-]+) v([\w.+-]+)", text, re.M
    ):
        yield Package("Go", name, version, f"{name}@v{version}")


def _table(source: Any, name: str) -> dict[str, Any]:
    found = source.get(name) if isinstance(source, dict) else None
    return found if isinstance(found, dict) else {}


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _json(text: str) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return {}


def _ini(text: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parsed.read_string(text)
    except configparser.Error:
        return configparser.ConfigParser()
    return parsed
