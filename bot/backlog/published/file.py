"""The file `backlog.yml` of a repository: what it holds, and how it is known again (B14).

Promises: the same items give the same bytes; a file that is read again says by its mark which
writing of ours it began as. Of a backlog too long for a file the first items, the rest counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.backlog.export import exported
from bot.backlog.item import Item
from bot.story.vocabulary import digest

LONGEST = 800_000  # bytes: GitHub tells no file of more than a megabyte
_LEAST = 100  # bytes of an entry beside its words
_MARK = re.compile(r"^#[^\n]*\(towpath:([0-9a-f]{24})\)", re.MULTILINE)
_REST = re.compile(r"^# and (\d+) more", re.MULTILINE)


def file_of(items: Sequence[Item], head: str, more: int = 0) -> tuple[str, str]:
    """The text of the file, and its mark. `head`: words for people; `more`: items left out."""
    kept = _as_many_as_fit(items)
    text = exported(kept, "yaml")
    while len(text.encode()) > LONGEST:
        kept = kept[: len(kept) * 9 // 10]
        text = exported(kept, "yaml")
    left = more + len(items) - len(kept)
    mark = digest([text, left])[:24]
    lines = [f"# {line}".rstrip() for line in head.split("\n")]
    lines[0] += f" (towpath:{mark})"
    lines += [f"# and {left} more items"] if left else []
    return "\n".join([*lines, text]), mark


def _as_many_as_fit(items: Sequence[Item]) -> list[Item]:
    """By a low guess of their sizes: writing out sixty megabytes to drop them takes a minute."""
    room, kept = LONGEST, []
    for one in items:
        room -= len(one.title) + len(one.body) + _LEAST
        if room < 0:
            break
        kept.append(one)
    return kept


def mark_of(text: str) -> str:
    """Which writing of ours a text began as; '' where it is no file of ours."""
    found = _MARK.search(text[:2000])
    return found[1] if found else ""


def is_cut(text: str) -> bool:
    """Whether a writing of ours left items out."""
    return bool(_REST.search(text[:4000]))
