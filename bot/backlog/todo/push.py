"""The marks of commits in a mirror: of a whole one, and of what changed from one to another.

Promises: `advanced(scan(A), changes(A, B)) == scan(B)`; a push costs one git process, whatever the
size of the repository. Never: a work tree, a text converter, an external diff.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.backlog.todo.found import PREFILTER, Todo, may_have, todos_of
from bot.backlog.todo.languages import language_of
from bot.backlog.todo.passed_over import LARGEST, attributes, is_passed_over
from bot.backlog.todo.scan import GREP, MAGIC, OUT, SIMPLE, TIMEOUT_S, Snapshot
from bot.workspace.git import GitFailed, git, run

_REGULAR = (b"100644", b"100755")
_HEADER = re.compile(rb"^diff --git [^\n]*\n", re.M)
_HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@[^\n]*\n", re.M)
_ATTRIBUTES = ".gitattributes"


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
    git_dir: Path, before: str, after: str, said_by: Mapping[str, bytes]
) -> dict[str, tuple[Todo, ...]]:
    """The marks of every file that differs; () where it has none any more or is gone.

    `said_by`: of the scan before. Raises NeedsWhole where `.gitattributes` changed or `before` is
    not there any more, GitFailed.
    """
    how = (
        "diff-tree", "-r", "-z", "--raw", "-p", "-U9999999", "--no-renames", "--full-index",
        "--no-ext-diff", "--no-textconv", "--no-color", before, after,
    )  # fmt: skip
    status, out = run(git_dir, *how, ok=(0, 128), timeout=TIMEOUT_S)
    if status:
        raise NeedsWhole(f"{before[:10]} and {after[:10]} cannot be compared")
    counts = _counting(said_by)
    found: dict[str, tuple[Todo, ...]] = {}
    unseen: list[str] = []  # was binary, and need not be any more
    for path, data in _changed(out):
        if path.rpartition("/")[2] == _ATTRIBUTES:
            raise NeedsWhole(f"{path} changed")
        fit = data is not None and len(data) <= LARGEST and counts(path) and may_have(data)
        found[path] = todos_of(path, data) if fit and data is not None else ()
        if data is None and counts(path) and language_of(path):
            unseen.append(path)
    for path, data in _blobs(git_dir, after, unseen):
        found[path] = todos_of(path, data)
    return found


def advanced(marks: Snapshot, changed: Mapping[str, tuple[Todo, ...]]) -> Snapshot:
    """The marks after a change."""
    return {path: todos for path, todos in (marks | dict(changed)).items() if todos}


def _changed(out: bytes) -> Iterator[tuple[str, bytes | None]]:
    """(path, new bytes) from git's raw list and the patches with whole files that follow it.

    None: git takes it for binary. Empty where it is gone or no regular file.
    """
    rows: list[tuple[str, bytes, bool]] = []
    place = 0
    while out[place : place + 1] == b":":
        end = out.index(b"\0", place)
        stop = out.index(b"\0", end + 1)
        _, mode, old, new, status = out[place + 1 : end].split()
        if status[:1] == b"T":
            raise NeedsWhole("a file became something else")
        rows.append((out[end + 1 : stop].decode("utf-8", "surrogateescape"), mode, old == new))
        place = stop + 1
    patches = _HEADER.split(out[place + 1 :])[1:]  # a NUL ends the list
    if len(patches) != len(rows):
        raise NeedsWhole("git's list and its patches do not fit")
    for (path, mode, same), patch in zip(rows, patches, strict=True):
        if same:
            continue  # only its mode changed
        if mode in _REGULAR:
            yield path, _after(patch)
        else:
            yield path, b""


def _after(patch: bytes) -> bytes | None:
    """The new file of a patch with a single hunk that holds all of it."""
    hunk = _HUNK.search(patch)
    if hunk is None:
        return b"" if b"\nindex " in patch and b"\nBinary files " not in patch else None
    lines = patch[hunk.end() :].split(b"\n")
    kept = []
    for number, line in enumerate(lines[:-1]):
        if line[:1] in (b" ", b"+"):
            ended = not lines[number + 1].startswith(b"\\")
            kept.append(line[1:] + (b"\n" if ended else b""))
    return b"".join(kept)


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
