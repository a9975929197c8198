"""Which files of a repository are its configuration, and reading them together (W6, P2).

Promises: a file that somebody may believe to be in force, and that is not read (another spelling of
its name, a symbolic link, a second one), is a problem and not ignored. Pure. Never: follows a link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.configuration import reader, scope_file
from bot.configuration.problems import Problem, Unreadable
from bot.configuration.schema import RepositoryConfig
from bot.configuration.scope_file import ScopeFile

TOWPATH = (".github/towpath.yml", ".github/towpath.yaml")
SCOPE = (".automation-scope.yaml", ".automation-scope.yml")
_NAMES = {name.casefold(): family for family in (TOWPATH, SCOPE) for name in family}
_FILES = frozenset({"100644", "100755"})


@dataclass(frozen=True)
class Entry:
    """An entry of a tree: path from the root, git's mode, and the object's id."""

    path: str
    mode: str
    sha: str


@dataclass(frozen=True)
class Told:
    """What the files say. `scope` None: there is no scope file."""

    config: RepositoryConfig
    scope: ScopeFile | None = None


def is_configuration(path: str) -> bool:
    """Whether a path is one of the files, in whatever spelling."""
    return path.casefold() in _NAMES


def found(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries that are configuration, or look like it; sorted by path."""
    return tuple(sorted((e for e in entries if is_configuration(e.path)), key=lambda e: e.path))


def read(entries: Sequence[Entry], content: Callable[[Entry], bytes]) -> Told:
    """All files together. Raises `Unreadable` with the problems of each."""
    problems = [problem for entry in entries if (problem := _odd(entry))]
    for family in (TOWPATH, SCOPE):
        same = [entry for entry in entries if _NAMES[entry.path.casefold()] is family]
        if len(same) > 1:
            message = f"there is {same[0].path} as well: keep one of them"
            problems.append(_at(same[-1].path, message))
    if problems:
        raise Unreadable(tuple(problems))
    config, scope = RepositoryConfig(), None
    for entry in entries:
        try:
            if entry.path in TOWPATH:
                config = reader.read(content(entry), entry.path)
            else:
                scope = scope_file.read(content(entry), entry.path)
        except Unreadable as unreadable:
            problems += unreadable.problems
    if problems:
        raise Unreadable(tuple(problems))
    return Told(config, scope)


def _odd(entry: Entry) -> Problem | None:
    family = _NAMES[entry.path.casefold()]
    if entry.path not in family:
        return _at(entry.path, f"this name is not read: call it {family[0]}")
    if entry.mode == "120000":
        return _at(entry.path, "a symbolic link is not followed: put the file itself here")
    if entry.mode not in _FILES:
        return _at(entry.path, "this is no file")
    return None


def _at(path: str, message: str) -> Problem:
    return Problem(path=path, line=1, column=1, message=message)
