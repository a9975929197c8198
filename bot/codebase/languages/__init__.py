"""Which language a file is in, and its facts (C2).

Promises: `facts` returns for any bytes within seconds; a broken file gives what parses. Never:
raises because of a file's content.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import Protocol

from bot.codebase.facts import NOTHING, FileFacts
from bot.codebase.languages.apart import Apart

LARGEST = 1_500_000  # bytes; what is larger was written by a program
_LONGEST_LINE = 20_000  # bytes in a line of a file that a person wrote

_LARGE = 64_000  # bytes; a file made to be slow may be, up to here

_BY_SUFFIX = {
    "py": "python", "pyi": "python", "pyw": "python",
    "ts": "typescript", "mts": "typescript", "cts": "typescript", "tsx": "tsx",
    "js": "javascript", "mjs": "javascript", "cjs": "javascript", "jsx": "javascript",
    "go": "go", "rs": "rust", "java": "java",
    "c": "c", "h": "c", "cc": "cpp", "cpp": "cpp", "cxx": "cpp", "hpp": "cpp", "hh": "cpp",
    "hxx": "cpp", "inl": "cpp", "ipp": "cpp",
}  # fmt: skip
_MODULES = {
    "python": "python", "typescript": "javascript", "tsx": "javascript",
    "javascript": "javascript", "go": "go", "rust": "rust", "java": "java", "c": "c", "cpp": "c",
}  # fmt: skip
_GENERATED = re.compile(r"\.min\.[cm]?js$|\.bundle\.js$|\.pb\.go$|_pb2(?:_grpc)?\.pyi?$")
_CPLUSPLUS = re.compile(rb"\n\s*(?:class|namespace|template|using)\b|\bpublic:|::")


class Language(Protocol):
    """What a module of this package offers."""

    def facts(self, blob: bytes, language: str) -> FileFacts: ...

    def words(self, blob: bytes, language: str) -> Iterator[re.Match[bytes]]:
        """Matches in order of place; group 1 is an identifier in code."""
        ...


def language_of(path: str) -> str | None:
    """The language that a path's name says (`python`, `typescript`, `tsx`, …), or None."""
    name = PurePosixPath(path).name
    if _GENERATED.search(name):
        return None
    return _BY_SUFFIX.get(name.rpartition(".")[2].lower()) if "." in name else None


def facts(path: str, blob: bytes) -> FileFacts:
    """The facts of a file's bytes; nothing for binary, huge, minified or unknown ones."""
    language = language_of(path)
    return facts_of(language, blob) if language else NOTHING


def facts_of(language: str, blob: bytes) -> FileFacts:
    """The facts of bytes in a language that `language_of` gave."""
    if len(blob) > LARGEST or b"\0" in blob[:8_000] or not blob.strip():
        return NOTHING
    if len(blob) > _LONGEST_LINE and len(blob) > _LONGEST_LINE * (1 + blob.count(b"\n")):
        return NOTHING
    if len(blob) > _LARGE:
        return _apart().facts(language, blob)
    return read(language, blob)


def read(language: str, blob: bytes) -> FileFacts:
    """The same without bounds; for a file that is not large, seconds at most."""
    if language == "c" and _CPLUSPLUS.search(blob):
        language = "cpp"  # a header says by its content which of the two it is
    return _reader(_MODULES[language]).facts(blob, language)


@cache
def _apart() -> Apart:
    return Apart()


@cache
def _reader(module: str) -> Language:
    """Loaded when first needed: a grammar costs memory."""
    loaded: Language = importlib.import_module(f"{__name__}.{module}")
    return loaded


def lines_with(language: str, blob: bytes, names: Collection[str]) -> list[int]:
    """The lines on which code (no string, no comment) holds any of `names`, sorted."""
    wanted = {name.encode() for name in names}
    if not any(name in blob for name in wanted):
        return []
    found = []
    line, at = 1, 0
    for match in _reader(_MODULES[language]).words(blob, language):
        if match[1] in wanted:
            line += blob.count(b"\n", at, match.start())
            at = match.start()
            found.append(line)
    return sorted(set(found))
