"""All marks of a folder or of a commit.

Promises: git itself looks through all files for the words, and only files that have one are read,
while it goes on looking; a symbolic link, a submodule and what git ignores is no file; two readings
of the same files are equal. Never: writes, runs what a repository names, or leaves the folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from bot.backlog.todo.found import PREFILTER, Todo, todos_of
from bot.backlog.todo.passed_over import FOLDERS, LARGEST, attributes, is_passed_over
from bot.workspace.git import GitFailed, parts, run

Snapshot = dict[str, tuple[Todo, ...]]  # by path; a path without a mark is not in it

GREP = ("grep", "-l", "-z", "-I", "--no-color")
OUT = tuple(f":(exclude,glob)**/{name}/**" for name in FOLDERS)
MAGIC = {"GIT_LITERAL_PATHSPECS": "0", "GIT_CEILING_DIRECTORIES": "/"}
SIMPLE = "TODO|FIXME|HACK|XXX|BUG|[Tt]odo|[Ff]ixme|[Hh]ack|[Xx]xx|[Bb]ug"  # where git has no PCRE
TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder to look through. `top`, `git_dir`: of the work tree that it is or is a part of."""

    path: Path
    top: Path
    git_dir: Path | None

    @classmethod
    def of(cls, path: Path) -> Folder:
        """A folder that its repository ignores is a folder without one."""
        path = path.resolve()
        found = _work_tree(path)
        if found is None:
            return cls(path, path, None)
        top, git_dir = found
        if top != path:
            name = path.relative_to(top).as_posix() + "/"
            status, _ = run(
                git_dir, "check-ignore", "-q", "--", name, work_tree=top, env=MAGIC, ok=(0, 1, 128)
            )
            if status == 0:
                return cls(path, path, None)
        return cls(path, top, git_dir)

    @property
    def prefix(self) -> str:
        """What paths from the top begin with, where the folder is not the top."""
        return "" if self.path == self.top else self.path.relative_to(self.top).as_posix() + "/"


def _work_tree(folder: Path) -> tuple[Path, Path] | None:
    for top in (folder, *folder.parents):
        found = top / ".git"
        if found.is_dir() and (found / "HEAD").is_file():
            return top, found
        if found.is_file():  # a linked work tree or a submodule
            told = found.read_text("utf-8", "replace").strip().removeprefix("gitdir:").strip()
            there = (top / told).resolve()
            return (top, there) if told and there.is_dir() else None
    return None


def scan_folder(folder: Folder) -> Snapshot:
    """The files of a folder as they are now, by their path in the folder. Raises GitFailed."""
    said = attributes(lambda place: _bytes(folder.path, place))
    found: dict[str, tuple[Todo, ...]] = {}
    for name in _names(folder):
        passed = said(name)
        if passed is True or (passed is None and is_passed_over(name)):
            continue
        data = _bytes(folder.path, name)
        if data is not None and (todos := todos_of(name, data)):
            found[name] = todos
    return dict(sorted(found.items()))


def _names(folder: Folder) -> Iterator[str]:
    """Files with one of the words, while git goes on looking."""
    how = ("--untracked", "--exclude-standard") if folder.git_dir else ("--no-index",)
    where = f":(top,literal){folder.prefix}" if folder.prefix else "."
    for name in with_words(folder.git_dir or Path(os.devnull), how, where, folder.top):
        yield name.removeprefix(folder.prefix)


def with_words(
    git_dir: Path, how: Sequence[str], where: str, work_tree: Path | None = None
) -> Iterator[str]:
    """What git calls the files that have one of the words. Raises GitFailed."""
    for dialect, pattern in (("-P", PREFILTER), ("-E", SIMPLE)):
        asked = (*GREP, dialect, "-e", pattern, *how, "--", where, *OUT)
        said = parts(
            git_dir, *asked, work_tree=work_tree, env=MAGIC, timeout=TIMEOUT_S, ok=(0, 1)
        )  # fmt: skip
        try:
            for name in said:
                yield name.decode("utf-8", "surrogateescape")
            return
        except GitFailed as failed:
            if failed.status != 128 or dialect == "-E":
                raise


def _bytes(folder: Path, name: str) -> bytes | None:
    try:
        opened = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # gone, a link, or not ours to read
        return None
    try:
        about = os.fstat(opened)
        fits = S_ISREG(about.st_mode) and about.st_size <= LARGEST
        return os.read(opened, about.st_size) if fits else None
    except OSError:
        return None
    finally:
        os.close(opened)


def listed(snapshot: Snapshot) -> Iterator[Todo]:
    """All marks by path and line."""
    for path in sorted(snapshot):
        yield from snapshot[path]
