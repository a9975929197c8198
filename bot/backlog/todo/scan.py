"""All marks of a folder or of a commit.

Promises: git itself looks through all files for the words, and only files that have one are read; a
symbolic link, a submodule and what git ignores is no file; two readings of the same files are
equal. Never: writes, runs what a repository names, or leaves the folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from stat import S_ISREG

from bot.backlog.todo.found import PREFILTER, Todo, todos_of
from bot.backlog.todo.passed_over import FOLDERS, LARGEST, attributes, is_passed_over
from bot.workspace.git import GitFailed, run

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
    names = _names(folder)
    said = attributes(_attribute_files(folder.path, names))
    return _snapshot(
        (name, data)
        for name in names
        if (passed := said(name)) is not True
        and (passed is False or not is_passed_over(name))
        and (data := _bytes(folder.path, name)) is not None
    )


def _names(folder: Folder) -> list[str]:
    """Files with one of the words, sorted."""
    how = ("--untracked", "--exclude-standard") if folder.git_dir else ("--no-index",)
    where = f":(top,literal){folder.prefix}" if folder.prefix else "."
    for dialect, pattern in (("-P", PREFILTER), ("-E", SIMPLE)):
        status, out = run(
            folder.git_dir or Path(os.devnull),
            *GREP, *how, dialect, "-e", pattern, "--", where, *OUT,
            work_tree=folder.top, env=MAGIC, timeout=TIMEOUT_S, ok=(0, 1, 128),
        )  # fmt: skip
        if status != 128:
            names = out.decode("utf-8", "surrogateescape").split("\0")
            return sorted(name.removeprefix(folder.prefix) for name in names if name)
    raise GitFailed("grep", 128, "git cannot look through this folder")


def _bytes(folder: Path, name: str) -> bytes | None:
    path = os.path.join(folder, name)
    try:
        about = os.lstat(path)
        if not S_ISREG(about.st_mode) or about.st_size > LARGEST:
            return None
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # gone, or not ours to read
        return None


def _attribute_files(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The `.gitattributes` of every folder on the way to one of the files."""
    folders = {str(above) for name in names for above in PurePosixPath(name).parents}
    places = (".gitattributes" if one == "." else f"{one}/.gitattributes" for one in folders)
    return {place: data for place in places if (data := _bytes(folder, place))}


def _snapshot(files: Iterable[tuple[str, bytes]]) -> Snapshot:
    return {path: found for path, data in files if (found := todos_of(path, data))}


def listed(snapshot: Snapshot) -> Iterator[Todo]:
    """All marks by path and line."""
    for path in sorted(snapshot):
        yield from snapshot[path]
