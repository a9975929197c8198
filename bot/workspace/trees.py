"""A tree with some files changed, made from the few folders that change and nothing else.

Promises: one read and two writes whatever the size of the repository, with no index and no
checkout; the same changes on the same tree give the same id; git checks the form of what is stored.
Never: writes through a symbolic link or a submodule, or turns a file into a folder.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.workspace.git import git
from bot.workspace.paths import PathRefused, checked

SYMLINK, GITLINK, _FOLDER, _FILE = b"120000", b"160000", b"40000", b"100644"
_ENTRY = re.compile(rb"(\d+) ([^\0]+)\0(.{20})", re.S)


@dataclass
class _Folder:
    """One tree object on its way: name → (mode, binary id), and the folders in it that change."""

    entries: dict[bytes, tuple[bytes, bytes]]
    changing: dict[bytes, _Folder] = field(default_factory=dict)


def tree_with(
    repository: Path, base: str | None, changes: Mapping[str, bytes | None]
) -> tuple[str, str | None]:
    """(the id of the tree, the id of the one it came from).

    `base`: a commit, a tree or None; `changes`: path → content, or None to remove. Raises
    PathRefused, and GitFailed when there is no `base`.
    """
    names = sorted(checked(name) for name in changes)
    original, folders = _read(repository, base, names)
    for name in names:
        _refuse_detours(folders, name, removing=changes[name] is None)
    contents = [content for name in names if (content := changes[name]) is not None]
    written = iter(_store(repository, "blob", contents))
    for name in names:
        *path, last = name.encode().split(b"/")
        folder = folders[b""]
        for depth, part in enumerate(path, 1):
            here = b"/".join(path[:depth])
            folder = folder.changing.setdefault(part, folders.setdefault(here, _Folder({})))
        if changes[name] is None:
            del folder.entries[last]
        else:
            mode = folder.entries.get(last, (_FILE, b""))[0]
            folder.entries[last] = (mode, bytes.fromhex(next(written)))
    made: list[bytes] = []
    top = _close(folders[b""], made)
    _store(repository, "tree", made)
    return top.hex(), original


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
    asked = "".join([f"{base}^{{tree}}\n", *(f"{base}:{path}\n" for path in paths)])
    out = git(repository, "cat-file", "--batch", stdin=asked.encode())
    folders, original, at = {}, None, 0
    for path in ["", *paths]:
        end = out.index(b"\n", at)
        header = re.fullmatch(rb"([0-9a-f]{40}) (\w+) (\d+)", out[at:end])
        at = end + 1
        if header is None:
            if path == "":
                raise LookupError("no such revision")
            continue
        size = int(header[3])
        if header[2] == b"tree":
            found = {m[2]: (m[1], m[3]) for m in _ENTRY.finditer(out[at : at + size])}
            folders[path.encode()] = _Folder(found)
        at += size + 1
        original = original or header[1].decode()
    return original, folders


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


def _close(folder: _Folder, made: list[bytes]) -> bytes:
    """The id of a folder, its children's content before its own in `made`; empty ones vanish."""
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
    made.append(content)
    return hashlib.sha1(b"tree %d\0" % len(content) + content, usedforsecurity=False).digest()


def _store(repository: Path, kind: str, contents: Sequence[bytes]) -> list[str]:
    """The ids of `contents`, stored as objects of `kind` by one process."""
    if not contents:
        return []
    with tempfile.TemporaryDirectory(prefix="objects-", dir=repository) as private:
        files = [Path(private, str(number)) for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        asked = "".join(f"{file}\n" for file in files).encode()
        how = ("hash-object", "-w", "-t", kind, "--no-filters", "--stdin-paths")
        return git(repository, *how, stdin=asked).decode().split()
