"""How often which word stands where in one file: what the search counts (C4).

Promises: depends on a file's bytes and definitions only, so it is kept by blob id and shared by
every commit. Never: keeps text.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.codebase.facts import Definition
from bot.codebase.postings import Postings
from bot.codebase.tokens import count_terms, identifiers
from bot.codebase.tokens import terms as of_name

READ = 400_000  # characters of one file; what is longer is data


@dataclass(frozen=True, slots=True)
class Part:
    """One definition as the search sees it.

    `qualname` is empty for what stands outside of all definitions. `start`, `end`: lines, from 1.
    """

    qualname: str
    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one file, meant by their number.

    `sizes`: words of each, without those of inner ones. `terms`: word → part, times, part,
    times...; `names`: word of a qualified name → parts.
    """

    sizes: Sequence[int]
    terms: Postings
    names: Postings
    rows: bytes  # JSON: decoded for the few parts that are shown

    def all(self) -> list[Part]:
        return [Part(*row) for row in json.loads(self.rows)]


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
    rows: list[tuple[str, str, int, int]] = []
    sizes = array("I")
    places: dict[str, list[int]] = {}
    names: dict[str, list[int]] = {}
    for number in range(len(outer) + 1):  # 0: what is outside of all definitions
        counted = identifiers("\n".join(bodies.get(number - 1, ())))
        spelled.update(counted)
        terms = count_terms(counted)
        for term, times in terms.items():
            total[term] = total.get(term, 0) + times
            places.setdefault(term, []).extend((number, times))
        sizes.append(sum(terms.values()))
        if number == 0:
            rows.append(("", "module", 1, len(lines)))
            continue
        one = outer[number - 1]
        rows.append((one.qualname, one.kind, one.start, one.end))
        for term in {term for name in identifiers(one.qualname) for term in of_name(name)}:
            names.setdefault(term, []).append(number)
    parts = Parts(
        sizes,
        Postings.build(places),
        Postings.build(dict(sorted(names.items()))),
        json.dumps(rows, separators=(",", ":")).encode(),
    )
    return FileWords(total, sorted(spelled)), parts


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
    sizes = Postings.build({"": parts.sizes})
    return sizes.pack() + parts.terms.pack() + parts.names.pack() + parts.rows


def unpack_parts(data: bytes) -> Parts:
    sizes, rest = Postings.of(memoryview(data))
    terms, rest = Postings.of(rest)
    names, rest = Postings.of(rest)
    return Parts(sizes.get(""), terms, names, bytes(rest))


def path_terms(path: str) -> dict[str, int]:
    """The words of a path without its extension."""
    stem = path.rsplit(".", 1)[0] if "." in path.rsplit("/", 1)[-1] else path
    return count_terms(Counter(identifiers(stem.replace("-", " ").replace(".", " "))))
