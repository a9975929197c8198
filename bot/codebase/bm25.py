"""BM25 over counted words (C4).

Promises: the usual formula with its usual constants, over an inverted index in memory; documents
are numbers. Never: reads text or knows what a document is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

K1 = 1.2  # how soon a further occurrence stops counting
B = 0.75  # how much a long document is held against it

_FEW = 20  # documents; below that, what is common cannot be told


def rarity(documents: int, having: int) -> float:
    """The weight of a word that `having` of all `documents` have; always above 0."""
    return math.log(1 + (documents - having + 0.5) / (having + 0.5))


def weight(times: float, length: float, average: float) -> float:
    """How much a word's `times` in a document of `length` words count, from 0 to K1 + 1."""
    return times * (K1 + 1) / (times + K1 * (1 - B + B * length / (average or 1)))


class Index:
    """Documents by number, from their word counts."""

    def __init__(self, documents: Sequence[Mapping[str, int]]) -> None:
        self.lengths = [sum(terms.values()) for terms in documents]
        self.average = sum(self.lengths) / len(self.lengths) if documents else 1.0
        self._postings: dict[str, list[int]] = {}  # number, times, number, times...
        for number, terms in enumerate(documents):
            for term, times in terms.items():
                self._postings.setdefault(term, []).extend((number, times))

    def having(self, term: str) -> Sequence[int]:
        """The documents that have a word, in order."""
        return self._postings.get(term, [])[::2]

    def __contains__(self, term: str) -> bool:
        return term in self._postings

    def rarities(self, terms: Iterable[str]) -> dict[str, float]:
        """The rarity of each of `terms`, known here or not."""
        count = len(self.lengths)
        return {term: rarity(count, len(self._postings.get(term, ())) // 2) for term in terms}

    def scores(self, wanted: Mapping[str, float], most: float = 1.0) -> list[float]:
        """For each document its score for weighted words.

        Words that more than the share `most` of the documents have, and more than a few, are left
        out.
        """
        found = [0.0] * len(self.lengths)
        norms = [K1 * (1 - B + B * length / (self.average or 1)) for length in self.lengths]
        for term, times_wanted in sorted(wanted.items()):
            postings = self._postings.get(term)
            if postings is None or len(postings) > 2 * max(_FEW, most * len(found)):
                continue
            each = times_wanted * rarity(len(found), len(postings) // 2) * (K1 + 1)
            for at in range(0, len(postings), 2):
                number, times = postings[at], postings[at + 1]
                found[number] += each * times / (times + norms[number])
        return found
