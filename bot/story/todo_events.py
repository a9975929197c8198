"""What can have happened to the marks (TODO, FIXME …) of a repository's default branch (B3).

Promises: facts in the past tense, in the stream `todo/<repository id>`; one look at one commit is
one fact, so that no half of it is ever known. `bot.backlog.todo.ledger` folds them.
"""

from __future__ import annotations

from typing import Literal

from bot.story.vocabulary import Value


class MarkPlace(Value):
    """A mark and where it stands; see `bot.backlog.todo.found.Todo`."""

    number: int  # its own, in this repository, for good
    path: str
    line: int
    end_line: int
    kind: str
    text: str
    title: str
    symbol: str
    digest: str


class TodosScanned(Value):
    """The marks of `commit`, as what differs from those known before.

    `found` are new, `seen` stand elsewhere, say something else or are back; `missed` were not there
    for the first time, `gone` not for the second. `wanted`: those that get an issue; the rest are
    listed. `attributes` (path, text) and `ignore` decided which files count.
    """

    kind: Literal["todos_scanned"] = "todos_scanned"
    commit: str
    attributes: tuple[tuple[str, str], ...] = ()
    ignore: tuple[str, ...] = ()
    found: tuple[MarkPlace, ...] = ()
    seen: tuple[MarkPlace, ...] = ()
    missed: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    wanted: tuple[int, ...] = ()


TodoEvent = TodosScanned
