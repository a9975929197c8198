"""Where a snapshot's bytes come from: the objects of a git repository, or a folder (C1).

Promises: symbolic links and submodules are not files and what is read at once is
a few dozen of them. Never: writes, follows a link, or runs anything that a repository names.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.workspace.git import GitFailed, git
from bot.workspace.object_reader import Objects, objects_of

READABLE = 10_000_000  # bytes; what is larger is not read as text by anyone
_REGULAR = (b"100644", b"100755")
_SKIPPED = {
    ".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", "node_modules", "__pycache__",
    ".mypy_cache", ".ruff_cache", ".pytest_cache",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A regular file: its path from the top, the id of its blob, its size in bytes."""

    path: str
    blob: str
    size: int


class Blobs(Protocol):
    """What a snapshot needs to know of its place."""

    def listed(self) -> list[Listed]:
        """Every regular file, sorted by path."""
        ...

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes]]:
        """The bytes of files, in the order given; those that are too large are left out."""
        ...


class NoSuchRevision(LookupError):
    """The repository has no commit of that name."""


@dataclass(frozen=True)
class CommitBlobs:
    """The files of one commit. `git_dir`: of a bare repository or a work tree."""

    git_dir: Path
    commit: str
    objects: Objects = field(repr=False, compare=False)

    @classmethod
    def of(cls, git_dir: Path, revision: str, objects: Objects | None = None) -> CommitBlobs:
        """Raises NoSuchRevision, GitFailed. `objects`: of the same repository, used further."""
        objects = objects or objects_of(git_dir)
        try:
            found = next(objects.about([f"{revision}^{{commit}}"]))
        except ValueError:
            found = None
        if found is None:
            raise NoSuchRevision(f"no such revision: {revision[:100]}")
        return cls(git_dir, found.id, objects)

    def listed(self) -> list[Listed]:
        (tree,) = self.objects.about([f"{self.commit}^{{tree}}"])
        if tree is None:
            raise GitFailed("cat-file", 0, f"the repository has lost {self.commit}")
        found = []
        for line in self.objects.listed(tree.id):
            about, name = line.split(b"\t", 1)
            mode, _kind, sha, size = about.split()
            if mode in _REGULAR:
                path = name.decode("utf-8", "surrogateescape")
                found.append(Listed(path, sha.decode(), int(size)))
        return sorted(found, key=lambda one: one.path)

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes]]:
        wanted = [one for one in files if one.size <= READABLE]
        answers = self.objects.read(one.blob for one in wanted)
        for one, found in zip(wanted, answers, strict=True):
            if found is None:
                raise GitFailed("cat-file", 0, f"the repository has lost {one.blob}")
            yield one, found[2]

    def changed_since(self, other: str) -> list[tuple[str, Listed | None]]:
        """(path, file or None when it is gone) of what differs from another commit, by path."""
        how = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", other, self.commit)
        parts = git(self.git_dir, *how).split(b"\0")[:-1]
        changes: list[tuple[str, bytes | None]] = []
        for about, name in zip(parts[::2], parts[1::2], strict=True):
            _, mode, _, sha, _ = about.split()
            changes.append(
                (name.decode("utf-8", "surrogateescape"), sha if mode in _REGULAR else None)
            )
        blobs = [sha.decode() for _, sha in changes if sha]
        sizes = {one.id: one.size for one in self.objects.about(blobs) if one is not None}
        return [
            (path, Listed(path, sha.decode(), sizes[sha.decode()]) if sha else None)
            for path, sha in changes
        ]

    def pushed(self, paths: Iterable[str]) -> list[tuple[str, Listed | None, bytes]]:
        """Like `changed_since` for paths that a push names, with their bytes, in one question.

        A symbolic link cannot be told from a file here; one to a source is read as its target's
        name, which defines nothing.
        """
        wanted = [path for path in sorted(set(paths)) if "\n" not in path]
        answers = self.objects.read(f"{self.commit}:{path}" for path in wanted)
        found: list[tuple[str, Listed | None, bytes]] = []
        for path, answer in zip(wanted, answers, strict=True):
            if answer is None or answer[1] != "blob":
                found.append((path, None, b""))
            else:
                found.append((path, Listed(path, answer[0], len(answer[2])), answer[2]))
        return found


@dataclass(frozen=True)
class FolderBlobs:
    """The files of a folder as they are now; in a work tree, those that git does not ignore."""

    folder: Path

    def listed(self) -> list[Listed]:
        found = []
        for path in sorted(self._paths()):
            where = self.folder / path
            if where.is_symlink() or not where.is_file():
                continue
            try:
                size = where.stat().st_size
                blob = blob_id(where.read_bytes()) if size <= READABLE else f"large-{size}-{path}"
            except OSError:
                continue  # gone or unreadable since it was listed: not a file of this snapshot
            found.append(Listed(path, blob, size))
        return found

    def _paths(self) -> Iterator[str]:
        git_dir = git_dir_of(self.folder)
        if git_dir is not None and (self.folder / ".git").exists():
            how = ("ls-files", "--cached", "--others", "--exclude-standard", "-z")
            out = git(git_dir, *how, work_tree=self.folder)
            yield from {part.decode("utf-8", "surrogateescape") for part in out.split(b"\0")[:-1]}
            return
        for here, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if name not in _SKIPPED)
            base = os.path.relpath(here, self.folder)
            for name in names:
                yield name if base == "." else f"{base}/{name}"

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes]]:
        for one in files:
            if one.size <= READABLE:
                try:
                    yield one, (self.folder / one.path).read_bytes()
                except OSError:
                    continue


def blob_id(data: bytes) -> str:
    """The id that git gives a blob of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def git_dir_of(path: Path) -> Path | None:
    """The git directory of a bare repository, a work tree or a folder inside one; None for none."""
    path = path.resolve()
    if (path / "HEAD").is_file() and (path / "objects").is_dir():
        return path
    for folder in (path, *path.parents):
        inside = folder / ".git"
        if inside.is_dir():
            return inside
        if inside.is_file():
            text = inside.read_text(errors="replace").strip()
            if text.startswith("gitdir:"):
                return (folder / text.removeprefix("gitdir:").strip()).resolve()
    return None
