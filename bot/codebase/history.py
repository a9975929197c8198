"""What earlier commits say of a text: files that were changed for similar reasons (C4).

Promises: only commits that the asked commit has behind it are looked at, newest first and a
bounded number of them; merges say nothing of their own. Never: follows a rename through git (a
moved file is found by the end of its path), runs a hook or a driver.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.codebase.bm25 import Index
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
    def before(cls, git_dir: Path, commit: str, limit: int = COMMITS) -> History:
        """The history of `commit`, itself included; raises GitFailed."""
        how = ("log", "--no-merges", "--no-renames", "--no-ext-diff", "--name-only", "-z")
        out = git(git_dir, *how, "--format=%x01%B%x02", f"-{limit}", commit)
        commits = []
        for record in out.decode("utf-8", "replace").split("\x01")[1:]:
            message, _, names = record.partition("\x02")
            paths = [name for name in names.strip("\n\0").split("\0") if name]
            commits.append(Past(count_terms(identifiers(message[:_MESSAGE])), tuple(paths)))
        return cls(commits)

    def packed(self) -> bytes:
        """Itself, for a cache."""
        rows = [(one.terms, one.paths) for one in self.commits]
        return json.dumps(rows, separators=(",", ":")).encode()

    @classmethod
    def unpacked(cls, data: bytes) -> History:
        return cls([Past(terms, paths) for terms, paths in json.loads(data)])

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
