"""A tree with some files changed, made from the few folders that change and nothing else.

Promises: one read whatever the size of the repository, with no index and no checkout; the same
changes on the same tree give the same id. Nothing is stored: the caller does that, at once.
Never: writes through a symbolic link or a submodule, or turns a file into a folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.workspace.object_reader import objects_of
from bot.workspace.objects import Object
from bot.workspace.paths import PathRefused, checked

SYMLINK, GITLINK, _FOLDER, _FILE = b"120000", b"160000", b"40000", b"100644"
_ENTRY = re.compile(rb"(\d+) ([^\0]+)\0(.{20})", re.S)


@dataclass
class _Folder:
    """One tree object on its way: name → (mode, binary id), and the folders in it that change."""

    entries: dict[bytes, tuple[bytes, bytes]]
    changing: dict[bytes, _Folder] = field(default_factory=dict)


@dataclass(frozen=True)
class Changed:
    """`tree`: its id; `original`: that of the tree it came from; `objects`: to be stored."""

    tree: str
    original: str | None
    objects: list[Object]


def tree_with(repository: Path, base: str | None, changes: Mapping[str, bytes | None]) -> Changed:
    """`base`: a commit, a tree or None; `changes`: path → content, or None to remove.

    Raises PathRefused, and LookupError when there is no `base`.
    """
    names = sorted(checked(name) for name in changes)
    original, folders = _read(repository, base, names)
    for name in names:
        _refuse_detours(folders, name, removing=changes[name] is None)
    made: list[Object] = []
    for name in names:
        *path, last = name.encode().split(b"/")
        folder = folders[b""]
        for depth, part in enumerate(path, 1):
            here = b"/".join(path[:depth])
            folder = folder.changing.setdefault(part, folders.setdefault(here, _Folder({})))
        content = changes[name]
        if content is None:
            del folder.entries[last]
        else:
            made.append(Object("blob", content))
            mode = folder.entries.get(last, (_FILE, b""))[0]
            folder.entries[last] = (mode, made[-1].id)
    return Changed(_close(folders[b""], made).hex(), original, made)


def _read(
    repository: Path, base: str | None, names: Sequence[str]
) -> tuple[str | None, dict[bytes, _Folder]]:
    """Every folder on the way to `names` that exists in `base`, by path."""
    if base is None:
        return None, {b"": _Folder({})}
    if re.search(r"\s", base):
        raise LookupError("no such revision")
    parents = {name.rsplit("/", n)[0] for name in names for n in range(1, name.count("/") + 1)}
    paths = sorted(parents)
    asked = [f"{base}^{{tree}}", *(f"{base}:{path}" for path in paths)]
    root, *below = objects_of(repository).read(asked)
    if root is None:
        raise LookupError("no such revision")
    folders = {
        path.encode(): _Folder({m[2]: (m[1], m[3]) for m in _ENTRY.finditer(found[2])})
        for path, found in zip(["", *paths], [root, *below], strict=True)
        if found is not None and found[1] == "tree"
    }
    return root[0], folders


def _refuse_detours(folders: Mapping[bytes, _Folder], name: str, *, removing: bool) -> None:
    path = b""
    *parts, last = name.encode().split(b"/")
    for part in parts:
        mode = folders[path].entries.get(part, (None,))[0] if path in folders else None
        if mode not in {None, _FOLDER}:
            raise PathRefused(name, f"passes through {part.decode()!r}, which is no folder")
        path = path + b"/" + part if path else part
    mode = folders[path].entries.get(last, (None,))[0] if path in folders else None
    if mode in {SYMLINK, GITLINK, _FOLDER}:
        raise PathRefused(name, "is a symbolic link, a submodule or a folder")
    if mode is None and removing:
        raise PathRefused(name, "cannot be removed: it is not there")


def _close(folder: _Folder, made: list[Object]) -> bytes:
    """The id of a folder, its children before itself in `made`; empty ones vanish."""
    for name, inner in folder.changing.items():
        if name in folder.entries and folder.entries[name][0] != _FOLDER:
            raise PathRefused(name.decode(), "is a file and a folder in one change")
        sha = _close(inner, made)
        if inner.entries:
            folder.entries[name] = (_FOLDER, sha)
        else:
            folder.entries.pop(name, None)
    in_order = sorted(
        folder.entries.items(), key=lambda e: e[0] + (b"/" if e[1][0] == _FOLDER else b"")
    )
    content = b"".join(mode + b" " + name + b"\0" + sha for name, (mode, sha) in in_order)
    made.append(Object("tree", content))
    return made[-1].id
