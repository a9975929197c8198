"""The files of a commit with edits on top of them, in memory.

Promises: an edit either is made whole or changes nothing; what it may touch is asked first; the
same edits give the same files. Never: writes through a symbolic link, turns a folder into a file,
or touches the repository.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from bot.agent.edits import EditError, inserted, replaced, repository_path, storable
from bot.workspace.paths import PathRefused, checked
from bot.workspace.text_files import Files

May = Callable[[str], str]  # a path -> why it may not be changed; '' where it may
Keeps = Callable[[str, str | None], str]  # a path and its new text -> why not; '' where it may be


class Overlay:
    """`may`: asked before each edit with the path in its normal form; `keeps`: asked with what the
    edit would make of the file, too.
    """

    def __init__(
        self,
        files: Files,
        may: May = lambda path: "",
        keeps: Keeps = lambda path, text: "",
    ) -> None:
        self.files, self._may, self._keeps = files, may, keeps
        self._now: dict[str, str | None] = {}

    @cached_property
    def _all(self) -> dict[str, str]:
        """Every path of the commit with its mode: links and submodules too."""
        return {entry.path: entry.mode for entry in self.files.mirror.ls(self.files.sha)}

    @property
    def paths(self) -> list[str]:
        """Regular files as they are now, in git's order."""
        made = [p for p, text in self._now.items() if text is not None]
        gone = {p for p, text in self._now.items() if text is None}
        return sorted((self.files.known | set(made)) - gone)

    def has(self, path: str) -> bool:
        return self._now[path] is not None if path in self._now else path in self.files.known

    def text(self, path: str) -> str | None:
        """A file's text as it is now; None where it is not there, or is no text (`has` says)."""
        return self._now[path] if path in self._now else self.files.text(path)

    @property
    def changes(self) -> Mapping[str, bytes | None]:
        """Path to content (None: deleted) of what differs from the commit, by path."""
        return {
            path: None if text is None else text.encode()
            for path, text in sorted(self._now.items())
            if text != self.files.text(path) or (text is None) != (path not in self.files.known)
        }

    def create(self, path: str, content: str, overwrite: bool = False) -> str:
        path = self._path(path)
        if self.has(path) and not overwrite:
            raise EditError("exists", path, "is there already; `overwrite` replaces the whole file")
        if self.has(path) and self.text(path) == content:
            raise EditError("no_change", path, "that is its content already")
        if not self.has(path):
            self._refuse_detour(path)
        return self._set(path, content)

    def str_replace(self, path: str, old: str, new: str) -> str:
        path, before = self._existing(path)
        return self._set(path, replaced(path, before, old, new))

    def insert(self, path: str, line: int, text: str) -> str:
        path, before = self._existing(path)
        return self._set(path, inserted(path, before, line, text))

    def delete(self, path: str) -> str:
        path = self._path(path)
        if not self.has(path):
            raise EditError("missing_file", path, self._not_there(path))
        if path in self.files.known:
            self._set(path, None)
        else:
            del self._now[path]
        return path

    def _set(self, path: str, text: str | None) -> str:
        if why := self._keeps(path, text):
            raise EditError("not_allowed", path, why)
        self._now[path] = None if text is None else storable(path, text)
        return path

    def _existing(self, path: str) -> tuple[str, str]:
        path = self._path(path)
        text = self.text(path)
        if text is None:
            known = self.has(path)
            why = "is binary or too large to edit" if known else self._not_there(path)
            raise EditError("not_text" if known else "missing_file", path, why)
        return path, text

    def _path(self, path: str) -> str:
        plain = repository_path(path)
        try:
            plain = checked(plain) if plain else None
        except PathRefused:
            plain = None
        if plain is None:
            raise EditError("bad_path", path, "not a path inside the repository")
        if why := self._may(plain):
            raise EditError("not_allowed", plain, why)
        return plain

    def _refuse_detour(self, path: str) -> None:
        """A new file must not be, or lie below, something that is no folder."""
        mode = self._all.get(path)
        if mode is not None and path not in self.files.known:
            raise EditError("bad_path", path, "is a symbolic link or a submodule")
        parts = path.split("/")
        for n in range(1, len(parts)):
            above = "/".join(parts[:n])
            if self.has(above) or (above in self._all and above not in self.files.known):
                raise EditError("bad_path", path, f"{above} is no folder")
        if any(other.startswith(f"{path}/") for other in self.paths):
            raise EditError("bad_path", path, "is a folder")

    def _not_there(self, path: str) -> str:
        return self.nearest(path) or "there is no such file"

    def nearest(self, path: str) -> str:
        """`there is no such file; did you mean …`, where something has the same last name."""
        name = path.rsplit("/", 1)[-1].lower()
        alike = [p for p in self.paths if p.rsplit("/", 1)[-1].lower() == name][:5]
        return f"there is no such file; did you mean {', '.join(alike)}?" if alike else ""
