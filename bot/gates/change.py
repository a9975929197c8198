"""A change to judge: two commits of a mirror, which files differ, and which lines are new.

Promises: a file that only moved has no new line; contents are read once and bounded; the same two
trees give the same change. Never: reads a work tree, or runs anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from bot.codebase.roles import Role, role_of
from bot.workspace.git import git
from bot.workspace.mirror import Mirror
from bot.workspace.reading import GITLINK, SYMLINK

LARGEST_TEXT = 2_000_000  # bytes of a file that is read as text
# No attributes: a change cannot call its own code binary, which would leave it without new lines.
PLAIN = {"GIT_ATTR_SOURCE": "4b825dc642cb6eb9a060e54bf8d69288fbee4904"}
_HUNK = re.compile(rb"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True)
class FileChange:
    """One file that differs. `was`: its path at the base, None for a new file.

    `status`: A added, D deleted, M modified, R renamed, T another type. `new_lines`: from 1.
    """

    path: str
    status: str
    was: str | None
    new_lines: frozenset[int] = frozenset()
    binary: bool = False
    mode: str = "100644"
    blob: str = ""

    @property
    def role(self) -> Role:
        return role_of(self.path)


@dataclass(frozen=True)
class Criterion:
    """One acceptance criterion: `id` such as C1, `text` as people wrote it."""

    id: str
    text: str


@dataclass
class Change:
    """`base`, `head`: commits of `mirror`. `history`: the commits between, oldest first.

    `criteria`, `story`: what was asked for, empty where nobody said. `notes`: for people.
    """

    mirror: Mirror
    base: str
    head: str
    history: tuple[str, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    story: str = ""
    notes: tuple[str, ...] = ()
    _texts: dict[tuple[str, str], str | None] = field(default_factory=dict, repr=False)

    @cached_property
    def files(self) -> dict[str, FileChange]:
        """Every file that differs, by path (at the head, or at the base where it was deleted)."""
        return {one.path: one for one in _differences(self.mirror, self.base, self.head)}

    @cached_property
    def kept(self) -> dict[str, FileChange]:
        """Those that are regular files at the head."""
        return {
            path: one
            for path, one in self.files.items()
            if one.status != "D" and one.mode not in (SYMLINK, GITLINK)
        }

    def of(self, *suffixes: str) -> list[FileChange]:
        """Regular files at the head whose names end so."""
        return [one for path, one in self.kept.items() if path.endswith(suffixes)]

    def head_text(self, path: str) -> str | None:
        """The text of a file at the head; None where there is none, or no text."""
        return self.text_at(self.head, path)

    def base_text(self, path: str) -> str | None:
        """The text at the base of a path at the head, whatever it was called there."""
        one = self.files.get(path)
        was = one.was if one else path
        return self.text_at(self.base, was) if was else None

    def load(self) -> None:
        """Read both sides of every changed file at once."""
        kept = [one for one in self.files.values() if not one.binary]
        for commit, paths in (
            (self.head, [one.path for one in kept if one.status != "D"]),
            (self.base, [one.was for one in kept if one.was]),
        ):
            missing = [path for path in paths if (commit, path) not in self._texts]
            found = self.mirror.read_many(commit, _plain(missing), limit=LARGEST_TEXT)
            for path in missing:
                self._texts[commit, path] = _decoded(found.get(path))

    def text_at(self, commit: str, path: str) -> str | None:
        """The text of a file of either commit, by its path there."""
        if (commit, path) not in self._texts:
            found = self.mirror.read_many(commit, _plain([path]), limit=LARGEST_TEXT)
            self._texts[commit, path] = _decoded(found.get(path))
        return self._texts[commit, path]

    @cached_property
    def head_names(self) -> frozenset[str]:
        return frozenset(entry.path for entry in self.mirror.ls(self.head))

    @cached_property
    def base_names(self) -> frozenset[str]:
        return frozenset(entry.path for entry in self.mirror.ls(self.base))


def _plain(paths: list[str]) -> list[str]:
    """Names that can be asked for by line."""
    return [path for path in paths if path.isprintable()]


def _decoded(content: bytes | None) -> str | None:
    if content is None or b"\0" in content[:8000]:
        return None
    return content.decode("utf-8", "replace")


def _differences(mirror: Mirror, base: str, head: str) -> list[FileChange]:
    trees = (mirror.tree_of(base), mirror.tree_of(head))
    how = ("diff-tree", "-r", "-M", "--no-ext-diff", "--no-textconv", "--no-color")
    raw = git(mirror.path, *how, "--raw", "-z", "--full-index", "--abbrev=40", *trees, env=PLAIN)
    fields = raw.decode("utf-8", "surrogateescape").split("\0")[:-1]
    listed: list[tuple[str, str | None, str, str, str]] = []
    at = 0
    while at < len(fields):
        _, new_mode, _, blob, kind = fields[at].lstrip(":").split()
        first = fields[at + 1]
        if kind[0] in "RC":
            listed.append(("R", first, fields[at + 2], new_mode, blob))
            at += 3
            continue
        listed.append((kind[0], None if kind[0] == "A" else first, first, new_mode, blob))
        at += 2
    lines = _new_lines(git(mirror.path, *how, "-p", "-U0", "--src-prefix=a/", *trees, env=PLAIN))
    found, section = [], 0
    for status, was, path, mode, blob in listed:
        section += status == "T"  # shown as a deletion, then as an addition
        new, binary = lines[section] if section < len(lines) else (frozenset(), False)
        found.append(FileChange(path, status, was, new, binary, mode, blob))
        section += 1
    return found


def _new_lines(patch: bytes) -> list[tuple[frozenset[int], bool]]:
    """For each section of a patch, in its order: the new lines, and whether it is binary."""
    sections: list[tuple[set[int], list[bool]]] = []
    for line in patch.split(b"\n"):
        if line.startswith(b"diff --git "):
            sections.append((set(), [False]))
        elif line.startswith(b"@@ ") and sections and (hunk := _HUNK.match(line)):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            sections[-1][0].update(range(start, start + count))
        elif line.startswith(b"Binary files ") and sections:
            sections[-1][1][0] = True
    return [(frozenset(new), binary[0]) for new, binary in sections]
