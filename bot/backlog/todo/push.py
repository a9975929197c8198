"""The marks of commits in a mirror: of a whole one, and of what changed from one to another.

Promises: `advanced(scan(A), changes(A, B)) == scan(B)`; a push costs at most one git process,
whatever the size of the repository: the trees are compared here, from top to bottom, where they
differ. Never: a work tree, a filter, a text converter.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.backlog.todo.found import Todo, language_in, may_have, todos_of
from bot.backlog.todo.languages import is_readable
from bot.backlog.todo.passed_over import ATTRIBUTES, LARGEST, attributes, is_passed_over
from bot.backlog.todo.scan import TIMEOUT_S, Snapshot, with_words
from bot.workspace.git import parts
from bot.workspace.object_reader import Objects

_ENTRY = re.compile(rb"(\d+) ([^\0]+)\0(.{20})", re.S)
_LONG_ENTRY = re.compile(rb"(\d+) ([^\0]+)\0(.{32})", re.S)
_REGULAR, _TREE = (b"100644", b"100755"), b"40000"
_LONGEST_PATH = 4_096  # characters, as where it would be checked out

Entry = tuple[bytes, str]  # mode and id


@dataclass(frozen=True, slots=True)
class Scan:
    """All marks of a commit, and the `.gitattributes` files that decided on them."""

    commit: str
    marks: Snapshot
    attributes: Mapping[str, bytes]


class NeedsWhole(Exception):
    """What changed cannot be told from the change alone: scan the whole commit."""


def scan(git_dir: Path, commit: str) -> Scan:
    """Every mark of a commit. Raises GitFailed."""
    with closing(Objects(git_dir, timeout=TIMEOUT_S)) as objects:
        said_by = _attributes(objects, commit)
        counts = _counting(said_by)
        names = (name.removeprefix(f"{commit}:") for name in with_words(git_dir, (commit,), "."))
        marks = {
            name: found
            for name, data in _blobs(objects, commit, filter(counts, names))
            if (found := todos_of(name, data))
        }
    return Scan(commit, dict(sorted(marks.items())), said_by)


def changes(
    objects: Objects, before: str, after: str, said_by: Mapping[str, bytes]
) -> dict[str, tuple[Todo, ...]]:
    """The marks of every file that differs; () where it has none any more or is gone.

    `said_by`: of the scan before. Raises NeedsWhole where `.gitattributes` changed or `before` is
    not there any more, GitFailed.
    """
    counts = _counting(said_by)
    differing = _differing(objects, before, after)
    if any(path.rpartition("/")[2] == ATTRIBUTES for path in differing):
        raise NeedsWhole("what .gitattributes says changed")
    found: dict[str, tuple[Todo, ...]] = dict.fromkeys(differing, ())
    read = {
        path: entry[1]
        for path, entry in sorted(differing.items())
        if entry and entry[0] in _REGULAR and counts(path) and is_readable(path)
    }
    for path, answer in zip(read, objects.read(read.values()), strict=True):
        data = answer[2] if answer else b""
        if len(data) <= LARGEST and language_in(path, data) and may_have(data):
            found[path] = todos_of(path, data)
    return found


def _differing(objects: Objects, before: str, after: str) -> dict[str, Entry | None]:
    """What stands now under every path that differs, None for nothing; trees apart."""
    found: dict[str, Entry | None] = {}
    level = [("", f"{before}^{{tree}}", f"{after}^{{tree}}")]
    while level:
        asked = [name for _, old, new in level for name in (old, new) if name]
        answers = objects.read(asked)
        below: list[tuple[str, str, str]] = []
        for prefix, old, new in level:
            was, now = (_entries(next(answers)) if name else frozenset() for name in (old, new))
            trees: dict[str, list[str]] = {}
            for side, entries in enumerate((was - now, now - was)):
                for mode, raw, sha in entries:
                    path = prefix + raw.decode("utf-8", "surrogateescape")
                    if mode == _TREE:
                        trees.setdefault(path, ["", ""])[side] = sha.hex()
                    elif side:
                        found[path] = (mode, sha.hex())
                    else:
                        found[path] = None
            below += [(f"{path}/", *pair) for path, pair in trees.items()]
        level = below
    return found


def _entries(answer: tuple[str, str, bytes] | None) -> frozenset[tuple[bytes, bytes, bytes]]:
    """(mode, name, id) of what a tree holds."""
    if answer is None or answer[1] != "tree":
        raise NeedsWhole("a commit or a tree is not here")
    return frozenset((_LONG_ENTRY if len(answer[0]) > 40 else _ENTRY).findall(answer[2]))


def advanced(marks: Snapshot, changed: Mapping[str, tuple[Todo, ...]]) -> Snapshot:
    """The marks after a change."""
    return {path: todos for path, todos in (marks | dict(changed)).items() if todos}


def _counting(said_by: Mapping[str, bytes]) -> Callable[[str], bool]:
    said = attributes(said_by.get)

    def counts(path: str) -> bool:
        if len(path) > _LONGEST_PATH:
            return False
        told = said(path)
        return not is_passed_over(path) if told is None else not told

    return counts


def _attributes(objects: Objects, commit: str) -> dict[str, bytes]:
    listed = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    paths = (path.decode("utf-8", "surrogateescape") for path in parts(objects.git_dir, *listed))
    names = (path for path in paths if path.rpartition("/")[2] == ATTRIBUTES)
    return dict(_blobs(objects, commit, names))


def _blobs(objects: Objects, commit: str, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of files, without those that are too large."""
    asked: deque[str] = deque()

    def questions() -> Iterator[str]:
        for name in names:
            if "\n" not in name and len(name) <= _LONGEST_PATH:
                asked.append(name)
                yield f"{commit}:{name}"

    for answer in objects.read(questions()):
        name = asked.popleft()
        if answer and answer[1] == "blob" and len(answer[2]) <= LARGEST:
            yield name, answer[2]
