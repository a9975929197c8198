"""Many weak opinions on each file made into one order (C4).

Promises: every signal is brought to 0..1 within a question, multiplied by a fixed weight and
added; equal scores are ordered by path, so the same input gives the same order anywhere.
Never: learns while it runs.

The weights were fitted once by a listwise logistic regression over real changes of 18 repositories
(whole repositories held out in turn, to choose the signals), then rounded; results move little
when one of the large ones moves by a third.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Signal = Literal[
    "content",
    "title",
    "path",
    "scope",
    "spelled",
    "defined",
    "named",
    "traceback",
    "history",
    "tests",
    "definitions",
    "recent",
    "short",
    "imports",
    "folder",
]
SIGNALS: tuple[Signal, ...] = get_args(Signal)

WEIGHTS: Mapping[Signal, float] = {
    "content": 1.8,  # the file for the whole text
    "title": 1.3,  # the file for the text's first line
    "path": 1.0,  # words of the text in its path
    "scope": 1.0,  # its path has what the first line starts with: `cli: `
    "spelled": 1.7,  # identifiers of the text, as written, that few files have
    "defined": 0.6,  # it defines them
    "named": 1.0,  # the text names it
    "traceback": 0.8,  # it is in a traceback, best near the error
    "history": 1.3,  # commits with similar messages changed it
    "tests": 1.1,  # it belongs to the tests that fit the text
    "definitions": 1.5,  # the file's best definitions for the text
    "recent": 0.7,  # it was changed lately
    "short": 1.3,  # a long file has many words without being about them
    "imports": 0.35,  # the best files import it
    "folder": 0.6,  # its neighbours fit
}
# Already 0..1 by themselves: half a mention must not become a whole one.
_ABSOLUTE: frozenset[Signal] = frozenset({"named", "traceback", "recent", "short", "folder"})
# Without one of these, a file has nothing to do with the text.
FITTING: tuple[Signal, ...] = (
    "content", "title", "path", "scope", "spelled", "defined", "named", "traceback", "history",
    "tests",
)  # fmt: skip
ASIDE = -0.95  # documentation, examples and generated code are seldom what must change
WHOLE = sum(WEIGHTS.values())
_LEAST = 1e-6  # of what has to do with the text


@dataclass(frozen=True, slots=True)
class Scored:
    """A path, its score (1.0 would be the best in everything) and its signals, each 0..1."""

    path: str
    score: float
    signals: Mapping[Signal, float]


class Ranking:
    """The files of one question, by number. Signals are added once each, raw."""

    def __init__(self, paths: Sequence[str], aside: Iterable[int] = ()) -> None:
        self._paths = paths
        self._signals: dict[Signal, Mapping[int, float]] = {}
        self._sums = [0.0] * len(paths)
        for number in aside:
            self._sums[number] = ASIDE

    def add(self, signal: Signal, values: Mapping[int, float]) -> None:
        """`values`: file → raw value; what is missing is 0."""
        even = _even(signal, values)
        weight = WEIGHTS[signal]
        for number, value in even.items():
            self._sums[number] += weight * value
        self._signals[signal] = even

    def score(self, number: int) -> float:
        return max(round(self._sums[number] / WHOLE, 6), _LEAST)

    def best(self) -> list[int]:
        """The files that have to do with the text, best first."""
        fitting = set().union(*(self._signals.get(name, {}) for name in FITTING))
        sums = {number: round(self._sums[number], 6) for number in fitting}
        return sorted(sums, key=lambda number: (-sums[number], self._paths[number]))

    def scored(self, number: int) -> Scored:
        own = {
            name: value
            for name in SIGNALS
            if (value := self._signals.get(name, {}).get(number, 0.0)) > 0
        }
        return Scored(self._paths[number], self.score(number), own)


def _even(signal: Signal, values: Mapping[int, float]) -> dict[int, float]:
    """file → 0..1: the root of the share of the best value, as half of it says more than half."""
    if signal in _ABSOLUTE:
        return {number: value for number, value in values.items() if value > 0}
    best = max(values.values(), default=0.0)
    if best <= 0:
        return {}
    return {number: (value / best) ** 0.5 for number, value in values.items() if value > 0}
