"""What else is touched when a file or a definition changes (C6, X4).

Promises: callers are lines whose code holds the name, in files that can see the definition; tests
come with the reason for which they count, the surest first. Deterministic. Never: runs anything; a
use through a string, a registry or reflection is not seen.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.codebase import languages
from bot.codebase.api_surface import Door
from bot.codebase.facts import Definition
from bot.codebase.graph import Graph
from bot.codebase.roles import is_test_file, role_of
from bot.codebase.snapshot import Snapshot
from bot.codebase.symbols import Symbols

NEAR = 2  # imports between a file and one that it still sees, as through a package
_FEW = 3  # files that define a name: then who sees one of them from afar may well mean it
FAR = 3  # imports between a test and what it is said to cover
# Names that values of the language answer to, too: seen from afar, they mean those.
_EVERYWHERE = frozenset(name for kind in (dict, list, set, str, bytes) for name in dir(kind))
_UNSEEN = 1_000  # the distance of what does not depend on a file at all
_MANY = 400  # files whose text is searched for callers
_TOO_COMMON = 40  # files that define a name: then its uses elsewhere say nothing
_AROUND = re.compile(r"(?:^test_?|[._-]?(?:test|tests|spec)$)", re.IGNORECASE)


class NoSuchPlace(LookupError):
    """The snapshot has no such file, or the file no such definition."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A line of code that names what changes. `inside`: qualified name of what it stands in."""

    path: str
    line: int
    inside: str


@dataclass(frozen=True, slots=True)
class Covering:
    """A test file and why it counts.

    `reason`: `uses` a name of it, `imports` it, has its `name`, has its `fixtures`, or reaches it
    `through` others; `distance`: imports in between, 0 for none.
    """

    path: str
    reason: str
    distance: int


@dataclass(frozen=True)
class Impact:
    """Everything that may notice. `importers`: file → distance (1: imports it itself)."""

    path: str
    symbol: str | None
    callers: tuple[Caller, ...] = ()
    importers: dict[str, int] = field(default_factory=dict)
    tests: tuple[Covering, ...] = ()
    api: tuple[Door, ...] = ()

    def files(self) -> tuple[str, ...]:
        """Files that may have to change with it: itself, callers, direct importers; sorted (X4)."""
        direct = (path for path, distance in self.importers.items() if distance == 1)
        return tuple(sorted({self.path, *(one.path for one in self.callers), *direct}))


def impact(
    snapshot: Snapshot, graph: Graph, symbols: Symbols, path: str, symbol: str | None = None
) -> Impact:
    """What may notice a change of `path`, or only of `symbol` (a qualified or plain name) in it.

    Raises NoSuchPlace.
    """
    if path not in snapshot.files():
        raise NoSuchPlace(f"no file {path!r}")
    changed = _definitions(snapshot, path, symbol)
    distances = graph.dependents([path])
    callers = _callers(snapshot, symbols, path, _names(changed, symbol), distances, changed)
    using = {one.path for one in callers} - {path}
    importers = distances
    if symbol is not None:
        shown = {one: distances.get(one, 1) for one in using}
        importers = dict(sorted(shown.items(), key=lambda one: (one[1], one[0])))
    tests = covering(snapshot, graph, symbols, path, symbol)
    doors = _api(snapshot, path, callers, changed, symbol)
    return Impact(path, symbol, callers, importers, tests, doors)


def covering(
    snapshot: Snapshot, graph: Graph, symbols: Symbols, path: str, symbol: str | None = None
) -> tuple[Covering, ...]:
    """Test files that cover a file or a definition in it, the surest first. NoSuchPlace."""
    if path not in snapshot.files():
        raise NoSuchPlace(f"no file {path!r}")
    names = _names(_definitions(snapshot, path, symbol), symbol)
    distances = graph.dependents([path], depth=FAR)
    known = [n for n in names if 0 < len(symbols.defined_in(n)) <= _TOO_COMMON]
    using = {user for name in known for user in symbols.used_in(name)}
    found: dict[str, Covering] = {}
    for test in (p for p, one in snapshot.files().items() if one.language and role_of(p) == "test"):
        distance = distances.get(test, 0)
        beside = posixpath.dirname(test) == posixpath.dirname(path)
        named = (distance or beside) and _same_name(path, test)
        if test == path:
            found[test] = Covering(test, "uses", 0)
        elif distance and test in using:
            found[test] = Covering(test, "uses", distance)
        elif distance == 1 and symbol is None:
            found[test] = Covering(test, "imports", 1)
        elif named:
            found[test] = Covering(test, "name", distance or FAR + 1)
        elif distance and symbol is None:
            found[test] = Covering(test, "through", distance)
    return tuple(sorted(found.values(), key=lambda one: _surety(path, one)))


def tests_for(
    snapshot: Snapshot, graph: Graph, symbols: Symbols, changed: Iterable[str]
) -> tuple[Covering, ...]:
    """Test files worth running after a change of these paths, the surest first.

    A path may be gone from the snapshot: then tests of its name count. A changed `conftest.py`
    speaks for every test at and below its folder. Only files that a runner collects are named.
    """
    files = snapshot.files()
    tests = [path for path, one in files.items() if one.language and is_test_file(path)]
    best: dict[str, tuple[tuple[int, int, int, str], Covering]] = {}
    covers: dict[str, int] = {}
    for path in sorted(set(changed)):
        found = list(covering(snapshot, graph, symbols, path)) if path in files else []
        known = {one.path for one in found}
        folder, name = posixpath.split(path)
        if name == "conftest.py":
            below = (test for test in tests if not folder or test.startswith(f"{folder}/"))
            found += [Covering(test, "fixtures", 0) for test in below if test not in known]
        elif path not in files:
            found += [Covering(test, "name", 0) for test in tests if _same_name(path, test)]
        for one in found:
            if is_test_file(one.path):
                covers[one.path] = covers.get(one.path, 0) + 1
                rated = (_surety(path, one), one)
                best[one.path] = min(best.get(one.path, rated), rated, key=lambda pair: pair[0])
    ranked = sorted(best.values(), key=lambda pair: (*pair[0][:3], -covers[pair[1].path], pair[0]))
    return tuple(one for _, one in ranked)


def _surety(path: str, one: Covering) -> tuple[int, int, int, str]:
    order = ("uses", "imports", "name", "fixtures", "through").index(one.reason)
    itself = one.path == path or _same_name(path, one.path)
    return (0 if itself else 1, order, one.distance, one.path)


def _same_name(path: str, test: str) -> bool:
    """`pkg/_foo_bar.py` and `tests/test_foo_bar.py`, `foo.ts` and `foo.test.ts`."""
    stem = posixpath.basename(path).split(".")[0].strip("_").lower()
    other = posixpath.basename(test).rpartition(".")[0]
    plain = _AROUND.sub("", _AROUND.sub("", other)).strip("_").lower()
    return bool(plain) and plain == stem and other.lower() != stem


def _definitions(snapshot: Snapshot, path: str, symbol: str | None) -> list[Definition]:
    found = [
        one
        for one in snapshot.definitions_of(path)
        if symbol is None or f".{one.qualname}".endswith(f".{symbol}")
    ]
    outline = snapshot.outlines([path]).get(path)
    if symbol is not None and not found and (not outline or symbol not in outline.exports):
        raise NoSuchPlace(f"no definition {symbol!r} in {path!r}")
    return found


def _names(changed: Iterable[Definition], symbol: str | None) -> list[str]:
    """What callers would write: of a whole file, its top-level names."""
    if symbol is None:
        return sorted({one.name for one in changed if "." not in one.qualname})
    owner, _, name = symbol.rpartition(".")
    if name in ("__init__", "constructor") and owner:
        return [owner.rpartition(".")[2]]  # who makes one writes the name of its class
    return [name]


def _callers(
    snapshot: Snapshot,
    symbols: Symbols,
    path: str,
    names: list[str],
    importers: dict[str, int],
    changed: list[Definition],
) -> tuple[Caller, ...]:
    by_file: dict[str, set[str]] = {}
    for name in names:
        defining = set(symbols.defined_in(name))
        for user in symbols.used_in(name):
            # A name that is defined once is its definition's wherever it is seen; of others, only
            # what is near and does not define it itself.
            far = importers.get(user, _UNSEEN)
            rare = len(defining) <= _FEW and name not in _EVERYWHERE
            near = 1 if user in defining else _UNSEEN - 1 if rare else NEAR
            if user == path or defining <= {path} or far <= near:
                by_file.setdefault(user, set()).add(name)
    near = sorted(by_file, key=lambda p: (p != path, importers.get(p, 99), p))[:_MANY]
    own = {(path, one.start) for one in changed}
    found = []
    for user, data in snapshot.many_bytes(near).items():
        language = snapshot.files()[user].language
        if language is None:
            continue
        outline = snapshot.definitions_of(user)
        for line in languages.lines_with(language, data, by_file[user]):
            if (user, line) not in own:
                found.append(Caller(user, line, _inside(outline, line)))
    return tuple(sorted(set(found), key=lambda one: (one.path != path, one.path, one.line)))


def _inside(outline: Iterable[Definition], line: int) -> str:
    around = [one for one in outline if one.start <= line <= one.end]
    return around[-1].qualname if around else ""


def _api(
    snapshot: Snapshot,
    path: str,
    callers: tuple[Caller, ...],
    changed: list[Definition],
    symbol: str | None,
) -> tuple[Door, ...]:
    """Doors whose handler changes, or whose handler's code names what changes."""
    touched: dict[str, set[str]] = {}
    for one in callers:
        touched.setdefault(one.path, set()).add(one.inside)
    touched.setdefault(path, set()).update(one.qualname for one in changed)
    found = []
    for place in sorted(touched):
        facts = snapshot.outlines([place]).get(place)
        lines = {one.line for one in callers if one.path == place}
        for entry in facts.api if facts else ():
            handler = entry.handler.rpartition(".")[2]
            inside = {name.rpartition(".")[2] for name in touched[place]} | touched[place]
            if (
                entry.line in lines
                or entry.handler in inside
                or (handler and handler in inside)
                or (place == path and symbol is None)
            ):
                found.append(Door(place, entry))
    return tuple(found)
