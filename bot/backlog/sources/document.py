"""A document as bytes: its text whatever its encoding, and the bounds of what is read (B4).

Promises: never raises for what somebody wrote; a byte-order mark, UTF-16 and the usual 8-bit
encoding are read; what is too large is refused, not cut in the middle of an entry.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath

from bot.backlog.entry import Sightings
from bot.backlog.reading import Reading

LARGEST = 16 * 1024 * 1024
MOST_ENTRIES = 20_000

_PLAN = re.compile(
    r"(?:^|[-_. ])(?:backlog|to-?dos?|roadmap|tasks|items|ideas|workitems)(?:[-_. ]|$)"
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Document:
    """A file of a repository. `place`: its path there, with `/`; `repository`: its full name.

    `earlier`: former states of the same report, the oldest first, where a source compares.
    """

    place: str
    data: bytes
    repository: str = ""
    earlier: tuple[Document, ...] = ()

    @property
    def name(self) -> str:
        """The file's name in lower case."""
        return PurePosixPath(self.place).name.casefold()

    @property
    def ending(self) -> str:
        """`.md`, `.json` …, in lower case."""
        return PurePosixPath(self.name).suffix

    @property
    def is_named_plan(self) -> bool:
        """Whether its name says that it lists things to do: BACKLOG.md, todo.yml …"""
        return bool(_PLAN.search(self.name))

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def decoded(self) -> tuple[str, str]:
        """The text without a byte-order mark, and what was wrong with its encoding."""
        for mark, encoding in _MARKS:
            if self.data.startswith(mark):
                rest = self.data[len(mark) :]
                return rest.decode(encoding, "replace"), ""
        try:
            return self.data.decode(), ""
        except UnicodeDecodeError:
            return self.data.decode("cp1252", "replace"), "not UTF-8; read as Windows-1252"

    @cached_property
    def text(self) -> str:
        """The text, with one kind of line end."""
        return self.decoded[0].replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def head(self) -> str:
        """The beginning, by which a kind is recognised."""
        return self.text[:8000]


def reader(source: str, entries: Callable[[Document, Sightings], None]) -> Callable[..., Reading]:
    """A `read` for a source whose `entries` adds what it finds to the sightings."""

    def read(document: Document) -> Reading:
        told = Sightings(source, document.place, document.repository)
        if len(document.data) > LARGEST:
            told.fault(0, f"larger than {LARGEST // 1024 // 1024} MB")
            return told.reading(document.digest, complete=False)
        if problem := document.decoded[1]:
            told.fault(0, problem, loses=False)
        entries(document, told)
        last = document.text.rstrip().count("\n") + 1  # some parsers count one line too many
        told.faults = [replace(one, line=min(one.line, last)) for one in told.faults]
        if len(told.found) > MOST_ENTRIES:
            told.fault(told.found[MOST_ENTRIES].line, f"more than {MOST_ENTRIES} entries")
            del told.found[MOST_ENTRIES:]
        return told.reading(document.digest)

    return read
