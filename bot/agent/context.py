"""Whole files for a text, of a repository that is known by its paths and a way to read them.

Promises: the same repository and text give the same files in the same order, byte for byte, on any
machine; the budget is kept. Never shows what looks binary, generated or secret. What has a commit
is better served by `bot.stages.shown`, which also shows parts of files and keeps its index.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.codebase.given import GivenSnapshot
from bot.codebase.project import SECRET, Project
from bot.codebase.store import Store

MAX_FILE = 60_000  # characters a file may have to be shown whole
MAX_INDEXED = 4_000  # files whose contents are compared
LARGEST = 600_000  # characters of a file that is compared


def select(
    paths: Iterable[str], read: Callable[[str], str | None], text: str, budget_chars: int
) -> dict[str, str]:
    """Whole files for a text, the best first, as many as the budget (characters) holds.

    A file that is too big is passed over for the next.
    """
    wanted = sorted({path for path in paths if not SECRET.search(path)})[:MAX_INDEXED]
    found = ((path, read(path)) for path in wanted)
    texts = {path: body for path, body in found if body and _is_text(body)}
    with tempfile.TemporaryDirectory() as cache, Store(Path(cache)) as store:
        project = Project(GivenSnapshot.of_texts(texts, store))
        order = [one.path for one in project.found(text)]
    files: dict[str, str] = {}
    left = budget_chars
    for path in order:
        if len(texts[path]) <= min(left, MAX_FILE):
            files[path] = texts[path]
            left -= len(texts[path])
    return files


def _is_text(body: str) -> bool:
    return "\0" not in body[:8_000] and len(body) <= LARGEST
