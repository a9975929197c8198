"""How often which word stands where in one file: what the search counts (C4).

Promises: depends on a file's bytes and definitions only, so it is kept by blob id and shared by
every commit. Never: keeps text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass

from bot.codebase.facts import Definition
from bot.codebase.tokens import count_terms, identifiers
from bot.codebase.tokens import terms as of_name

READ = 400_000  # characters of one file; what is longer is data


@dataclass(frozen=True, slots=True)
class Part:
    """One definition as the search sees it; `size`: its words, without those of inner ones.

    `qualname` is empty for what stands outside of all definitions. `start`, `end`: lines, from 1.
    """

    qualname: str
    kind: str
    start: int
    end: int
    size: int


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one file. `terms`: word → part, times, part, times...; `names`: word → parts.

    Parts are meant by their number. `names` has the words of qualified names.
    """

    all: Sequence[Part]
    terms: Mapping[str, Sequence[int]]
    names: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class FileWords:
    """`terms`: word → count in the file. `spelled`: its distinct identifiers, as written."""

    terms: Mapping[str, int]
    spelled: Sequence[str]


def count(text: str, definitions: Iterable[Definition]) -> tuple[FileWords, Parts]:
    """The words of a file and of each definition in it, in order of appearance."""
    lines = text[:READ].split("\n")
    outer = sorted(definitions, key=lambda one: (one.start, -one.end))
    bodies: dict[int, list[str]] = {}
    for line, owner in zip(lines, _owners(len(lines), outer), strict=True):
        bodies.setdefault(owner, []).append(line)
    total: dict[str, int] = {}
    spelled: set[str] = set()
    parts = []
    places: dict[str, list[int]] = {}
    names: dict[str, list[int]] = {}
    for number in range(len(outer) + 1):  # 0: what is outside of all definitions
        counted = identifiers("\n".join(bodies.get(number - 1, ())))
        spelled.update(counted)
        terms = count_terms(counted)
        for term, times in terms.items():
            total[term] = total.get(term, 0) + times
            places.setdefault(term, []).extend((number, times))
        size = sum(terms.values())
        if number == 0:
            parts.append(Part("", "module", 1, len(lines), size))
            continue
        one = outer[number - 1]
        parts.append(Part(one.qualname, one.kind, one.start, one.end, size))
        for term in {term for name in identifiers(one.qualname) for term in of_name(name)}:
            names.setdefault(term, []).append(number)
    return FileWords(total, sorted(spelled)), Parts(parts, places, dict(sorted(names.items())))


def _owners(lines: int, outer: Sequence[Definition]) -> list[int]:
    """For each line the index of the innermost definition around it, -1 for none."""
    owners = [-1] * lines
    for index, one in enumerate(outer):  # a definition inside another one comes later
        for line in range(max(one.start, 1) - 1, min(one.end, lines)):
            owners[line] = index
    return owners


def pack(words: FileWords) -> bytes:
    return json.dumps([words.terms, words.spelled], separators=(",", ":")).encode()


def unpack(data: bytes) -> FileWords:
    terms, spelled = json.loads(data)
    return FileWords(terms, spelled)


def pack_parts(parts: Parts) -> bytes:
    rows = [[astuple(part) for part in parts.all], parts.terms, parts.names]
    return json.dumps(rows, separators=(",", ":")).encode()


def unpack_parts(data: bytes) -> Parts:
    rows, terms, names = json.loads(data)
    return Parts([Part(*row) for row in rows], terms, names)


def path_terms(path: str) -> dict[str, int]:
    """The words of a path without its extension."""
    stem = path.rsplit(".", 1)[0] if "." in path.rsplit("/", 1)[-1] else path
    return count_terms(Counter(identifiers(stem.replace("-", " ").replace(".", " "))))
