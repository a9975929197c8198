"""The marks of one file, with where they stand and what they are known by.

Promises: the same bytes under the same path give the same answer, whatever else the repository
holds; lines count from 1. Never: raises on any bytes.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from bot.backlog.todo.comments import comments
from bot.backlog.todo.languages import language_of
from bot.backlog.todo.markers import marks
from bot.backlog.todo.passed_over import is_generated

# Every file with a mark has one of these; git looks for them.
PREFILTER = (
    r"\b(?:TODO|FIXME|HACK|XXX|BUG)\b"
    r"|(?:[Tt]odo|[Ff]ixme)(?:(?:[(\[].{0,240}?[)\]])?(?:\s?:|\s--?\s)|\W*$)|(?:[Hh]ack|xxx):|[Tt]odo,|[Ff]ixme,?\s"
    r"|[@\\](?i:todo|fixme|hack|xxx|bug)\b"
)
_LARGE = (b"TODO", b"XXX", b"FIXME", b"HACK", b"BUG")
_MAY_HAVE = re.compile(PREFILTER.encode(), re.M)
_IGNORED = re.compile(rb"towpath:\s*ignore-file\b", re.I)
_WORDS = re.compile(r"[^\W_]+")
_BLANKS = b" \t"


@dataclass(frozen=True, slots=True)
class Todo:
    """A mark in a file. `symbol`: the definition around it, "" where none is known.

    `digest` is of kind and words, so that a move, a new indentation or other punctuation leaves it.
    """

    path: str
    line: int
    end_line: int
    kind: str
    text: str
    title: str
    owner: str
    reference: str
    symbol: str
    language: str
    digest: str = field(default="", compare=False)


def may_have(data: bytes) -> bool:
    """Whether it is worth reading; the same question that git is asked for a whole tree."""
    large = data.upper()  # plain searches take a tenth of the time of one for several words
    for word in _LARGE:
        at = large.find(word)
        while at >= 0:
            end = large.find(b"\n", at)
            end = len(data) if end < 0 else end
            if _MAY_HAVE.search(data, max(0, at - 1), end):
                return True
            at = large.find(word, end)
    return False


def language_in(path: str, data: bytes) -> str | None:
    """The language of a file's comments, by its name or its first line."""
    return language_of(path, data[:100].split(b"\n", 1)[0])


def todos_of(path: str, data: bytes) -> tuple[Todo, ...]:
    """The marks of a file, in order of place; () for binary, generated and other unfit ones."""
    language = language_in(path, data)
    if language is None or b"\0" in data[:8_000] or is_generated(data) or _ignored(data):
        return ()
    if b"\r" in data and b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    found: list[Todo] = []
    line, counted = 1, 0
    for start, end in comments(data, language):
        piece = data[start:end]
        if not may_have(piece):
            continue
        line += data.count(b"\n", counted, start)
        counted = start
        begin = data.rfind(b"\n", 0, start) + 1
        for mark in marks(decoded(piece), start - begin):
            found.append(
                Todo(
                    path=path,
                    line=line + mark.line,
                    end_line=line + mark.end_line,
                    kind=mark.kind,
                    text=mark.text,
                    title=mark.title,
                    owner=mark.owner,
                    reference=mark.reference,
                    symbol=symbol_around(data, begin, language),
                    language=language,
                    digest=digest_of(mark.kind, mark.text),
                )
            )
    return tuple(found)


def _ignored(data: bytes) -> bool:
    return b"ignore-file" in data and _IGNORED.search(data) is not None


def decoded(data: bytes) -> str:
    """UTF-8, else Latin-1, which every byte is."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def digest_of(kind: str, text: str) -> str:
    """Equal for texts of the same words."""
    words = " ".join(_WORDS.findall(text.casefold()))
    return hashlib.sha256(f"{kind}\0{words}".encode()).hexdigest()[:16]


_DEFINERS = {
    "python": (b"def ", b"class "),
    "ruby": (b"def ", b"class ", b"module "),
    "javascript": (b"function ", b"class ", b"interface ", b"namespace "),
    "go": (b"func ", b"type "),
    "rust": (b"fn ", b"impl ", b"struct ", b"enum ", b"trait ", b"mod "),
    "java": (b"class ", b"interface ", b"enum ", b"record "),
    "c": (b"class ", b"struct ", b"namespace ", b"enum "),
    "csharp": (b"class ", b"interface ", b"struct ", b"record "),
    "kotlin": (b"fun ", b"class ", b"func ", b"struct ", b"object ", b"trait ", b"def "),
    "php": (b"function ", b"class ", b"interface ", b"trait "),
    "hcl": (b"resource ", b"module ", b"data ", b"variable "),
}
for _kin in ("typescript", "jsx", "tsx"):
    _DEFINERS[_kin] = _DEFINERS["javascript"]
_NAME = re.compile(rb"[\w.:$\"<>\x80-\xff-]+(?:\([^()\n]*\) ?[\w]+)?")
_OPENS = re.compile(rb"[ \t]*(?:[\w()<>:*&,]+[ \t]+){0,6}")
_FAR, _WINDOW = 64, 50_000  # places and bytes looked at before it is given up


def symbol_around(data: bytes, begin: int, language: str) -> str:
    """The nearest definition above the line at `begin` that is indented less; cheap, no parser."""
    words = _DEFINERS.get(language)
    if not words:
        return ""
    indent = _indent(data, begin)
    if indent == 0:
        return ""
    place, least = begin, max(0, begin - _WINDOW)
    for _ in range(_FAR):
        at, word = least - 1, b""
        for one in words:  # the nearest of them; none is looked for behind one that was found
            if (found := data.rfind(one, at + 1, place)) >= 0:
                at, word = found, one
        if not word:
            return ""
        first = data.rfind(b"\n", 0, at) + 1
        if _OPENS.fullmatch(data, first, at) and _indent(data, first) < indent:
            name = _NAME.match(data, at + len(word))
            if name:
                return decoded(name[0]).strip('":')
        place = at
    return ""


def _indent(data: bytes, begin: int) -> int:
    end = data.find(b"\n", begin)
    line = data[begin : end if end >= 0 else len(data)].expandtabs(4)
    return len(line) - len(line.lstrip(_BLANKS))
