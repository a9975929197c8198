"""git objects made here and stored by git, several in one process.

Promises: the id of an object is known before it is stored; storing again changes nothing.
Never: writes into a repository's folders itself.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.workspace.git import git

_CODES = {"commit": 1, "tree": 2, "blob": 3}


@dataclass(frozen=True)
class Object:
    """A commit, a tree or a file's content."""

    kind: Literal["commit", "tree", "blob"]
    content: bytes

    @property
    def id(self) -> bytes:
        """Its 20 bytes; `.hex()` is what people see."""
        header = b"%s %d\0" % (self.kind.encode(), len(self.content))
        return hashlib.sha1(header + self.content, usedforsecurity=False).digest()


def store(repository: Path, objects: Sequence[Object]) -> None:
    """Store all of them; GitFailed."""
    if objects:
        git(repository, "unpack-objects", "-q", stdin=_pack(objects), timeout=300)


def _pack(objects: Sequence[Object]) -> bytes:
    """The objects as a pack without deltas (gitformat-pack, version 2)."""
    parts = [b"PACK", struct.pack(">II", 2, len(objects))]
    for one in objects:
        size = len(one.content)
        head = [_CODES[one.kind] << 4 | size & 0x0F]
        size >>= 4
        while size:
            head[-1] |= 0x80
            head.append(size & 0x7F)
            size >>= 7
        parts += [bytes(head), zlib.compress(one.content, 1)]
    body = b"".join(parts)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()
