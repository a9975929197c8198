"""Which file depends on which: imports resolved to files, both ways, with cycles (C1, C3).

Promises: an edge is an import, or a name used across files of one Go or Java package. A name that
a package only passes on also leads to the file that defines it. The graph of a commit from that of
another costs what differs. The same files give the same graph. Never: follows a name into another
repository.
"""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from bot.codebase.facts import NOTHING, FileFacts, Import
from bot.codebase.modules import CONFIGURATIONS, Modules
from bot.codebase.snapshot import Snapshot

_PASSED_ON = 4  # files that a re-exported name is followed through
_BY_NAME = ("go", "java")  # files of one folder see each other without an import


class Graph:
    """The dependency graph of one snapshot; make it with `of` or `advanced`."""

    def __init__(self, snapshot: Snapshot, modules: Modules) -> None:
        self.snapshot = snapshot
        self._modules = modules
        self._out: dict[str, tuple[str, ...]] = {}
        self._in: dict[str, frozenset[str]] = {}
        self._outside: dict[str, tuple[str, ...]] = {}
        self._wanting: dict[str, set[str]] = {}  # name → files that import it from somewhere
        # while edges are made: names that were followed, and imports on their way
        self._followed: dict[tuple[str, str, int], tuple[str, ...]] = {}
        self._meant: dict[tuple[str, Import], tuple[str, ...]] = {}

    @classmethod
    def of(cls, snapshot: Snapshot) -> Graph:
        """The graph of every source file."""
        outlines = snapshot.briefs()
        graph = cls(snapshot, _modules(snapshot, outlines))
        reverse: dict[str, set[str]] = {}
        names = graph._names_by_file(outlines)
        for path in outlines:
            for one in outlines[path].imports:
                for name in one.names:
                    graph._wanting.setdefault(name, set()).add(path)
            graph._out[path], graph._outside[path] = graph._resolved(path, outlines, names)
            for target in graph._out[path]:
                reverse.setdefault(target, set()).add(path)
        graph._in = {path: frozenset(sources) for path, sources in sorted(reverse.items())}
        graph._followed, graph._meant = {}, {}
        return graph

    def advanced(self, snapshot: Snapshot) -> Graph:
        """The graph of another snapshot of the same repository."""
        changes = snapshot.changes_from(self.snapshot)
        moved = any(one.before is None or one.after is None for one in changes)
        java = any(one.after is not None and one.after.language == "java" for one in changes)
        if moved or java or any(CONFIGURATIONS.search(one.path) for one in changes):
            return Graph.of(snapshot)
        graph = Graph(snapshot, self._modules)
        graph._out, graph._in = dict(self._out), dict(self._in)
        graph._outside, graph._wanting = dict(self._outside), self._wanting
        outlines = _Outlines(snapshot)
        again: set[str] = set()
        for change in changes:
            if change.before is not None and change.before.language is not None:
                old = snapshot.outlines_of([change.before]).get(change.path, NOTHING)
                again |= self._affected(change.path, old, outlines[change.path])
        names = graph._names_by_file(again)
        for path in sorted(again):
            before = graph._out.get(path, ())
            graph._out[path], graph._outside[path] = graph._resolved(path, outlines, names)
            for gone in set(before) - set(graph._out[path]):
                graph._in[gone] = graph._in[gone] - {path}
            for new in set(graph._out[path]) - set(before):
                graph._in[new] = graph._in.get(new, frozenset()) | {path}
        graph._followed, graph._meant = {}, {}
        return graph

    def _affected(self, path: str, old: FileFacts, new: FileFacts) -> set[str]:
        """Files whose edges may change with one file: itself, and who takes a name from it that
        came or went."""
        for one in new.imports:
            for name in one.names:
                self._wanting.setdefault(name, set()).add(path)
        differs = {name for _, name in _offered(old) ^ _offered(new)}
        found = {path}.union(*(self._wanting.get(name, ()) for name in differs))
        language = self.snapshot.files()[path].language
        if "*" in differs or (differs and language in _BY_NAME):
            found |= self._reached([path], self._in, _PASSED_ON).keys()
        if differs and language in _BY_NAME:
            files = self.snapshot.files()
            found |= {p for p in self._modules.folder(path) if files[p].language == language}
            found |= self._wanting.get(_folder(path), set())
        return found

    # -- questions ------------------------------------------------------------------------------

    def imports(self, path: str) -> tuple[str, ...]:
        """The files that a file depends on, sorted."""
        return self._out.get(path, ())

    def importers(self, path: str) -> tuple[str, ...]:
        """The files that depend on a file, sorted."""
        return tuple(sorted(self._in.get(path, ())))

    def outside(self, path: str) -> tuple[str, ...]:
        """Modules that a file imports and that are not in the repository, sorted."""
        return self._outside.get(path, ())

    def dependents(self, paths: Iterable[str], *, depth: int = 99) -> dict[str, int]:
        """Files that depend on any of `paths`, with their distance (1: directly), by distance."""
        return self._reached(paths, self._in, depth)

    def dependencies(self, paths: Iterable[str], *, depth: int = 99) -> dict[str, int]:
        """Files that any of `paths` depends on, with their distance, by distance."""
        return self._reached(paths, self._out, depth)

    def edges(self) -> int:
        return sum(map(len, self._out.values()))

    def cycles(self) -> list[tuple[str, ...]]:
        """Groups of files that all depend on each other, each sorted, the largest first."""
        groups = [group for group in _components(self._out) if len(group) > 1]
        return sorted((tuple(sorted(group)) for group in groups), key=lambda g: (-len(g), g))

    @staticmethod
    def _reached(
        paths: Iterable[str], edges: Mapping[str, Iterable[str]], depth: int
    ) -> dict[str, int]:
        start = set(paths)
        found: dict[str, int] = {}
        queue = deque((path, 0) for path in sorted(start))
        while queue:
            path, distance = queue.popleft()
            if distance >= depth:
                continue
            for following in sorted(edges.get(path, ())):
                if following not in found and following not in start:
                    found[following] = distance + 1
                    queue.append((following, distance + 1))
        return dict(sorted(found.items(), key=lambda one: (one[1], one[0])))

    # -- making it ------------------------------------------------------------------------------

    def _names_by_file(self, paths: Iterable[str]) -> dict[str, frozenset[str]]:
        """Identifiers used in files whose language needs them to tell edges."""
        files = self.snapshot.files()
        wanted = [path for path in paths if files[path].language in _BY_NAME]
        found = self.snapshot.each_with_references(wanted)
        return {path: frozenset(facts.references) for path, facts in found}

    def _resolved(
        self,
        path: str,
        outlines: Mapping[str, FileFacts],
        names: Mapping[str, frozenset[str]],
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        found: set[str] = set()
        outside: set[str] = set()
        for one in outlines[path].imports:
            targets, by_name = self._modules.resolve(path, one)
            if not targets and not (one.level and not one.module) and one.names != ("package",):
                outside.add(one.module)
            if by_name:
                for target in targets[:1]:  # other names there may make other edges
                    self._wanting.setdefault(_folder(target), set()).add(path)
                used = names.get(path, frozenset())
                found.update(t for t in targets if _defines_any(outlines.get(t, NOTHING), used))
                continue
            found.update(targets)
            for target in targets:
                for name in one.names:
                    found.update(self._passed_on(target, name, outlines))
        language = self.snapshot.files()[path].language
        if language in _BY_NAME:
            found.update(self._beside(path, language, outlines, names))
        found.discard(path)
        return tuple(sorted(found)), tuple(sorted(outside))

    def _passed_on(
        self, path: str, name: str, outlines: Mapping[str, FileFacts], depth: int = _PASSED_ON
    ) -> tuple[str, ...]:
        """Files behind `path` that a name imported from it comes from."""
        asked = (path, name, depth)
        if asked not in self._followed:
            self._followed[asked] = self._follow(path, name, outlines, depth)
        return self._followed[asked]

    def _follow(
        self, path: str, name: str, outlines: Mapping[str, FileFacts], depth: int
    ) -> tuple[str, ...]:
        facts = outlines.get(path, NOTHING)
        if depth == 0 or any(one.name == name for one in facts.definitions):
            return ()
        for one in facts.imports:
            if name not in one.names and "*" not in one.names:
                continue
            if (path, one) not in self._meant:
                targets, by_name = self._modules.resolve(path, one)
                self._meant[path, one] = () if by_name else tuple(targets)
            for target in self._meant[path, one]:
                there = outlines.get(target, NOTHING)
                if target == path:
                    continue
                if name in there.exports or any(d.name == name for d in there.definitions):
                    return (target,)
                if deeper := self._passed_on(target, name, outlines, depth - 1):
                    return deeper
        return ()

    def _beside(
        self,
        path: str,
        language: str,
        outlines: Mapping[str, FileFacts],
        names: Mapping[str, frozenset[str]],
    ) -> Iterable[str]:
        """Files of the same package that define something used here and not defined here."""
        files = self.snapshot.files()
        own = {one.name for one in outlines[path].definitions if "." not in one.qualname}
        used = names.get(path, frozenset()) - own
        for other in self._modules.folder(path):
            if other == path or files[other].language != language:
                continue
            if other.endswith("_test.go") and not path.endswith("_test.go"):
                continue
            if _defines_any(outlines.get(other, NOTHING), used):
                yield other


def _defines_any(facts: FileFacts, used: frozenset[str]) -> bool:
    if any(one.name in used for one in facts.definitions if "." not in one.qualname):
        return True
    return any(name in used for name in facts.exports if name)


def _folder(path: str) -> str:
    return f"{posixpath.dirname(path)}/"  # the slash tells it from a name


def _offered(facts: FileFacts) -> set[tuple[str, str]]:
    """What a file defines or passes on: (where it comes from, name)."""
    own = {("", one.name) for one in facts.definitions} | {("", name) for name in facts.exports}
    passed = {("." * i.level + i.module, name) for i in facts.imports for name in i.names}
    return own | passed


class _Outlines(dict[str, FileFacts]):
    """Facts without references, fetched when asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self._snapshot = snapshot

    def __missing__(self, path: str) -> FileFacts:
        self[path] = found = self._snapshot.outlines([path]).get(path, NOTHING)
        return found

    def get(self, path: str, default: FileFacts | None = None) -> FileFacts:  # type: ignore[override]
        return self[path]


def _modules(snapshot: Snapshot, outlines: Mapping[str, FileFacts]) -> Modules:
    files = snapshot.files()
    packages = {
        path: one.module
        for path, facts in outlines.items()
        if files[path].language == "java"
        for one in facts.imports
        if one.names == ("package",)
    }
    languages = {path: one.language for path, one in files.items()}
    return Modules(languages, snapshot.many_bytes, packages)


def _components(edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Tarjan's strongly connected components, without recursion."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in edges:
        if root in number:
            continue
        work = [(root, iter(edges[root]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in number:
                    number[other] = low[other] = len(number)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(edges.get(other, ()))))
                    break
                if other in on_stack:
                    low[node] = min(low[node], number[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    group = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        group.append(member)
                        if member == node:
                            break
                    found.append(group)
    return found
