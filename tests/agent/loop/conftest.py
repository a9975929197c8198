"""A repository in a mirror, with a file of every kind that edits meet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.agent.overlay import Overlay
from bot.workspace.git import git
from bot.workspace.mirror import Mirror, Person
from bot.workspace.text_files import Files

AUTHOR = Person("bot", "bot@example.org")
AT = datetime(2026, 1, 1, tzinfo=UTC)
FILES = {
    "src/shop.py": (
        b"def total(prices):\n    return sum(prices)\n\n\ndef count(prices):\n    return 1\n"
    ),
    "windows.txt": b"one\r\ntwo\r\nthree\r\n",
    "bare.txt": b"no end of line",
    "empty.py": b"",
    "logo.png": b"\x89PNG\r\n\x00\x01\xff",
    "deep/er/a.txt": b"a\n",
    "twice.py": b"x = 1\ny = 2\nx = 1\n",
}


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror.open(tmp_path / "mirrors", "acme/shop")


@pytest.fixture
def base(mirror: Mirror) -> str:
    """The commit of FILES, with a symbolic link beside them."""
    sha = mirror.commit_files(None, FILES, "base", AUTHOR, AT)
    blob = git(mirror.path, "hash-object", "-w", "--stdin", stdin=b"src/shop.py").decode().strip()
    listed = git(mirror.path, "ls-tree", sha).decode() + f"120000 blob {blob}\tlink.py\n"
    tree = git(mirror.path, "mktree", stdin=listed.encode()).decode().strip()
    return mirror.commit_tree(sha, tree, "a link", AUTHOR, AT)


@pytest.fixture
def overlay(mirror: Mirror, base: str) -> Overlay:
    return Overlay(Files(mirror, base))


@pytest.fixture
def overlay_with(mirror: Mirror, base: str) -> Callable[[Callable[[str], str]], Overlay]:
    return lambda may: Overlay(Files(mirror, base), may)
