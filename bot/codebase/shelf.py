"""The source files of one snapshot as the search wants them: words in memory, parts on demand.

Promises: words are counted once for each blob and kept in the store beside the facts, under the
version of the code that counted them. Never: believes an entry that does not decode.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from bot.codebase import words
from bot.codebase.bm25 import Index
from bot.codebase.snapshot import Snapshot
from bot.codebase.words import FileWords, Parts

_AT_ONCE = 200  # files counted between two writes


@cache
def version() -> str:
    """A digest of the code that counts words: other code, other words."""
    here = Path(__file__).parent
    names = ("tokens.py", "words.py", "postings.py")
    made_by = b"".join((here / name).read_bytes() for name in names) + sys.byteorder.encode()
    return hashlib.blake2b(made_by, digest_size=8).hexdigest()


class Shelf:
    """Some source files of a snapshot, by number in the order of `paths`."""

    def __init__(self, snapshot: Snapshot, paths: Sequence[str], counted: Mapping[str, FileWords]):
        self.paths = tuple(paths)
        self._snapshot = snapshot
        self._parts: dict[str, Parts] = {}
        self.content = Index([counted[path].terms for path in self.paths])
        self.path_index = Index([words.path_terms(path) for path in self.paths])
        self.number = {path: number for number, path in enumerate(self.paths)}
        self._defined: dict[str, list[int]] = {}
        for path, facts in snapshot.outlines(self.paths).items():
            for name in sorted({one.name for one in facts.definitions}):
                self._defined.setdefault(name, []).append(self.number[path])
        self._spelled: dict[str, list[int]] = {}
        for number, path in enumerate(self.paths):
            for name in counted[path].spelled:
                self._spelled.setdefault(name, []).append(number)

    def having(self, name: str) -> Sequence[int]:
        """The numbers of the files in which an identifier stands, as written."""
        return self._spelled.get(name, ())

    def defining(self, name: str) -> Sequence[int]:
        """The numbers of the files that define something of that name."""
        return self._defined.get(name, ())

    def parts(self, numbers: Iterable[int]) -> dict[int, Parts]:
        """The counted definitions of files, by number."""
        wanted = list(numbers)
        missing = [self.paths[one] for one in wanted if self.paths[one] not in self._parts]
        self._parts.update(_parts(self._snapshot, missing))
        return {one: self._parts[self.paths[one]] for one in wanted}


def shelves(snapshot: Snapshot, *groups: Sequence[str]) -> list[Shelf]:
    """One shelf for each group of paths; words that are not in the store are counted now."""
    everything = [path for group in groups for path in group]
    counted = dict(_words(snapshot, everything))
    return [Shelf(snapshot, group, counted) for group in groups]


def _words(snapshot: Snapshot, paths: Sequence[str]) -> Iterator[tuple[str, FileWords]]:
    keys = {path: _key("words", snapshot, path) for path in paths}
    kept = snapshot.store.vectors(list(keys.values()))
    missing = []
    for path, key in keys.items():
        data = kept.get(key)
        if data is None:
            missing.append(path)
        else:
            yield path, words.unpack(data)
    for path, (found, _) in _count(snapshot, missing):
        yield path, found


def _parts(snapshot: Snapshot, paths: Sequence[str]) -> Iterator[tuple[str, Parts]]:
    keys = {path: _key("parts", snapshot, path) for path in paths}
    kept = snapshot.store.vectors(list(keys.values()))
    missing = []
    for path, key in keys.items():
        if key in kept:
            yield path, words.unpack_parts(kept[key])
        else:
            missing.append(path)
    for path, (_, found) in _count(snapshot, missing):
        yield path, found


def _count(
    snapshot: Snapshot, paths: Sequence[str]
) -> Iterator[tuple[str, tuple[FileWords, Parts]]]:
    for at in range(0, len(paths), _AT_ONCE):
        some = paths[at : at + _AT_ONCE]
        contents = snapshot.many_bytes(some)
        outlines = snapshot.outlines(some)
        fresh = []
        for path in some:
            data = contents.get(path, b"")
            text = "" if b"\0" in data[:8_000] else data.decode("utf-8", "replace")
            definitions = outlines[path].definitions if path in outlines else ()
            found, parts = words.count(text, definitions)
            fresh.append((_key("words", snapshot, path), words.pack(found)))
            fresh.append((_key("parts", snapshot, path), words.pack_parts(parts)))
            yield path, (found, parts)
        snapshot.store.keep_vectors(fresh)


def _key(kind: str, snapshot: Snapshot, path: str) -> str:
    record = snapshot.files()[path]
    return f"{kind}:{version()}:{record.language}:{record.blob}"
