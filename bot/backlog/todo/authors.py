"""Who wrote the line of a mark, and when: git's blame.

Promises: one process a file, two at a time; a line that is not committed, or of which git knows
nothing, has no author. Never: runs a text converter of the repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.backlog.todo.found import decoded
from bot.workspace.git import GitFailed, run

_TIMEOUT_S = 60
_HEADER = re.compile(rb"^([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?$")


@dataclass(frozen=True, slots=True)
class Author:
    """Of one line. `at`: when it was written."""

    name: str
    at: datetime
    sha: str


def authors_of(
    folder: Path, git_dir: Path, lines: Mapping[str, Iterable[int]], revision: str | None = None
) -> dict[tuple[str, int], Author]:
    """By (path, line). `revision`: the commit whose lines these are; None: the files as they are.

    `folder`: the work tree; for a bare repository any folder, with a `revision`.
    """

    def asked(path: str) -> dict[tuple[str, int], Author]:
        return _of_file(folder, git_dir, path, sorted(set(lines[path])), revision)

    found: dict[tuple[str, int], Author] = {}
    with ThreadPoolExecutor(2) as pool:
        for some in pool.map(asked, sorted(lines)):
            found |= some
    return found


def _of_file(
    folder: Path, git_dir: Path, path: str, lines: list[int], revision: str | None
) -> dict[tuple[str, int], Author]:
    spans = [part for line in lines for part in ("-L", f"{line},{line}")]
    where = [revision] if revision else []
    try:
        status, out = run(
            git_dir, "blame", "--porcelain", "--no-textconv", *spans, *where, "--", path,
            work_tree=None if revision else folder, timeout=_TIMEOUT_S, ok=(0, 128),
        )  # fmt: skip
    except GitFailed:
        return {}
    return _read(path, out) if status == 0 else {}


def _read(path: str, out: bytes) -> dict[tuple[str, int], Author]:
    commits: dict[bytes, dict[bytes, bytes]] = {}
    found: dict[tuple[str, int], Author] = {}
    sha, number = b"", 0
    for row in out.split(b"\n"):
        if row.startswith(b"\t"):
            told = commits.get(sha, {})
            if sha.decode().strip("0") and b"author" in told:
                at = datetime.fromtimestamp(int(told.get(b"author-time", b"0")), UTC)
                found[path, number] = Author(decoded(told[b"author"]), at, sha.decode())
        elif header := _HEADER.match(row):
            sha, number = header[1], int(header[2])
            commits.setdefault(sha, {})
        else:
            key, _, value = row.partition(b" ")
            commits.get(sha, {})[key] = value
    return found
