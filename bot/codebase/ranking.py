"""Many weak opinions on each file made into one order (C4).

Promises: every signal is brought to 0..1 within a question, multiplied by a fixed weight and
added; equal scores are ordered by path, so the same input gives the same order anywhere.
Never: learns while it runs.

The weights were fitted once by a listwise logistic regression over real changes of 18 repositories
(half of the repositories held out at a time), then rounded; results move little when one of the
large ones moves by a third. The last two are small because few of those changes depended on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Signal = Literal[
    "content", "title", "definitions", "path", "spelled", "history", "named", "traceback", "imports"
]
SIGNALS: tuple[Signal, ...] = get_args(Signal)

WEIGHTS: Mapping[Signal, float] = {
    "definitions": 2.0,  # the file's best definitions for the text
    "title": 1.7,  # the file for the text's first line
    "content": 1.5,  # the file for the whole text
    "spelled": 1.3,  # identifiers of the text, as written, that few files have
    "history": 1.3,  # commits with similar messages changed it
    "path": 1.2,  # words of the text in its path
    "named": 1.0,  # the text names it
    "traceback": 0.4,  # it is in a traceback, best near the error
    "imports": 0.4,  # the best files import it
}
# Already 0..1 by themselves: half a mention must not become a whole one.
_ABSOLUTE = frozenset({"named", "traceback"})
ASIDE = -0.5  # documentation, examples and generated code are seldom what must change


@dataclass(frozen=True, slots=True)
class Scored:
    """A path, its score (1.0 would be the best in everything) and its signals, each 0..1."""

    path: str
    score: float
    signals: Mapping[Signal, float]


def normalised(signal: Signal, values: Mapping[str, float]) -> dict[str, float]:
    """path → 0..1: the share of the best file's value."""
    if signal in _ABSOLUTE:
        return dict(values)
    best = max(values.values(), default=0.0)
    return {path: value / best for path, value in values.items()} if best > 0 else {}


def ranked(
    paths: Iterable[str],
    signals: Mapping[Signal, Mapping[str, float]],
    aside: Iterable[str] = (),
) -> list[Scored]:
    """`paths`, best first. `signals`: raw values; what is missing is 0."""
    even = {name: normalised(name, values) for name, values in signals.items()}
    whole = sum(WEIGHTS.values())
    low = set(aside)
    found = []
    for path in paths:
        own: dict[Signal, float] = {}
        for name in SIGNALS:
            value = even.get(name, {}).get(path, 0.0)
            if value > 0:
                own[name] = value
        score = sum(WEIGHTS[name] * value for name, value in own.items())
        score = (score + (ASIDE if path in low else 0.0)) / whole
        found.append(Scored(path, round(score, 6), own))
    return sorted(found, key=lambda one: (-one.score, one.path))
