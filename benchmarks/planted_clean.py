"""New modules without a fault, as a careful author would propose them, and a story for one.

Promises: typed, documented, formatted, tested to the last line. The code here is text.
"""

from __future__ import annotations

from dataclasses import dataclass

STORY = """# Say what is in the middle

As a keeper of a lock I want the middle of a list of numbers, so that one slow boat does not count.

## Acceptance criteria
- The median of an odd count of numbers is the one in the middle
- The median of no numbers is refused
"""


@dataclass(frozen=True)
class Healthy:
    """`test`: `{module}` is the import path of `code`. `breaks`: text of `code`, made wrong."""

    name: str
    code: str
    test: str
    breaks: tuple[str, str] = ("", "")


_HEAD = "from __future__ import annotations\n"

HEALTHY = (
    Healthy(
        "medians",
        f'''"""Medians of small lists."""

{_HEAD}

def median(numbers: list[float]) -> float:
    """Return the middle of `numbers`; ValueError for none."""
    if not numbers:
        raise ValueError("no numbers")
    ordered = sorted(numbers)
    return ordered[len(ordered) // 2]
''',
        """import pytest

from {module} import median


def test_the_median_of_an_odd_count_of_numbers_is_the_one_in_the_middle():
    assert median([3.0, 1.0, 2.0]) == 2.0


def test_the_median_of_no_numbers_is_refused():
    with pytest.raises(ValueError):
        median([])
""",
        ("len(ordered) // 2]", "len(ordered) // 2 - 1]"),
    ),
    Healthy(
        "spans",
        f'''"""Spans of whole numbers."""

{_HEAD}
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """From `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many numbers it holds."""
        return max(0, self.last - self.first + 1)

    def holds(self, number: int) -> bool:
        """Is `number` inside?"""
        return self.first <= number <= self.last
''',
        """from {module} import Span


def test_a_span_counts_both_ends():
    assert Span(2, 4).length == 3
    assert Span(4, 2).length == 0


def test_a_span_holds_its_ends():
    assert Span(2, 4).holds(4)
    assert not Span(2, 4).holds(5)
""",
    ),
    Healthy(
        "wordlists",
        f'''"""Words kept in files."""

{_HEAD}
from pathlib import Path


def read_words(path: Path) -> list[str]:
    """Return the words of a file, one a line, without comments."""
    with path.open(encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    return [line for line in lines if line and not line.startswith("#")]
''',
        """from {module} import read_words


def test_comments_and_empty_lines_are_no_words(tmp_path):
    path = tmp_path / "words"
    path.write_text("# names\\n\\nann\\nbob\\n")
    assert read_words(path) == ["ann", "bob"]
""",
    ),
    Healthy(
        "ledger",
        f'''"""Entries kept in a database."""

{_HEAD}
import sqlite3


def entries_of(connection: sqlite3.Connection, name: str) -> list[tuple[str, int]]:
    """Return name and amount of the entries of `name`."""
    query = "SELECT name, amount FROM entries WHERE name = ?"
    return connection.execute(query, (name,)).fetchall()
''',
        """import sqlite3
from contextlib import closing

from {module} import entries_of


def test_entries_of_somebody_are_found():
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE entries (name TEXT, amount INTEGER)")
        connection.execute("INSERT INTO entries VALUES ('ann', 3)")
        assert entries_of(connection, "ann") == [("ann", 3)]
        assert entries_of(connection, "ann' OR '1'='1") == []
""",
    ),
    Healthy(
        "interpreters",
        f'''"""Answers of other processes."""

{_HEAD}
import subprocess
import sys


def version_of_python() -> str:
    """Return the version that a new interpreter says."""
    command = [sys.executable, "--version"]
    told = subprocess.check_output(command, text=True, timeout=30)
    return told.strip()
''',
        """from {module} import version_of_python


def test_an_interpreter_says_its_version():
    assert version_of_python().startswith("Python 3")
""",
    ),
    Healthy(
        "digests",
        f'''"""Digests and keys."""

{_HEAD}
import hashlib
import secrets


def digest(content: bytes) -> str:
    """Return a digest that names `content`."""
    return hashlib.sha256(content).hexdigest()


def new_key() -> str:
    """Return a key that nobody can guess."""
    return secrets.token_urlsafe(24)
''',
        """from {module} import digest, new_key


def test_equal_contents_have_equal_digests():
    assert digest(b"a") == digest(b"a")
    assert digest(b"a") != digest(b"b")


def test_keys_differ():
    assert new_key() != new_key()
""",
    ),
    Healthy(
        "numbers_in_text",
        f'''"""Numbers in texts."""

{_HEAD}
import re

_NUMBER = re.compile(r"[0-9]+")


def first_number(text: str) -> int | None:
    """Return the first number in `text`, None without one."""
    found = _NUMBER.search(text)
    return int(found.group()) if found else None
''',
        """from {module} import first_number


def test_the_first_number_is_found():
    assert first_number("lock 12, gate 3") == 12


def test_a_text_without_numbers_has_none():
    assert first_number("lock") is None
""",
    ),
    Healthy(
        "counters",
        f'''"""Counting from several threads."""

{_HEAD}
import threading


class Counter:
    """Counts; may be shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = 0

    def add(self, number: int = 1) -> int:
        """Add `number`; the new total."""
        with self._lock:
            self._total += number
            return self._total
''',
        """from {module} import Counter


def test_a_counter_adds_up():
    counter = Counter()
    counter.add()
    assert counter.add(2) == 3
""",
    ),
    Healthy(
        "pauses",
        f'''"""Waiting without blocking."""

{_HEAD}
import asyncio


async def gather_names(names: list[str]) -> list[str]:
    """Return `names` in capitals, all asked at once."""
    return list(await asyncio.gather(*(_capital(name) for name in names)))


async def _capital(name: str) -> str:
    await asyncio.sleep(0)
    return name.upper()
''',
        """import asyncio

from {module} import gather_names


def test_names_come_in_order():
    assert asyncio.run(gather_names(["ann", "bob"])) == ["ANN", "BOB"]
""",
    ),
    Healthy(
        "folders",
        f'''"""Files below a folder."""

{_HEAD}
from pathlib import Path


def inside(folder: Path, name: str) -> Path:
    """Return the path of `name` in `folder`; ValueError for one that leaves it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{{name!r}} is not inside")
    return path


def read_inside(folder: Path, name: str) -> str:
    """Return the text of `name` in `folder`."""
    return inside(folder, name).read_text(encoding="utf-8")
''',
        """import pytest

from {module} import read_inside


def test_a_file_inside_is_read(tmp_path):
    (tmp_path / "a").write_text("x")
    assert read_inside(tmp_path, "a") == "x"


def test_a_file_outside_is_refused(tmp_path):
    with pytest.raises(ValueError):
        read_inside(tmp_path, "../a")
""",
    ),
)
