"""From a text to the files and definitions that must change, best first (C4, M10).

Promises: no model and no network; the same snapshot and text give the same answer in any process;
every score is explained by the signals that made it. Tests are ranked apart: a change is made in
sources, and its tests are found from there. Never: runs code of the repository or follows what a
text says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.codebase import signals
from bot.codebase.explain import reasons
from bot.codebase.graph import Graph
from bot.codebase.history import Changes, History
from bot.codebase.mentions import Paths, in_traceback, named
from bot.codebase.question import Question, ask
from bot.codebase.ranking import Ranking, Scored, Signal
from bot.codebase.roles import role_of
from bot.codebase.shelf import Shelf, shelves
from bot.codebase.signals import Fits
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import Store

_LOOKED_INTO = 80  # files whose definitions are read,
_TESTS_LOOKED_INTO = 30  # and test files
_BEST_PARTS = 3  # definitions that speak for a file
_SEEDS = 5  # files whose imports are looked at
_TESTS = 8  # test files whose sources are looked at


@dataclass(frozen=True, slots=True)
class FoundFile:
    """`score`: 0..1, comparable within one answer. `signals`: each 0..1, only those above 0."""

    path: str
    score: float
    signals: Mapping[Signal, float]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundDefinition:
    """A definition in one of the best files; `start`, `end`: lines, from 1."""

    path: str
    qualname: str
    kind: str
    start: int
    end: int
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """`files`: sources, and tests that the text names. `tests`: the test files nearest to it."""

    files: tuple[FoundFile, ...]
    definitions: tuple[FoundDefinition, ...]
    tests: tuple[FoundFile, ...]


class Search:
    """The search in one snapshot: make it once, ask it often. Not for threads.

    `graph`: who imports whom; without it, files are judged by themselves alone.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        history: History,
        graph: Graph | None = None,
    ) -> None:
        self.snapshot = snapshot
        sources, tests = [], []
        for path, record in snapshot.files().items():
            if record.language is not None:
                (tests if role_of(path) == "test" else sources).append(path)
        if not sources:
            sources, tests = tests, []
        self._sources, self._tests = shelves(snapshot, sources, tests)
        self._paths, self._test_paths = Paths(sources), Paths(tests)
        number = self._sources.number
        self._beside = [number[path] for path in sources if role_of(path) == "aside"]
        self._short = signals.short(self._sources)
        self._folders = signals.folders(self._sources.paths)
        self._tested = signals.tested(self._sources.paths, self._tests.paths)
        self._changes = Changes(
            history,
            lambda path: None if (now := self._paths.today(path)) is None else number[now],
            self._tests.number,
        )
        self._imports = _numbered(graph, self._sources) if graph is not None else None

    @classmethod
    def at(cls, git_dir: Path, commit: str, store: Store) -> Search:
        """The search in a commit (any revision); NoSuchRevision, GitFailed."""
        snapshot = Snapshot.at(git_dir, commit, store)
        return cls(snapshot, history_of(snapshot, git_dir), Graph.of(snapshot))

    def find(self, text: str, *, files: int = 20, definitions: int = 20) -> Found:
        """The best `files` and `definitions` for `text` (bounds; empty when nothing fits)."""
        question = ask(text)
        tests = self._ranked_tests(question)
        found, parts = self._ranked_sources(question, tests)
        order = [found.scored(number) for number in found.best()[: max(files, _LOOKED_INTO)]]
        if not any("named" in one.signals for one in order):
            meant = named(self._test_paths, question.title_paths)
            order = [one for one in tests if meant.get(one.path) == 1.0] + order
        return Found(
            files=self._files(question, self._sources, order[:files]),
            definitions=_definitions(order, parts, self._sources, definitions),
            tests=self._files(question, self._tests, tests[:files]),
        )

    def plain(self, question: Question) -> list[str]:
        """The sources by BM25 over their words alone: what the other signals are measured by."""
        found = self._sources.content.scores(question.words)
        paths = self._sources.paths
        order = sorted(range(len(paths)), key=lambda number: (-found[number], paths[number]))
        return [paths[number] for number in order if found[number] > 0]

    # -- signals --------------------------------------------------------------------------------

    def _ranked_sources(self, question: Question, tests: Sequence[Scored]) -> tuple[Ranking, Fits]:
        shelf, ranking = self._sources, Ranking(self._sources.paths, self._beside)
        _say_words(ranking, question, shelf, self._paths)
        ranking.add("history", self._changes.votes(question.words))
        ranking.add("tests", self._from_tests(tests[:_TESTS]))
        ranking.add("recent", self._changes.recent)
        ranking.add("short", self._short)
        parts = _say_definitions(ranking, question, shelf, _LOOKED_INTO)
        scores = {number: ranking.score(number) for number in ranking.best()}
        if scores:
            ranking.add("folder", signals.folder(scores, self._folders))
            if self._imports is not None:
                seeds = list(scores)[:_SEEDS]
                ranking.add("imports", signals.imported(seeds, scores, *self._imports))
        return ranking, parts

    def _ranked_tests(self, question: Question) -> list[Scored]:
        ranking = Ranking(self._tests.paths)
        _say_words(ranking, question, self._tests, self._test_paths)
        _say_definitions(ranking, question, self._tests, _TESTS_LOOKED_INTO)
        return [ranking.scored(number) for number in ranking.best()[:_LOOKED_INTO]]

    def _from_tests(self, tests: Sequence[Scored]) -> dict[int, float]:
        found: dict[int, float] = {}
        for one in tests:
            say = (one.score / tests[0].score) ** signals.STEEP_TESTS
            test = self._tests.number[one.path]
            for each in (self._changes.beside(test), self._tested.get(test, {})):
                for number, share in each.items():
                    found[number] = found.get(number, 0.0) + say * share
        return found

    def _files(
        self, question: Question, shelf: Shelf, order: Iterable[Scored]
    ) -> tuple[FoundFile, ...]:
        found = []
        for one in order:
            number = shelf.number.get(one.path, -1)
            said = [
                (-weight / len(shelf.having(name)), name)
                for name, weight in question.spelled.items()
                if number in shelf.having(name)
            ]
            names = [name for _, name in sorted(said)]
            found.append(FoundFile(one.path, one.score, one.signals, reasons(one, names)))
        return tuple(found)


def history_of(snapshot: Snapshot, git_dir: Path) -> History:
    """The history behind the snapshot of a commit; raises GitFailed."""
    return History.before(git_dir, snapshot.name, snapshot.store)


def _say_words(ranking: Ranking, question: Question, shelf: Shelf, paths: Paths) -> None:
    """What the words and names of a text say of files, before any file is looked into."""
    said: dict[Signal, Mapping[int, float]] = {
        "content": _above_zero(shelf.content.scores(question.words)),
        "title": _above_zero(shelf.content.scores(question.title)),
        "path": signals.path_words(question.words, shelf),
        "scope": signals.path_words(dict.fromkeys(question.scope, 1.0), shelf),
        "spelled": signals.by_name(question.spelled, shelf.having),
        "defined": signals.by_name(question.spelled, shelf.defining),
        "named": _by_number(shelf, named(paths, question.paths)),
        "traceback": _by_number(shelf, in_traceback(paths, question.frames)),
    }
    for signal, values in said.items():
        ranking.add(signal, values)


def _say_definitions(ranking: Ranking, question: Question, shelf: Shelf, most: int) -> Fits:
    """Adds the signal; gives the definitions of the files that were looked into."""
    fits = signals.definitions(question.words, shelf, ranking.best()[:most])
    values = {
        number: sum(score for score, _ in found[:_BEST_PARTS]) for number, found in fits.items()
    }
    ranking.add("definitions", values)
    return fits


def _above_zero(scores: Sequence[float]) -> dict[int, float]:
    return {number: score for number, score in enumerate(scores) if score > 0}


def _by_number(shelf: Shelf, values: Mapping[str, float]) -> dict[int, float]:
    return {shelf.number[path]: value for path, value in values.items()}


def _numbered(graph: Graph, shelf: Shelf) -> tuple[list[tuple[int, ...]], list[int]]:
    """For each source the sources that it imports, and how many files import it."""
    number = shelf.number
    imports = [
        tuple(number[target] for target in graph.imports(path) if target in number)
        for path in shelf.paths
    ]
    return imports, [len(graph.importers(path)) for path in shelf.paths]


def _definitions(
    order: Sequence[Scored], fits: Fits, shelf: Shelf, most: int
) -> tuple[FoundDefinition, ...]:
    """Definitions by how well they and their files fit."""
    best = max((found[0][0] for found in fits.values() if found), default=0.0)
    top = order[0].score if order else 0.0
    if best <= 0 or top <= 0:
        return ()
    rows = [
        (-round(score / best * one.score / top, 6), one.path, part, score / best, one.score / top)
        for one in order
        for score, part in fits.get(shelf.number.get(one.path, -1), ())[: most + 1]
        if part > 0  # 0 is what stands outside of all definitions
    ]
    rows.sort()
    del rows[most:]
    parts = shelf.parts(sorted({shelf.number[row[1]] for row in rows}))
    all_of = {shelf.paths[number]: one.all() for number, one in parts.items()}
    return tuple(
        FoundDefinition(
            path=path,
            qualname=all_of[path][part].qualname,
            kind=all_of[path][part].kind,
            start=all_of[path][part].start,
            end=all_of[path][part].end,
            score=-low,
            reasons=(f"its words fit the text ({own:.2f})", f"its file ranks high ({file:.2f})"),
        )
        for low, path, part, own, file in rows
    )
