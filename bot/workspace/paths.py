"""Which paths may be written into a repository.

Promises: a path that passes stays inside the tree on every system that may check it out, and is
never git's own (`.git` in any spelling that Linux, macOS or Windows takes for it).
Never: touches a file system.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 1024  # bytes


class PathRefused(ValueError):
    """A path that must not be written. `path`, `why`."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path!r}: {why}")
        self.path, self.why = path, why


def checked(path: str) -> str:
    """The same path if it may be written; PathRefused otherwise."""
    if not path or len(path.encode("utf-8", "surrogateescape")) > LONGEST:
        raise PathRefused(path, "empty or too long")
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in path):
        raise PathRefused(path, "control characters or not UTF-8")
    if path.startswith("/") or "\\" in path or re.match(r"[A-Za-z]:", path):
        raise PathRefused(path, "not a relative path with forward slashes")
    for part in path.split("/"):
        if part in {"", ".", ".."}:
            raise PathRefused(path, "empty, '.' or '..' component")
        if is_git_directory(part):
            raise PathRefused(path, "belongs to git")
    return path


def is_git_directory(name: str) -> bool:
    """`.git`, or a name that a case-folding, HFS+ or NTFS file system takes for it."""
    visible = "".join(c for c in name if unicodedata.category(c) != "Cf")
    plain = visible.split(":", 1)[0].rstrip(". ").casefold()
    return plain in {".git", "git~1"}
