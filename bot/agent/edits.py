"""Turning a model's edits into whole files.

Promises: an edit is applied exactly where it says or not at all; a text that is missing or not
unique comes back as an error that shows the nearest lines, made to be sent back to the model.
Never writes a file and never touches a path outside the repository.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bot.story.vocabulary import FileChange

if TYPE_CHECKING:
    from bot.agent.schemas import Edit

Read = Callable[[str], str | None]

SIMILAR_LINES = 6_000  # beyond this many lines, a search for similar ones costs too much


class EditError(Exception):
    """One edit that cannot be applied. `kind`: bad_path | missing_file | exists | not_found |
    not_unique | no_change | incomplete. The message is for the model."""

    def __init__(self, kind: str, path: str, index: int, message: str) -> None:
        super().__init__(f"edit {index + 1} ({path}): {message}")
        self.kind = kind
        self.path = path
        self.index = index


def repository_path(path: str) -> str | None:
    """The path in its normal form, or None if it leaves the repository or enters `.git`."""
    parts = PurePosixPath(path.strip()).parts
    hostile = not parts or parts[0] == "/" or ".." in parts or "\\" in path or "\0" in path
    if hostile or any(part.lower() == ".git" for part in parts) or "\n" in path:
        return None
    return str(PurePosixPath(*parts))


def apply_edits(read: Read, edits: Iterable[Edit]) -> tuple[FileChange, ...]:
    """All edits in order on top of what `read` gives; raises `EditError` at the first that fails.

    Later edits see the earlier ones. A file that ends as it began is left out of the result.
    """
    now: dict[str, str | None] = {}
    for index, edit in enumerate(edits):
        path = repository_path(edit.path)
        if path is None:
            raise EditError("bad_path", edit.path, index, "not a path inside the repository")
        before = now[path] if path in now else read(path)
        now[path] = _apply_one(index, path, before, edit)
    return tuple(
        FileChange(path=path, content=content)
        for path, content in now.items()
        if content != read(path)
    )


def _apply_one(index: int, path: str, before: str | None, edit: Edit) -> str | None:
    if edit.kind == "write":
        if edit.content is None:
            raise EditError("incomplete", path, index, "`write` needs `content`")
        return edit.content
    if before is None:
        raise EditError("missing_file", path, index, f"there is no such file to {edit.kind}")
    if edit.kind == "delete":
        return None
    if not edit.search or edit.replace is None:
        raise EditError("incomplete", path, index, "`replace` needs `search` and `replace`")
    return _replace(index, path, before, edit.search, edit.replace)


def _replace(index: int, path: str, before: str, search: str, replace: str) -> str:
    if "\r\n" in before and "\r\n" not in search:  # models speak \n; the file keeps its own ends
        search, replace = search.replace("\n", "\r\n"), replace.replace("\n", "\r\n")
    found = before.count(search)
    if found == 1:
        return before.replace(search, replace)
    if found > 1:
        lines = [
            number
            for number, line in enumerate(before.splitlines(), 1)
            if search.splitlines()[0] in line
        ]
        raise EditError(
            "not_unique",
            path,
            index,
            f"the search text occurs {found} times (near lines {lines[:8]}); "
            "include more of the lines around the place that is meant",
        )
    raise EditError("not_found", path, index, _nearest(before, search))


def _nearest(before: str, search: str) -> str:
    """The lines of the file that look most like the text that was not found."""
    lines, wanted = before.splitlines(), search.splitlines()
    if not lines or len(lines) > SIMILAR_LINES:
        return "the search text does not occur in the file"
    width = min(len(wanted), len(lines))
    target = "\n".join(wanted[:width])
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(target)
    best, place = 0.0, 0
    for start in range(len(lines) - width + 1):
        matcher.set_seq1("\n".join(lines[start : start + width]))
        if matcher.real_quick_ratio() <= best or matcher.quick_ratio() <= best:
            continue
        if (ratio := matcher.ratio()) > best:
            best, place = ratio, start
    if best < 0.5:
        return "the search text does not occur in the file, nor anything close to it"
    shown = "\n".join(lines[place : place + width][:40])
    return (
        f"the search text does not occur; did you mean lines {place + 1}-{place + width}:\n{shown}"
    )
