"""Looks at the default branch in a mirror, for whoever keeps the ledger (B3).

Promises: what is known is not read again: only files that changed since the commit looked at last;
everything where that cannot be told. Never: appends, or talks to GitHub but through `fetch`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pathspec import GitIgnoreSpec

from bot.backlog.todo.authors import Author, authors_of
from bot.backlog.todo.found import Todo
from bot.backlog.todo.ledger import LIST, fold, stream_of
from bot.backlog.todo.push import NeedsWhole, changes, scan
from bot.configuration.schema import RepositoryConfig
from bot.story.journal import Journal
from bot.story.vocabulary import Repository
from bot.workspace.object_reader import Objects
from policies.marks import MarkFacts

_OPEN = 4  # mirrors


@dataclass(frozen=True, slots=True)
class Look:
    """The marks of files that may differ from before; of all files where `whole`."""

    commit: str
    changed: Mapping[str, tuple[Todo, ...]]
    whole: bool
    attributes: Mapping[str, bytes]


class Mirrors(Protocol):
    """The workshop, as far as it is needed."""

    def mirror(self, repository: Repository) -> Any:
        """Has the `path` of a bare repository."""

    def fetch(self, repository: Repository, branch: str) -> str:
        """Bring a branch into the mirror; its head."""


class MirrorMarks:
    """The marks of repositories, by their mirrors."""

    def __init__(self, mirrors: Mirrors) -> None:
        self._mirrors = mirrors
        self._open: OrderedDict[Path, Objects] = OrderedDict()

    def look(
        self,
        repository: Repository,
        before: str,
        attributes: Mapping[str, bytes],
        ignore: Sequence[str],
    ) -> Look:
        """The default branch now. `before`: the commit looked at last, "" for none.

        Raises the errors of `fetch`, and GitFailed.
        """
        git_dir = self._mirrors.mirror(repository).path
        ignored = GitIgnoreSpec.from_lines(ignore)
        with self._objects(git_dir) as objects:
            if before:
                objects.open()  # it starts while the branch is on its way
            commit = self._mirrors.fetch(repository, repository.default_branch)
            if before:
                try:
                    changed = changes(objects, before, commit, attributes)
                    return Look(commit, _without(ignored, changed), False, attributes)
                except NeedsWhole:
                    pass  # said by its name: what follows reads everything
        found = scan(git_dir, commit)
        kept = {path: todos for path, todos in _without(ignored, found.marks).items() if todos}
        return Look(commit, kept, True, found.attributes)

    @contextmanager
    def _objects(self, git_dir: Path) -> Iterator[Objects]:
        """To read a mirror with; the git processes of a few mirrors stay for their next push."""
        objects = self._open.pop(git_dir, None) or Objects(git_dir)
        try:
            yield objects
        finally:
            self._open[git_dir] = objects
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)[1].close()

    def authors(
        self, repository: Repository, commit: str, places: Mapping[str, Sequence[int]]
    ) -> dict[tuple[str, int], Author]:
        """Who wrote lines of a commit, by (path, line)."""
        git_dir = self._mirrors.mirror(repository).path
        return authors_of(git_dir, git_dir, places, commit)


def mark_facts(
    journal: Journal, configuration: Callable[[Repository], RepositoryConfig]
) -> Callable[[Repository], MarkFacts]:
    """What decides on the issues of a repository's marks, as the journal tells it by then."""

    def facts(repository: Repository) -> MarkFacts:
        marks = fold(journal.load(stream_of(repository.id))).marks
        opened = {number: one.issue for number, one in marks.items() if one.issue}
        wanted = {number for number, one in marks.items() if one.wanted}
        wants = configuration(repository).backlog.todo.issues == "on"
        return MarkFacts(repository.id, wants, frozenset(wanted | {LIST}), opened)

    return facts


def _without(
    ignored: GitIgnoreSpec, marks: Mapping[str, tuple[Todo, ...]]
) -> dict[str, tuple[Todo, ...]]:
    return {path: () if ignored.match_file(path) else todos for path, todos in marks.items()}
