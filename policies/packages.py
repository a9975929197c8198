"""May a story add these packages? (T6, §25.3)

Promises: pure; only from the listed registries, no more new ones than the limit, none whose name is
a slip away from a well-known one, none that the lock file does not hold. Every package is judged
and every objection told.
Never: says that a package is good: that needs facts about it, which the dependency gate has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from policies.popular_packages import POPULAR

REGISTRIES = frozenset(
    {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "registry.yarnpkg.com",
     "index.crates.io", "static.crates.io", "crates.io", "proxy.golang.org"}
)  # fmt: skip
_SHORTEST = 4  # names shorter than this are all a slip away from each other


@dataclass(frozen=True)
class Added:
    """A package that is new. `source`: the address that it comes from where it is not the usual
    registry, "" else. `locked`: the lock file holds it with a hash; None: there is no lock file.
    """

    ecosystem: str  # as OSV says: PyPI, npm, crates.io, Go
    name: str
    source: str = ""
    locked: bool | None = None


@dataclass(frozen=True)
class PackageRules:
    """`known`: names that the project had before, or that its people vouch for, by ecosystem."""

    registries: frozenset[str] = REGISTRIES
    most_new: int = 3
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Objection:
    """`rule`: registry, number, typosquat or lock_file. `package`: "" where all are meant."""

    rule: str
    package: str
    reason: str


def objections(added: Sequence[Added], rules: PackageRules) -> tuple[Objection, ...]:
    """What speaks against adding these; empty: nothing does."""
    new = {(one.ecosystem, normal(one.ecosystem, one.name)) for one in added}
    found = [objection for one in added for objection in _against(one, rules)]
    if len(new) > rules.most_new:
        reason = f"{len(new)} new packages, {rules.most_new} are the limit of a story"
        found.append(Objection("number", "", reason))
    return tuple(dict.fromkeys(found))


def squats(ecosystem: str, name: str) -> str:
    """The well-known package that `name` could be taken for, or ""."""
    popular = POPULAR.get(ecosystem, frozenset())
    name = normal(ecosystem, name)
    if name in popular or not name:
        return ""
    for known in sorted(popular):
        if _bare(known) == _bare(name) and not name.startswith("@"):
            return known
    if len(name) < _SHORTEST:
        return ""
    for known in sorted(popular):
        if len(known) < _SHORTEST or abs(len(known) - len(name)) > 2:
            continue
        if distance(known, name) <= (1 if len(known) < 9 else 2):
            return known
    return ""


def normal(ecosystem: str, name: str) -> str:
    """As the registry compares names."""
    name = name.strip().lower()[:214]
    return re.sub(r"[-_.]+", "-", name) if ecosystem == "PyPI" else name


def distance(one: str, other: str) -> int:
    """Slips of the fingers between two words: a letter more, less, other, or two exchanged."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before, row = before, row, [i, *([0] * len(other))]
        for j, against in enumerate(other, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                row[j] = min(row[j], older[j - 2] + 1)
    return row[-1]


def _against(one: Added, rules: PackageRules) -> Iterator[Objection]:
    if one.source:
        host = urlsplit(one.source.removeprefix("git+")).hostname or one.source[:80]
        if one.source.startswith("git+") or host not in rules.registries:
            reason = f"it comes from {host}, which is not a registry on the list"
            yield Objection("registry", one.name, reason)
    known = rules.known.get(one.ecosystem, frozenset())
    name = normal(one.ecosystem, one.name)
    vouched = name in {normal(one.ecosystem, other) for other in known}
    if not vouched and (meant := squats(one.ecosystem, one.name)):
        yield Objection("typosquat", one.name, f"a slip away from {meant}, which is well known")
    if one.locked is False:
        yield Objection("lock_file", one.name, "the lock file does not hold it with a hash")


def _bare(name: str) -> str:
    """Without what imitators add, leave out or swap."""
    name = re.sub(r"^(python|py|node)[-_.]?(?=\w{3})|[-_.]?(python|py|js|node)$", "", name)
    return re.sub(r"[-_.]", "", name).translate(str.maketrans("0135", "oles"))
