"""What earlier commits say of a text: files that were changed for similar reasons (C4).

Promises: only commits that the asked commit has behind it are looked at, newest first and a
bounded number of them; merges say nothing of their own. Never: follows a rename through git (a
moved file is found by the end of its path), runs a hook or a driver.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.codebase.bm25 import Index
from bot.codebase.store import Store
from bot.codebase.tokens import count_terms, identifiers
from bot.workspace.git import git

COMMITS = 8_000
_MESSAGE = 3_000  # characters
_COMMON = 0.15  # a word in more than this share of the messages is how the project writes
_NEIGHBOURS = 60  # commits that vote
_FADE = 4_000  # after as many commits, a vote counts half
_RECENT = 50  # commits after which a change is as good as a third of a new one
_WITH_TESTS = 4_000  # commits that say which sources a test belongs to,
_TESTED_AT_ONCE = 8  # unless they changed more sources than that
_SPREAD = 0.7  # a vote of a commit of n files is worth n**-_SPREAD to each


@dataclass(frozen=True, slots=True)
class Past:
    """One commit: the words of its message and the paths it changed (as they were named then)."""

    terms: Mapping[str, int]
    paths: Sequence[str]


class History:
    """The commits behind a commit, newest first."""

    def __init__(self, commits: Sequence[Past]) -> None:
        self.commits = commits
        self._index = Index([one.terms for one in commits])

    @classmethod
    def before(cls, git_dir: Path, commit: str, store: Store, limit: int = COMMITS) -> History:
        """The history of `commit`, itself included; raises GitFailed.

        Each commit is read once for all histories that have it.
        """
        how = ("rev-list", "--no-merges", f"--max-count={limit}", commit)
        order = git(git_dir, *how).decode().split()
        keys = {sha: f"past:{_version()}:{sha}" for sha in order}
        kept = store.vectors(list(keys.values()))
        missing = [sha for sha in order if keys[sha] not in kept]
        fresh = {keys[sha]: data for sha, data in _read(git_dir, missing)}
        store.keep_vectors(fresh.items())
        kept.update(fresh)
        rows = (json.loads(kept[keys[sha]]) for sha in order if keys[sha] in kept)
        return cls([Past(terms, paths) for terms, paths in rows])

    def alike(self, words: Mapping[str, float]) -> list[tuple[int, float]]:
        """(place, 0..1) of the commits whose messages resemble `words` most, best first."""
        scores = self._index.scores(words, most=_COMMON)
        best = sorted((-score, age) for age, score in enumerate(scores) if score > 0)
        return [(age, score / best[0][0]) for score, age in best[:_NEIGHBOURS]]


class Changes:
    """What the commits of a history did to the files of today, which are meant by their numbers.

    `today` maps an old path to a source file's number, or None; `tests`: path → number.
    """

    def __init__(
        self, history: History, today: Callable[[str], int | None], tests: Mapping[str, int]
    ) -> None:
        self._history = history
        self._sources = [_numbers(map(today, one.paths)) for one in history.commits]
        self._tests: dict[int, list[int]] = {}
        for age, one in enumerate(history.commits[:_WITH_TESTS]):
            if len(self._sources[age]) <= _TESTED_AT_ONCE:
                for path in one.paths:
                    if path in tests:
                        self._tests.setdefault(tests[path], []).append(age)
        last: dict[int, int] = {}
        for age, sources in enumerate(self._sources):
            for number in sources:
                last.setdefault(number, age)
        self.recent = {number: math.exp(-age / _RECENT) for number, age in last.items()}
        """source → 1 when the last commit changed it, falling to 0."""

    def votes(self, words: Mapping[str, float]) -> dict[int, float]:
        """source → votes of the commits whose messages resemble `words`."""
        found: dict[int, float] = {}
        for age, score in self._history.alike(words):
            sources = self._sources[age]
            for number in sources:
                # the few most similar decide
                vote = score**4 / len(sources) ** _SPREAD / (1 + age / _FADE)
                found[number] = found.get(number, 0.0) + vote
        return found

    def beside(self, test: int) -> dict[int, float]:
        """source → 0..1, the share that it has in the changes of a test file."""
        ages = self._tests.get(test, ())
        found: dict[int, float] = {}
        for age in ages:
            for number in self._sources[age]:
                share = 1 / len(self._sources[age]) / (len(ages) + 2)
                found[number] = found.get(number, 0.0) + share
        return found


def _numbers(found: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(sorted({number for number in found if number is not None}))


@cache
def _version() -> str:
    """A digest of the code that counts words: other code, other words."""
    here = Path(__file__).parent
    made_by = b"".join((here / name).read_bytes() for name in ("tokens.py", "history.py"))
    return hashlib.blake2b(made_by, digest_size=8).hexdigest()


def _read(git_dir: Path, commits: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """(commit, its words and paths packed) for commits that git has."""
    if not commits:
        return
    asked = "".join(f"{sha}\n" for sha in commits).encode()
    # No message can hold the mark: it depends on the ids of the commits, and they on the messages.
    mark = hashlib.blake2b(asked, digest_size=16).hexdigest()
    how = ("log", "--no-walk=unsorted", "--no-renames", "--no-ext-diff", "--name-only", "-z")
    out = git(git_dir, *how, f"--format={mark}%H%n%B{mark}", "--stdin", stdin=asked)
    pieces = out.decode("utf-8", "replace").split(mark)[1:]
    for about, names in zip(pieces[::2], pieces[1::2], strict=True):
        sha, _, message = about.partition("\n")
        paths = [name for name in names.strip("\n\0").split("\0") if name]
        terms = count_terms(identifiers(message[:_MESSAGE]))
        yield sha, json.dumps([terms, paths], separators=(",", ":")).encode()
