"""What git says, as values: commits, entries of trees, changed files, names of references.

Promises pure parsing. Never starts a process.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NO_COMMIT = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_SHA = re.compile(r"[0-9a-f]{40}\Z")
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|\Z)|^[/.-]|[/.]\Z|^@\Z")
_SIGNED = re.compile(rb"^gpgsig (.*\n(?: .*\n)*)", re.MULTILINE)

Signed = tuple[str, bytes]  # a signature, and the bytes that it signs


class GitFailed(Exception):
    """git ended with another status than expected; `detail` is what it wrote to stderr."""

    def __init__(self, command: str, detail: str) -> None:
        super().__init__(f"git {command}: {detail.strip()[:500]}")
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    email: str
    date: str  # ISO 8601 with an offset or Z, whole seconds


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    mode: str
    type: str
    sha: str
    size: int | None
    path: str


@dataclass(frozen=True, slots=True)
class FileChange:
    path: str
    previous: str | None
    status: str  # added, removed, modified, renamed, copied, changed
    sha: str
    additions: int
    deletions: int
    patch: str | None


def valid_ref(name: str) -> bool:
    """True for a full reference name such as `refs/heads/main` that git accepts."""
    return name.startswith("refs/") and name.count("/") >= 2 and not _BAD_REF.search(name)


def is_sha(text: str) -> bool:
    return bool(_SHA.match(text))


def utc_form(stamp: str) -> str:
    return stamp[:-6] + "Z" if stamp.endswith("+00:00") else stamp


_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied"}


def file_changes(raw: str, text: str) -> tuple[FileChange, ...]:
    """Join `git diff --raw --numstat -z` with the patch text of the same comparison."""
    tokens = raw.split("\x00")
    patches = re.split(r"(?m)^diff --git .*\n", text)[1:]
    listed: list[tuple[str, str | None, str, str]] = []
    counts: dict[str, tuple[int, int, bool]] = {}
    place = 0
    while place < len(tokens) and tokens[place]:
        token = tokens[place]
        place += 1
        if token.startswith(":"):
            _, _, old_sha, sha, letter = token.split()
            previous, path = None, tokens[place]
            place += 1
            if letter[0] in "RC":
                previous, path = path, tokens[place]
                place += 1
            shown = old_sha if letter[0] == "D" else sha
            listed.append((path, previous, _STATUS.get(letter[0], "changed"), shown))
        else:
            added, removed, path = token.split("\t", 2)
            if not path:  # a rename: the two names follow
                path = tokens[place + 1]
                place += 2
            binary = added == "-"
            counts[path] = (0 if binary else int(added), 0 if binary else int(removed), binary)
    changes = []
    for index, (path, previous, status, sha) in enumerate(listed):
        added_lines, removed_lines, binary = counts.get(path, (0, 0, True))
        patch = patches[index] if index < len(patches) else ""
        start = re.search(r"(?m)^@@", patch)
        shown_patch = None if binary or not start else patch[start.start() :].rstrip("\n")
        changes.append(
            FileChange(path, previous, status, sha, added_lines, removed_lines, shown_patch)
        )
    return tuple(changes)


def signed_part(raw: bytes) -> Signed | None:
    """The signature of a raw commit and the bytes that it signs; None where there is none."""
    head, empty, text = raw.partition(b"\n\n")
    found = _SIGNED.search(head + b"\n")
    if found is None:
        return None
    rest = (head + b"\n").replace(found[0], b"", 1).removesuffix(b"\n")
    return found[1].replace(b"\n ", b"\n").decode("ascii", "replace"), rest + empty + text
