"""Edits of one text: exactly where they say, or not at all.

Promises: a text that is missing or not unique comes back as an error that shows the places, or the
nearest lines, made to be sent back to the model; line ends stay those of the file. Pure: never
reads or writes a file.
"""

from __future__ import annotations

import difflib
from pathlib import PurePosixPath

SIMILAR_LINES = 6_000  # beyond this many lines, a search for similar ones costs too much
SHOWN_LINES = 40
LARGEST = 400_000  # characters of a file that is written


class EditError(Exception):
    """An edit that cannot be made; the message is for the model.

    `kind`: bad_path | not_allowed | missing_file | not_text | exists | not_found | not_unique |
    no_change | bad_text | too_large.
    """

    def __init__(self, kind: str, path: str, message: str) -> None:
        super().__init__(f"{path[:200]}: {message}")
        self.kind, self.path = kind, path


def repository_path(path: str) -> str | None:
    """The path in its normal form, or None if it leaves the repository or enters `.git`."""
    parts = PurePosixPath(path.strip()).parts
    hostile = not parts or parts[0] == "/" or ".." in parts or "\\" in path or "\0" in path
    if hostile or any(part.lower() == ".git" for part in parts) or "\n" in path:
        return None
    return str(PurePosixPath(*parts))


def storable(path: str, text: str) -> str:
    """The same text if a file can hold it; EditError."""
    if len(text) > LARGEST:
        raise EditError("too_large", path, f"{len(text)} characters; at most {LARGEST}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise EditError("bad_text", path, "the text is not valid Unicode") from error
    if "\0" in text:
        raise EditError("bad_text", path, "the text holds a NUL character")
    return text


def replaced(path: str, before: str, old: str, new: str) -> str:
    """`before` with its only `old` replaced by `new`; EditError where it is not the only one."""
    if not old:
        raise EditError("not_found", path, "the text to replace is empty; `insert` adds lines")
    old, new = _ends_of(before, old), _ends_of(before, new)
    if old == new:
        raise EditError("no_change", path, "the old and the new text are the same")
    found = before.count(old)
    if found == 1:
        return before.replace(old, new)
    if found > 1:
        raise EditError("not_unique", path, _places(before, old, found))
    raise EditError("not_found", path, _nearest(before, old))


def inserted(path: str, before: str, line: int, text: str) -> str:
    """`before` with `text` as lines of its own after line `line` (0: first, -1: last)."""
    lines = before.splitlines(keepends=True)
    line = len(lines) if line == -1 else line
    if not 0 <= line <= len(lines):
        raise EditError("not_found", path, f"the file has {len(lines)} lines, not {line}")
    if not text:
        raise EditError("no_change", path, "there is nothing to insert")
    end = "\r\n" if "\r\n" in before else "\n"
    text = _ends_of(before, text)
    at_the_end = line == len(lines)
    if line and not lines[line - 1].endswith(("\n", "\r")):
        lines[line - 1] += end  # the last line of a file without a final line end
    if not text.endswith(("\n", "\r")) and not (at_the_end and before and before[-1] not in "\r\n"):
        text += end
    return "".join([*lines[:line], text, *lines[line:]])


def _ends_of(before: str, text: str) -> str:
    """Models speak \\n; a file that is \\r\\n throughout keeps its own ends."""
    if "\r\n" in before and "\r\n" not in text:
        return text.replace("\n", "\r\n")
    return text


def _places(before: str, old: str, found: int) -> str:
    lines, at = [], before.find(old)
    while at >= 0 and len(lines) < 8:
        lines.append(str(before.count("\n", 0, at) + 1))
        at = before.find(old, at + len(old))
    more = " ..." if found > len(lines) else ""
    return (
        f"the text occurs {found} times, beginning at lines {', '.join(lines)}{more}; "
        "include more of the lines around the place that is meant"
    )


def _nearest(before: str, old: str) -> str:
    """The lines of the file that look most like the text that was not found."""
    lines, wanted = before.splitlines(), old.splitlines()
    if not lines or not wanted or len(lines) > SIMILAR_LINES:
        return "the text to replace does not occur in the file"
    width = min(len(wanted), len(lines), SHOWN_LINES)
    place = _alike(lines, "\n".join(wanted[:width]), width)
    if place is None:
        return "the text to replace does not occur in the file, nor anything close to it"
    shown = "\n".join(lines[place : place + width])
    return (
        f"the text to replace does not occur; did you mean lines {place + 1}-{place + width}, "
        f"which are to the letter:\n{shown}"
    )


def _alike(lines: list[str], target: str, width: int) -> int | None:
    """Where the `width` lines begin that are most like `target`; None: nowhere."""
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(target[:4_000])
    best, place = 0.5, None
    for start in range(len(lines) - width + 1):
        matcher.set_seq1("\n".join(lines[start : start + width])[:4_000])
        if matcher.real_quick_ratio() <= best or matcher.quick_ratio() <= best:
            continue
        if (ratio := matcher.ratio()) > best:
            best, place = ratio, start
    return place
