"""Files that a text names: by path, by module, in a traceback (C4).

Promises: a path from another machine (`/home/me/site-packages/app/io.py`) finds `src/app/io.py`
when enough of its end agrees; what fits many files says little of each. Never: touches a disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Paths:
    """The paths of a snapshot, to be found by their ends."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = {}
        self._all = set(paths)
        for path in sorted(self._all):
            self._by_name.setdefault(path.rsplit("/", 1)[-1], []).append(path)
        self._moved: dict[str, str | None] = {}

    def alike(self, path: str) -> tuple[list[str], int]:
        """The files that share the longest end with `path`, and how many names that end has."""
        if path in self._all:
            return [path], path.count("/") + 1
        best: list[str] = []
        longest = 0
        for candidate in self._by_name.get(path.rsplit("/", 1)[-1], ()):
            length = shared_end(candidate, path)
            if length > longest:
                best, longest = [candidate], length
            elif length == longest:
                best.append(candidate)
        return best, longest

    def today(self, path: str) -> str | None:
        """Where a file that history knows as `path` is now, or None.

        A file that moved with its folder keeps at least its folder's name.
        """
        if path in self._all:
            return path
        if path not in self._moved:
            found, length = self.alike(path)
            self._moved[path] = found[0] if length >= 2 and len(found) == 1 else None
        return self._moved[path]


def shared_end(one: str, other: str) -> int:
    """How many names two paths share, from the end."""
    count = 0
    for mine, theirs in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def named(paths: Paths, written: Sequence[str]) -> dict[str, float]:
    """path → 0..1 for the files that a text names; 1 for a name that fits one file only."""
    found: dict[str, float] = {}
    for name in written:
        candidates, length = paths.alike(name)
        whole = name.count("/") + 1
        for path in candidates:
            if length == whole or length == path.count("/") + 1:
                score = 1 / len(candidates)
            elif length >= 2:
                score = min(1.0, 0.3 + 0.1 * length) / len(candidates)
            else:
                continue
            found[path] = max(found.get(path, 0.0), score)
    return found


def in_traceback(paths: Paths, frames: Sequence[str]) -> dict[str, float]:
    """path → 0..1 for the files of a traceback: the nearer to the error, the more."""
    hits = []
    for frame in frames:
        candidates, length = paths.alike(frame)
        if len(candidates) == 1 and (length >= 2 or length == candidates[0].count("/") + 1):
            hits.append(candidates[0])
    return {path: (place + 1) / len(hits) for place, path in enumerate(hits)}
