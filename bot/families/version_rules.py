"""How a version constraint changes so that a wanted version, and nothing older, fits.

Promises: an exact pin stays an exact pin, a floor stays a floor, a cap moves only if it is in the
way, spacing and extras stay; a result always allows the wanted version. Never lowers anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_REQUIREMENT = re.compile(
    r"""^(?P<head>\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*\(?)
        (?P<spec>[^;()@]*?)(?P<tail>\)?\s*(?:;.*)?)$""",
    re.VERBOSE | re.DOTALL,
)
_CLAUSE = re.compile(r"^(\s*)(===|==|~=|!=|<=|>=|<|>)(\s*)(\S+)(\s*)$")
_POETRY = re.compile(r"^(\s*)(\^|~)?(\s*)v?(\d[\w.+-]*)(\s*)$")


class Unsupported(Exception):
    """A constraint that cannot be changed by rule. `kind`: see `bot.families.outcomes.Question`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Declared:
    """One requirement as a manifest writes it; `spec` is the part that constrains versions."""

    name: str  # canonical (PEP 503)
    spec: str
    direct: bool = False
    marker: str = ""

    @property
    def pinned(self) -> str | None:
        """The one version that an exact pin names."""
        found = re.fullmatch(r"\s*={2,3}\s*([^\s,*]+)\s*", self.spec)
        return found[1] if found else None


def declared(text: str) -> Declared | None:
    """What a PEP 508 requirement says, or None if it is none."""
    try:
        requirement = Requirement(text.strip())
    except InvalidRequirement:
        return None
    found = _REQUIREMENT.match(text)
    return Declared(
        canonicalize_name(requirement.name),
        found["spec"].strip() if found and not requirement.url else "",
        direct=requirement.url is not None,
        marker=str(requirement.marker or ""),
    )


def retarget_requirement(text: str, target: Version) -> str:
    """A PEP 508 requirement that asks for `target`; the rest of the text as it was."""
    found = _REQUIREMENT.match(text)
    if not found:
        raise Unsupported("direct_reference", f"{text!r} has no version to change")
    spec = retarget(found["spec"], target)
    head = found["head"]
    if not found["spec"].strip():
        head = head.rstrip()
    tail = found["tail"]
    return f"{head}{spec}{tail}"


def retarget(spec: str, target: Version) -> str:
    """The constraint for `target` (PEP 440). Equal to `spec` if nothing has to change."""
    if not spec.strip():
        return f">={target}"
    body, trailing = spec.rstrip(), spec[len(spec.rstrip()) :]
    try:
        old = SpecifierSet(body)
    except InvalidSpecifier as error:
        raise Unsupported("unparsable", f"{spec!r} is not a version constraint") from error
    if old.contains(target, prereleases=True) and floor(body) >= target:
        return spec
    clauses = body.split(",")
    new = ",".join(_clause(clause, target) for clause in clauses if clause.strip())
    if not SpecifierSet(new).contains(target, prereleases=True):
        raise Unsupported("excluded", f"{spec.strip()!r} excludes {target}")
    if floor(new) < target:
        new = f"{new},>={target}"
    return new + trailing


def _clause(clause: str, target: Version) -> str:
    found = _CLAUSE.match(clause)
    if not found:
        raise Unsupported("unparsable", f"{clause!r} is not a version clause")
    lead, operator, space, old, trail = found.groups()
    new_operator, new = _new_clause(operator, old, target)
    return f"{lead}{new_operator}{space}{new}{trail}"


def _new_clause(operator: str, old: str, target: Version) -> tuple[str, str]:
    if operator in {"==", "==="} and old.endswith(".*"):
        return operator, _prefix(target, old.count(".")) + ".*"
    version = _version(old)
    if operator in {"==", "==="}:
        return operator, str(target)
    if operator == "~=":
        # The same number of parts, so that the range stays as wide as it was.
        parts = max(2, len(version.release))
        if version <= target and len(version.release) < len(target.release):
            return operator, _prefix(target, parts)
        return operator, _prefix(target, parts) if version < target else old
    if operator in {">=", ">"} and version < target:
        return ">=", str(target)
    if operator == "<" and version <= target:
        return operator, _cap(version, target)
    if operator == "<=" and version < target:
        return operator, str(target)
    return operator, old


def _cap(cap: Version, target: Version) -> str:
    """An upper bound of the same kind (major, minor …) just above the target."""
    release = cap.release
    place = max((n for n, part in enumerate(release) if part), default=0)
    parts = [*target.release, *[0] * len(release)][: place + 1]
    parts[place] += 1
    return ".".join(map(str, parts + [0] * (len(release) - len(parts))))


def _prefix(version: Version, parts: int) -> str:
    release = [*version.release, *[0] * parts][:parts]
    return ".".join(map(str, release))


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion as error:
        raise Unsupported("unparsable", f"{text!r} is not a version") from error


def floor(spec: str) -> Version:
    """The oldest version a constraint lets in, `0` if it has no lower bound."""
    lowest = Version("0.dev0")
    try:
        clauses = SpecifierSet(spec)
    except InvalidSpecifier as error:
        raise Unsupported("unparsable", f"{spec!r} is not a version constraint") from error
    for clause in clauses:
        if clause.operator in {"==", "===", "~=", ">=", ">"}:
            lowest = max(lowest, _version(clause.version.removesuffix(".*")))
    return lowest


def retarget_poetry(spec: str, target: Version) -> str:
    """A Poetry or npm constraint for `target`: `^`, `~`, a bare version, or PEP 440."""
    if "||" in spec or spec.strip() in {"", "*", "latest"}:
        if spec.strip() in {"", "*", "latest"}:
            return spec
        raise Unsupported("unparsable", f"{spec!r} has alternatives")
    found = _POETRY.match(spec)
    if not found:
        return retarget(spec, target)
    lead, operator, space, old, trail = found.groups()
    if _version(old) >= target:
        return spec
    return f"{lead}{operator or ''}{space}{target}{trail}"


def poetry_floor(spec: str) -> Version:
    """The oldest version that a Poetry or npm constraint lets in."""
    found = _POETRY.match(spec)
    if found:
        return _version(found[4])
    return Version("0.dev0") if spec.strip() in {"", "*", "latest"} else floor(spec)


def retarget_tag(tag: str, target: Version) -> str:
    """A tag of an action for `target`, as exact as it was: `4` stands for all of 4."""
    old = _version(tag)
    if old >= target or old.release == target.release[: len(old.release)]:
        return tag
    parts = tag.count(".") + 1
    return _prefix(target, parts) if parts < 3 else str(target)
