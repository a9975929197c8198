"""What single signs say of files: raw values by file number, for `ranking` to weigh (C4).

Promises: pure functions of a question, the words of files and who belongs to whom; the same in any
process. Never: an order, a weight of one sign against another.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.codebase.bm25 import K1, B
from bot.codebase.shelf import Shelf
from bot.codebase.words import Parts

Fits = Mapping[int, Sequence[tuple[float, int]]]
"""File → (score, part) of its definitions that have a word of the text, best first."""

STEEP_TESTS = 8.0  # how fast a lesser test loses its say on sources
_STEEP = 40.0  # how fast a lesser file loses its say on what it imports
_LEAST_LENGTH = 15  # words; shorter definitions would win by being short
_NAME = 0.7  # a word in a definition's name, beside one in its body
_NEIGHBOURS = 3  # files of a folder that speak for the others
_NAMESAKE = 0.5  # what `test_io.py` says of `io.py`, beside changes of both
_TEST_NAME = re.compile(r"^tests?_|_tests?$|\.(?:test|spec)$")


def path_words(words: Mapping[str, float], shelf: Shelf) -> dict[int, float]:
    """Words of a text in the paths."""
    index = shelf.path_index
    rarity = index.rarities(words)
    found: dict[int, float] = {}
    for term, weight in sorted(words.items()):
        for number in index.having(term):
            found[number] = found.get(number, 0.0) + weight * rarity[term]
    return found


def by_name(
    spelled: Mapping[str, float], having: Callable[[str], Sequence[int]]
) -> dict[int, float]:
    """Names as written in the text, which `having` knows files of; few files, much said."""
    found: dict[int, float] = {}
    for name, weight in sorted(spelled.items()):
        files = having(name)
        for number in files:
            found[number] = found.get(number, 0.0) + weight / len(files)
    return found


def definitions(words: Mapping[str, float], shelf: Shelf, numbers: Iterable[int]) -> Fits:
    """How well each definition of some files fits."""
    known = sorted(term for term in words if term in shelf.content)
    rarity = shelf.content.rarities(known)
    wanted = [(term, words[term] * rarity[term]) for term in known]
    parts = shelf.parts(numbers)
    count = sum(len(one.sizes) for one in parts.values())
    average = sum(sum(one.sizes) for one in parts.values()) / count if count else 1.0
    return {number: _fitting(wanted, one, average or 1.0) for number, one in parts.items()}


def _fitting(
    wanted: Sequence[tuple[str, float]], parts: Parts, average: float
) -> list[tuple[float, int]]:
    norms = [K1 * (1 - B + B * max(size, _LEAST_LENGTH) / average) for size in parts.sizes]
    scores: dict[int, float] = {}
    for term, each in wanted:
        places = parts.terms.get(term)
        for at in range(0, len(places), 2):
            number, times = places[at], places[at + 1]
            more = each * times * (K1 + 1) / (times + norms[number])
            scores[number] = scores.get(number, 0.0) + more
        for number in parts.names.get(term):
            scores[number] = scores.get(number, 0.0) + _NAME * each
    return sorted(((score, part) for part, score in scores.items()), key=_best_first)


def _best_first(one: tuple[float, int]) -> tuple[float, int]:
    return -one[0], one[1]


def short(shelf: Shelf) -> dict[int, float]:
    """1 for an empty file, 0 for the longest."""
    most = math.log1p(max(shelf.content.lengths, default=0)) or 1.0
    return {at: 1 - math.log1p(length) / most for at, length in enumerate(shelf.content.lengths)}


def folders(paths: Sequence[str]) -> list[list[int]]:
    """For each folder with several files, their numbers."""
    found: dict[str, list[int]] = {}
    for number, path in enumerate(paths):
        found.setdefault(path.rpartition("/")[0], []).append(number)
    return [numbers for numbers in found.values() if len(numbers) > 1]


def folder(scores: Mapping[int, float], folders: Iterable[Sequence[int]]) -> dict[int, float]:
    """How well the best other files of the same folder fit; `scores`: best first."""
    top = max(scores.values())
    found = {}
    for numbers in folders:
        fits = sorted(((scores.get(one, 0.0) / top) ** 2, one) for one in numbers)
        best = fits[-_NEIGHBOURS - 1 :]
        for own, number in fits:
            others = [fit for fit, one in best if one != number][-_NEIGHBOURS:]
            if own > 0 and (value := sum(others) / _NEIGHBOURS) > 0:
                found[number] = value
    return found


def imported(
    seeds: Sequence[int],
    scores: Mapping[int, float],
    imports: Sequence[Sequence[int]],
    importers: Sequence[int],
) -> dict[int, float]:
    """What the best files import. A file that many import gets little from each: everything
    imports a package's constants.
    """
    found: dict[int, float] = {}
    for seed in seeds:
        say = math.exp(_STEEP * (scores[seed] - scores[seeds[0]]))
        for target in imports[seed]:
            spread = max(1, importers[target]) ** 0.5
            found[target] = found.get(target, 0.0) + say / spread
    return found


def tested(sources: Sequence[str], tests: Sequence[str]) -> dict[int, dict[int, float]]:
    """Test → the sources that it is named after (`test_io.py`: `io.py`), with what that says."""
    named: dict[str, list[int]] = {}
    for number, path in enumerate(sources):
        named.setdefault(_stem(path).lstrip("_"), []).append(number)
    found = {}
    for test, path in enumerate(tests):
        files = named.get(_TEST_NAME.sub("", _stem(path)), [])
        if files:
            found[test] = dict.fromkeys(files, _NAMESAKE / len(files))
    return found


def _stem(path: str) -> str:
    return path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
