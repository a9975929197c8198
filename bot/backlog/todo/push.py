"""The marks of commits in a mirror: of a whole one, and of what changed from one to another.

Promises: `advanced(scan(A), changes(A, B)) == scan(B)`; a push costs at most one git process,
whatever the size of the repository: the trees are compared here, from top to bottom, where they
differ. Never: a work tree, a filter, a text converter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.backlog.todo.found import PREFILTER, Todo, language_in, may_have, todos_of
from bot.backlog.todo.languages import is_readable
from bot.backlog.todo.passed_over import LARGEST, attributes, is_passed_over
from bot.backlog.todo.scan import GREP, MAGIC, OUT, SIMPLE, TIMEOUT_S, Snapshot
from bot.workspace.git import GitFailed, git, run
from bot.workspace.object_reader import Objects

_ENTRY = re.compile(rb"(\d+) ([^\0]+)\0(.{20})", re.S)
_LONG_ENTRY = re.compile(rb"(\d+) ([^\0]+)\0(.{32})", re.S)
_REGULAR, _TREE = (b"100644", b"100755"), b"40000"
_ATTRIBUTES = ".gitattributes"

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
    said_by = _attributes(git_dir, commit)
    counts = _counting(said_by)
    names = [name for name in _names(git_dir, commit) if counts(name)]
    marks = {
        name: found
        for name, data in _blobs(git_dir, commit, names)
        if (found := todos_of(name, data))
    }
    return Scan(commit, marks, said_by)


def changes(
    objects: Objects, before: str, after: str, said_by: Mapping[str, bytes]
) -> dict[str, tuple[Todo, ...]]:
    """The marks of every file that differs; () where it has none any more or is gone.

    `said_by`: of the scan before. Raises NeedsWhole where `.gitattributes` changed or `before` is
    not there any more, GitFailed.
    """
    counts = _counting(said_by)
    differing = _differing(objects, before, after)
    if any(path.rpartition("/")[2] == _ATTRIBUTES for path in differing):
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
    said = attributes(dict(said_by))

    def counts(path: str) -> bool:
        told = said(path)
        return not is_passed_over(path) if told is None else not told

    return counts


def _names(git_dir: Path, commit: str) -> list[str]:
    for dialect, pattern in (("-P", PREFILTER), ("-E", SIMPLE)):
        status, out = run(
            git_dir, *GREP, dialect, "-e", pattern, commit, "--", ".", *OUT,
            env=MAGIC, timeout=TIMEOUT_S, ok=(0, 1, 128),
        )  # fmt: skip
        if status != 128:
            names = out.decode("utf-8", "surrogateescape").split("\0")
            return sorted(name.removeprefix(f"{commit}:") for name in names if name)
    raise GitFailed("grep", 128, "git cannot look through this commit")


def _attributes(git_dir: Path, commit: str) -> dict[str, bytes]:
    out = git(git_dir, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    names = [
        name
        for name in out.decode("utf-8", "surrogateescape").split("\0")
        if name.rpartition("/")[2] == _ATTRIBUTES
    ]
    return dict(_blobs(git_dir, commit, names))


def _blobs(git_dir: Path, commit: str, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of regular files, without those that are too large."""
    if not names:
        return
    asked = "".join(f"{commit}:{name}\n" for name in names if "\n" not in name)
    out = git(
        git_dir, "cat-file", "--batch", stdin=asked.encode("utf-8", "surrogateescape"),
        timeout=TIMEOUT_S,
    )  # fmt: skip
    place = 0
    for name in (one for one in names if "\n" not in one):
        end = out.index(b"\n", place)
        about = out[place:end].rsplit(b" ", 2)
        place = end + 1
        if len(about) == 3 and about[1] == b"blob":
            size = int(about[2])
            if size <= LARGEST:
                yield name, out[place : place + size]
            place += size + 1
