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
    """The words of one definition without those of the definitions inside it.

    `qualname` is empty for what stands outside of all definitions. `start`, `end`: lines, from 1.
    `size`: the sum of the counts. `name_terms`: the words of the qualified name, sorted.
    """

    qualname: str
    kind: str
    start: int
    end: int
    terms: Mapping[str, int]
    size: int
    name_terms: Sequence[str]


@dataclass(frozen=True, slots=True)
class FileWords:
    """`terms`: word → count in the file. `spelled`: its distinct identifiers, as written."""

    terms: Mapping[str, int]
    spelled: Sequence[str]


def count(text: str, definitions: Iterable[Definition]) -> tuple[FileWords, tuple[Part, ...]]:
    """The words of a file and of each definition in it, in order of appearance."""
    lines = text[:READ].split("\n")
    outer = sorted(definitions, key=lambda one: (one.start, -one.end))
    owners = _owners(len(lines), outer)
    bodies: dict[int, list[str]] = {}
    for line, owner in zip(lines, owners, strict=True):
        bodies.setdefault(owner, []).append(line)
    total: dict[str, int] = {}
    spelled: set[str] = set()
    parts = []
    for index in range(-1, len(outer)):
        counted = identifiers("\n".join(bodies.get(index, ())))
        spelled.update(counted)
        terms = count_terms(counted)
        for term, times in terms.items():
            total[term] = total.get(term, 0) + times
        if index < 0:
            parts.append(_part("", "module", 1, len(lines), terms))
        else:
            one = outer[index]
            parts.append(_part(one.qualname, one.kind, one.start, one.end, terms))
    return FileWords(total, sorted(spelled)), tuple(parts)


def _part(qualname: str, kind: str, start: int, end: int, terms: Mapping[str, int]) -> Part:
    named = sorted({term for name in identifiers(qualname) for term in of_name(name)})
    return Part(qualname, kind, start, end, terms, sum(terms.values()), named)


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


def pack_parts(parts: Iterable[Part]) -> bytes:
    return json.dumps([astuple(part) for part in parts], separators=(",", ":")).encode()


def unpack_parts(data: bytes) -> tuple[Part, ...]:
    return tuple(Part(*row) for row in json.loads(data))


def path_terms(path: str) -> dict[str, int]:
    """The words of a path without its extension."""
    stem = path.rsplit(".", 1)[0] if "." in path.rsplit("/", 1)[-1] else path
    return count_terms(Counter(identifiers(stem.replace("-", " ").replace(".", " "))))
