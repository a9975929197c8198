"""Lists of numbers by word, packed so that reading one word costs nothing for the others (C4).

Promises: what `pack` wrote, `Postings.of` reads; a word that is not there has an empty list.
Never: reads a form that another byte order wrote (the cache key tells them apart).
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

_HEAD = struct.Struct("<III")  # bytes of the words, words, numbers


class Postings:
    """word → numbers; made from a packed form, or with `build`."""

    def __init__(self, words: Sequence[str], ends: array[int], numbers: array[int]) -> None:
        self._words = {word: at for at, word in enumerate(words)}
        self._ends = ends
        self._numbers = numbers

    @classmethod
    def build(cls, lists: Mapping[str, Sequence[int]]) -> Postings:
        numbers = array("I")
        for one in lists.values():
            numbers.extend(one)
        return cls(list(lists), array("I", accumulate(map(len, lists.values()))), numbers)

    @classmethod
    def of(cls, data: memoryview) -> tuple[Postings, memoryview]:
        """The first packed lists in `data`, and what follows them."""
        text, words, count = _HEAD.unpack_from(data)
        at = _HEAD.size
        known = str(data[at : at + text], "utf-8").split("\n") if words else []
        at += text
        ends, numbers = array("I"), array("I")
        ends.frombytes(data[at : at + words * ends.itemsize])
        at += words * ends.itemsize
        numbers.frombytes(data[at : at + count * numbers.itemsize])
        return cls(known, ends, numbers), data[at + count * numbers.itemsize :]

    def pack(self) -> bytes:
        text = "\n".join(self._words).encode()
        head = _HEAD.pack(len(text), len(self._words), len(self._numbers))
        return head + text + self._ends.tobytes() + self._numbers.tobytes()

    def get(self, word: str) -> Sequence[int]:
        at = self._words.get(word)
        if at is None:
            return ()
        return self._numbers[self._ends[at - 1] if at else 0 : self._ends[at]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)
