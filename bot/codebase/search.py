"""From a text to the files and definitions that must change, best first (C4, M10).

Promises: no model and no network; the same snapshot and text give the same answer in any process;
every score is explained by the signals that made it. Tests are ranked apart: a change is made in
sources, and its tests are found from there. Never: runs code of the repository or follows what a
text says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.codebase.bm25 import weight
from bot.codebase.explain import reasons
from bot.codebase.graph import Graph
from bot.codebase.history import History
from bot.codebase.mentions import Paths, in_traceback, named
from bot.codebase.question import Question, ask
from bot.codebase.ranking import Scored, Signal, ranked
from bot.codebase.roles import role_of
from bot.codebase.shelf import Shelf, shelves
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import Store
from bot.codebase.words import Part, Parts

_LOOKED_INTO = 80  # files whose definitions are read
_BEST_PARTS = 3  # definitions that speak for a file
_LEAST_LENGTH = 15  # words; shorter definitions would win by being short
_NAME = 0.7  # a word in a definition's name, beside one in its body
_SEEDS = 5  # files whose imports are looked at
_STEEP = 24.0  # how fast a lower score loses its say there


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
        self._aside = {path for path in sources if role_of(path) == "aside"}
        self._sources, self._tests = shelves(snapshot, sources, tests)
        self._paths = Paths(sources)
        self._test_paths = Paths(tests)
        self._history = history
        self._graph = graph

    @classmethod
    def at(cls, git_dir: Path, commit: str, store: Store) -> Search:
        """The search in a commit (any revision); NoSuchRevision, GitFailed."""
        snapshot = Snapshot.at(git_dir, commit, store)
        return cls(snapshot, history_of(snapshot, git_dir), Graph.of(snapshot))

    def find(self, text: str, *, files: int = 20, definitions: int = 20) -> Found:
        """The best `files` and `definitions` for `text` (bounds; empty when nothing fits)."""
        question = ask(text)
        order, parts = self._rank(question, self._sources, self._paths, history=True)
        tests, _ = self._rank(question, self._tests, self._test_paths, history=False)
        called = [one for one in tests if one.signals.get("named", 0.0) == 1.0]
        if called and not any("named" in one.signals for one in order):
            order = called + order
        return Found(
            files=self._files(question, self._sources, order[:files]),
            definitions=_definitions(order, parts, definitions),
            tests=self._files(question, self._tests, tests[:files]),
        )

    def plain(self, question: Question) -> list[str]:
        """The sources by BM25 over their words alone: what the other signals are measured by."""
        found = _by_path(self._sources, self._sources.content.scores(question.words))
        return sorted(found, key=lambda path: (-found[path], path))

    # -- signals --------------------------------------------------------------------------------

    def _rank(
        self, question: Question, shelf: Shelf, paths: Paths, *, history: bool
    ) -> tuple[list[Scored], dict[str, list[tuple[float, Part]]]]:
        signals: dict[Signal, dict[str, float]] = {
            "content": _by_path(shelf, shelf.content.scores(question.words)),
            "title": _by_path(shelf, shelf.content.scores(question.title)),
            "path": _path_words(question, shelf),
            "spelled": _spelled(question, shelf),
            "named": named(paths, question.paths),
            "traceback": in_traceback(paths, question.frames),
        }
        if history:
            signals["history"] = self._history.votes(question.words, paths.today)
        first = [one for one in ranked(shelf.paths, signals, self._aside) if one.score > 0]
        parts = _scored_parts(question, shelf, [one.path for one in first[:_LOOKED_INTO]])
        signals["definitions"] = {
            path: sum(score for score, _ in found[:_BEST_PARTS]) for path, found in parts.items()
        }
        order = ranked([one.path for one in first], signals, self._aside)
        if self._graph is not None and order:
            signals["imports"] = _imported(self._graph, order)
            order = ranked([one.path for one in first], signals, self._aside)
        return [one for one in order if one.score > 0], parts

    def _files(
        self, question: Question, shelf: Shelf, order: Iterable[Scored]
    ) -> tuple[FoundFile, ...]:
        numbers = {path: number for number, path in enumerate(shelf.paths)}
        found = []
        for one in order:
            number = numbers.get(one.path, -1)
            said = [
                (-weight_ / len(shelf.having(name)), name)
                for name, weight_ in question.spelled.items()
                if number in shelf.having(name)
            ]
            names = [name for _, name in sorted(said)]
            found.append(FoundFile(one.path, one.score, one.signals, reasons(one, names)))
        return tuple(found)


def history_of(snapshot: Snapshot, git_dir: Path) -> History:
    """The history behind the snapshot of a commit; raises GitFailed."""
    return History.before(git_dir, snapshot.name, snapshot.store)


def _imported(graph: Graph, order: list[Scored]) -> dict[str, float]:
    """path → weight that it gets from the best files, which import it.

    A file that many import gets little from each: everything imports a package's constants.
    """
    found: dict[str, float] = {}
    for seed in order[:_SEEDS]:
        say = math.exp(_STEEP * (seed.score - order[0].score))
        for target in graph.imports(seed.path):
            spread = max(1, len(graph.importers(target))) ** 0.5
            found[target] = found.get(target, 0.0) + say / spread
    return found


def _by_path(shelf: Shelf, scores: list[float]) -> dict[str, float]:
    return {path: score for path, score in zip(shelf.paths, scores, strict=True) if score > 0}


def _path_words(question: Question, shelf: Shelf) -> dict[str, float]:
    rarity = shelf.path_index.rarities(question.words)
    found = {}
    for path, terms in zip(shelf.paths, shelf.path_words, strict=True):
        score = sum(
            weight_ * rarity[term] for term in terms if (weight_ := question.words.get(term))
        )
        if score > 0:
            found[path] = score
    return found


def _spelled(question: Question, shelf: Shelf) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, weight_ in sorted(question.spelled.items()):
        having = shelf.having(name)
        for number in having:
            path = shelf.paths[number]
            found[path] = found.get(path, 0.0) + weight_ / len(having)
    return found


def _scored_parts(
    question: Question, shelf: Shelf, paths: list[str]
) -> dict[str, list[tuple[float, Part]]]:
    """path → its definitions with their scores, best first."""
    rarity = shelf.content.rarities(question.words)
    wanted = {term: times * rarity[term] for term, times in sorted(question.words.items())}
    parts = shelf.parts(paths)
    sizes = [part.size for found in parts.values() for part in found.all]
    average = sum(sizes) / len(sizes) if sizes else 1.0
    return {path: _fitting(wanted, found, average) for path, found in parts.items()}


def _fitting(wanted: Mapping[str, float], parts: Parts, average: float) -> list[tuple[float, Part]]:
    scores: dict[int, float] = {}
    for term, each in wanted.items():
        places = parts.terms.get(term, ())
        for at in range(0, len(places), 2):
            number = places[at]
            length = max(parts.all[number].size, _LEAST_LENGTH)
            scores[number] = scores.get(number, 0.0) + each * weight(
                places[at + 1], length, average
            )
        for number in parts.names.get(term, ()):
            scores[number] = scores.get(number, 0.0) + _NAME * each
    found = [(score, parts.all[number]) for number, score in scores.items()]
    return sorted(found, key=lambda one: (-one[0], one[1].start, one[1].qualname))


def _definitions(
    order: list[Scored], parts: Mapping[str, list[tuple[float, Part]]], most: int
) -> tuple[FoundDefinition, ...]:
    """Definitions by how well they and their files fit."""
    best = max((found[0][0] for found in parts.values() if found), default=0.0)
    top = order[0].score if order else 0.0
    if best <= 0 or top <= 0:
        return ()
    rows = [
        (-round(own / best * one.score / top, 6), one.path, part.start, part, own / best, one.score)
        for one in order
        for own, part in parts.get(one.path, ())[:most]
        if part.qualname
    ]
    rows.sort(key=lambda row: row[:3])
    return tuple(
        FoundDefinition(
            path=path,
            qualname=part.qualname,
            kind=part.kind,
            start=part.start,
            end=part.end,
            score=-low,
            reasons=(
                f"its words fit the text ({fits:.2f})",
                f"its file ranks high ({file / top:.2f})",
            ),
        )
        for low, path, _, part, fits, file in rows[:most]
    )
