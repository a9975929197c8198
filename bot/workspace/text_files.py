"""The files of one commit as text, read when asked for.

Promises: what is no text, or too large, is not there; one process of git reads many files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from bot.workspace.mirror import Mirror

LISTED = 2000  # paths of a tree that a model is shown
READ_AHEAD = 256  # files read by one process of git
LARGEST = 2_000_000  # bytes of a file that is read as text


def _decoded(content: bytes | None) -> str | None:
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        return None


@dataclass
class Files:
    """The files of one commit, read when asked for."""

    mirror: Mirror
    sha: str
    _read: dict[str, str | None] = field(default_factory=dict, repr=False)

    @cached_property
    def paths(self) -> list[str]:
        """Regular files, in git's order."""
        return [e.path for e in self.mirror.ls(self.sha) if e.mode in ("100644", "100755")]

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(self.paths)

    def text(self, path: str) -> str | None:
        """A file's text; None where it is not there, is too large, or is no UTF-8.

        A process a file would cost more than reading: its neighbours are read with it.
        """
        if path not in self.known:
            return None
        if path not in self._read:
            at = self.paths.index(path)
            ahead = self.paths[at : at + READ_AHEAD]
            found = self.mirror.read_many(self.sha, ahead, limit=LARGEST)
            self._read.update({p: _decoded(found.get(p)) for p in ahead})
        return self._read[path]

    def listing(self) -> list[str]:
        return self.paths[:LISTED]
