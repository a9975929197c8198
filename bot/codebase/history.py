"""What earlier commits say of a text: files that were changed for similar reasons (C4).

Promises: only commits that the asked commit has behind it are looked at, newest first and a
bounded number of them; merges say nothing of their own. Never: follows a rename through git (a
moved file is found by the end of its path), runs a hook or a driver.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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

    def votes(
        self, words: Mapping[str, float], today: Callable[[str], str | None]
    ) -> dict[str, float]:
        """path → votes of the commits whose messages resemble `words`; `today` maps old paths."""
        scores = self._index.scores(words, most=_COMMON)
        best = sorted((-score, age) for age, score in enumerate(scores) if score > 0)
        found: dict[str, float] = {}
        for score, age in best[:_NEIGHBOURS]:
            named = self.commits[age].paths
            paths = {path for name in named if (path := today(name)) is not None}
            alike = (score / best[0][0]) ** 4  # the few most similar decide
            for path in sorted(paths):
                vote = alike / len(paths) ** _SPREAD / (1 + age / _FADE)
                found[path] = found.get(path, 0.0) + vote
        return found


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
