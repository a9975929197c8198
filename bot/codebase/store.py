"""Facts of blobs on disk: one SQLite file for all repositories, branches and worktrees (C1, C3).

Promises: safe for several processes; every row carries a checksum of its content and is thrown
away when it does not fit; a file that SQLite refuses, or that another version of the readers
wrote, is made anew. Losing it costs time and nothing else. Never: answers from a damaged row.
"""

from __future__ import annotations

import fcntl
import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from bot.codebase import rows
from bot.codebase.facts import FileFacts

SCHEMA = 1
FILE_NAME = "codebase.db"
_BUSY_MS = 10_000
_TABLES = """
create table if not exists facts (
  blob text not null, language text not null,
  outline blob not null, links blob not null, uses blob not null, checksum integer not null,
  primary key (blob, language)
) without rowid;
create table if not exists vectors (
  key text primary key, vector blob not null, checksum integer not null
) without rowid;
create table if not exists about (name text primary key, value text not null) without rowid;
"""
Key = tuple[str, str]  # (blob id, language)
T = TypeVar("T")


@dataclass
class Rates:
    """How often an answer was there (M11)."""

    hits: int = 0
    misses: int = 0
    damaged: int = 0

    @property
    def rate(self) -> float:
        """Share of hits, 0 when nothing was asked."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0


@cache
def readers_version() -> str:
    """A digest of the code that makes facts: other code, other facts."""
    here = Path(__file__).parent
    digest = hashlib.blake2b(str(SCHEMA).encode(), digest_size=16)
    for path in [here / "facts.py", here / "rows.py", *sorted((here / "languages").glob("*.py"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class Store:
    """The cache in `folder`, which is made if missing. One per thread."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.rates = Rates()
        self.vector_rates = Rates()
        folder.mkdir(parents=True, exist_ok=True)
        self._db = self._open()

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- facts ----------------------------------------------------------------------------------

    def known(self, keys: Iterable[Key]) -> set[Key]:
        """Which of these have a row (its checksum is looked at when it is read)."""
        wanted = set(keys)
        found = {
            key
            for key in self._ask(lambda db: _rows(db, "blob, language", wanted))
            if key in wanted
        }
        self.rates.hits += len(found)
        self.rates.misses += len(wanted) - len(found)
        return found

    def read(
        self, keys: Iterable[Key], *, uses: bool = True, prose: bool = True
    ) -> Iterator[tuple[Key, FileFacts]]:
        """Facts of those that are there and whole, in no order; damaged rows are dropped.

        Without `uses`, `references` stays empty and is not decoded; without `prose`, definitions
        have no signature and no docstring.
        """
        columns = "blob, language, outline, links, uses, checksum"
        damaged: list[Key] = []
        asked = set(keys)
        wanted = sorted(asked)
        for at in range(0, len(wanted), 400):
            part = wanted[at : at + 400]
            for blob, language, outline, links, used, checksum in self._ask(
                lambda db, part=part: _rows(db, columns, part)  # type: ignore[misc]
            ):
                key = (blob, language)
                if key not in asked:
                    continue
                if checksum != _checksum(blob, language, outline, links, used):
                    damaged.append(key)
                    continue
                yield key, rows.decoded(outline, links, used if uses else b"{}", prose=prose)
        if damaged:
            self.rates.damaged += len(damaged)
            self._write("delete from facts where blob=? and language=?", damaged)

    def write(self, facts: Iterable[tuple[Key, FileFacts]]) -> None:
        """Keep facts, in one transaction."""
        new = []
        for (blob, language), one in facts:
            parts = rows.encoded(one)
            new.append((blob, language, *parts, _checksum(blob, language, *parts)))
        self._write("insert or replace into facts values (?,?,?,?,?,?)", new)

    # -- vectors --------------------------------------------------------------------------------

    def vectors(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Vectors (packed by the adapter that made them) of those keys that are there."""
        found = {}
        for at in range(0, len(keys), 400):
            part = keys[at : at + 400]
            marks = ",".join("?" * len(part))
            query = f"select key, vector, checksum from vectors where key in ({marks})"  # noqa: S608
            for key, vector, checksum in self._ask(
                lambda db, q=query, p=part: db.execute(q, p).fetchall()  # type: ignore[misc]
            ):
                if checksum == _checksum(key, vector):
                    found[key] = vector
        self.vector_rates.hits += len(found)
        self.vector_rates.misses += len(set(keys)) - len(found)
        return found

    def keep_vectors(self, vectors: Iterable[tuple[str, bytes]]) -> None:
        rows = [(key, vector, _checksum(key, vector)) for key, vector in vectors]
        self._write("insert or replace into vectors values (?,?,?)", rows)

    # -- the file -------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        with self._alone():
            try:
                return self._checked(self._connect())
            except sqlite3.DatabaseError as problem:
                if isinstance(problem, sqlite3.OperationalError) and "locked" in str(problem):
                    raise
                self._remove()
                return self._checked(self._connect())

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, timeout=_BUSY_MS / 1000)
        try:
            db.execute("pragma journal_mode=wal")
            db.execute("pragma synchronous=normal")
            db.execute(f"pragma busy_timeout={_BUSY_MS}")
            db.execute("pragma cache_size=-1024")
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _checked(self, db: sqlite3.Connection) -> sqlite3.Connection:
        try:
            db.executescript(_TABLES)
            said = dict(db.execute("select name, value from about"))
            if said.get("readers") != readers_version():
                db.execute("begin immediate")
                db.execute("drop table facts")
                db.execute("drop table vectors")
                db.execute("commit")
                db.executescript(_TABLES)
                db.execute(
                    "insert or replace into about values ('readers', ?)", (readers_version(),)
                )
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm", "-journal"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """An answer; a damaged file is replaced by an empty one and asked again."""
        try:
            return question(self._db)
        except sqlite3.OperationalError as problem:
            if "no such table" not in str(problem):
                raise
            self._start_over()
        except sqlite3.DatabaseError:
            self._start_over()
        return question(self._db)

    def _write(self, statement: str, rows: Sequence[Any]) -> None:
        if not rows:
            return

        def change(db: sqlite3.Connection) -> None:
            db.execute("begin immediate")
            try:
                db.executemany(statement, rows)
                db.execute("commit")
            except BaseException:
                if db.in_transaction:
                    db.execute("rollback")
                raise

        self._ask(change)

    def _start_over(self) -> None:
        self._db.close()
        self.rates.damaged += 1
        with self._alone():
            self._remove()
        self._db = self._open()


def _rows(db: sqlite3.Connection, columns: str, keys: Iterable[Key]) -> list[Any]:
    wanted = sorted({blob for blob, _ in keys})
    found: list[Any] = []
    for at in range(0, len(wanted), 400):
        part = wanted[at : at + 400]
        marks = ",".join("?" * len(part))
        query = f"select {columns} from facts where blob in ({marks})"  # noqa: S608
        found += db.execute(query, part)
    return found


def _checksum(*parts: str | bytes) -> int:
    total = 0
    for part in parts:
        total = zlib.crc32(part.encode() if isinstance(part, str) else part, total)
        total = zlib.crc32(b"\0", total)
    return total
