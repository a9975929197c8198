"""All facts of a Python file (C1, C2); `python_outline` finds the definitions.

Promises: imports, exports and references are read from code, never from strings or comments.
Never: runs or imports what it reads.
"""

from __future__ import annotations

import bisect
import keyword
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from bot.codebase.facts import Definition, FileFacts, Import
from bot.codebase.languages import python_outline as outlines
from bot.codebase.languages.python_api import api

_SIGNATURE_CHARS, _DOC_CHARS = 300, 200
_STRING = outlines.STRING
_NOT_CODE = re.compile(rb"#[^\n]*|" + _STRING)
_NAMES = re.compile(rb"#[^\n]*|" + _STRING + rb"|\d[\w.]*|([A-Za-z_\x80-\xff][\w\x80-\xff]+)")
_NO_NAMES = {word.encode() for word in keyword.kwlist} | {
    b"", b"self", b"cls", b"rb", b"br", b"Rb", b"bR", b"fr", b"rf", b"RB", b"BR"
}  # fmt: skip
_IMPORT = re.compile(
    rb"\n[ \t]*(?:from[ \t]*(\.*)[ \t]*([\w.\x80-\xff]*)[ \t]*(?:\\\n[ \t]*)?"
    rb"\bimport\b[ \t]*(\([^)]*\)?|(?:[^\n\\]|\\\n)*)|import[ \t]((?:[^\n\\]|\\\n)*))"
)
_LOADED = re.compile(rb"(?:\bimport_module|\b__import__)\(\s*[\"']([\w.]+)[\"']\s*[,)]")
_PLAIN_HEAD = re.compile(rb"[^\n\"'#()\[\]{}:\\]*(?:\([^\"'#()\[\]{}\\]*\))?[^\n\"'#()\[\]{}:\\]*:")
_PIECE = re.compile(rb"#[^\n]*|" + _STRING + rb"|[()\[\]{}:]")
_DOC = re.compile(rb"\s*(?:#[^\n]*\n\s*)*[rRuU]?(" + _STRING + rb")")
_ASSIGNED = re.compile(rb"\n([A-Za-z_]\w*)[ \t]*(?::[^=\n]+)?=(?!=)")
# A list that is not closed ends with the file, so that each byte is looked at once.
_ALL = re.compile(rb"\n__all__[ \t]*(?::[^=\n]+)?\+?=[ \t]*[\[(]([^\])]*)(?:[\])]|\Z)")
_QUOTED = re.compile(rb"[\"']([A-Za-z_]\w*)[\"']")
_SPACE = re.compile(r"\s+")


def facts(blob: bytes, language: str = "python") -> FileFacts:
    """The facts of one file; a broken one gives what is readable."""
    src = outlines.source(blob)
    code = src.code
    found = outlines.outline(src)
    newlines = _newlines(code)
    return FileFacts(
        definitions=tuple(
            _definition(code, one, after.at if after else len(code))
            for one, after in zip_longest(found, found[1:])
        ),
        imports=tuple(_imports(src, newlines)),
        references=references(code),
        exports=_exports(src, found),
        api=tuple(api(src, found, newlines)),
    )


def definitions(blob: bytes) -> tuple[Definition, ...]:
    """Only the definitions, without signatures and docstrings: the fastest answer there is."""
    found = outlines.outline(outlines.source(blob))
    return tuple(Definition(f.name, f.qualname, f.kind, f.start, f.end) for f in found)


def words(blob: bytes, language: str) -> Iterator[re.Match[bytes]]:
    """Matches whose group 1 is an identifier in code."""
    return _NAMES.finditer(blob)


def references(code: bytes) -> dict[str, int]:
    """Identifiers of two characters and more in code, with their counts, sorted."""
    counts = Counter(_NAMES.findall(code))
    return {
        name.decode("utf-8", "replace"): counts[name] for name in sorted(counts.keys() - _NO_NAMES)
    }


def _newlines(code: bytes) -> list[int]:
    return [match.start() for match in re.finditer(rb"\n", code)]


def _definition(code: bytes, one: outlines.Found, stop: int) -> Definition:
    """`stop`: where the next definition begins, which no header reaches."""
    head, body = _header(code, one.head, stop)
    text = code[one.at : head].decode("utf-8", "replace")
    signature = _SPACE.sub(" ", text).strip().removesuffix(":")[:_SIGNATURE_CHARS]
    doc = ""
    if said := _DOC.match(code, body):
        doc = _first_line(said[1].decode("utf-8", "replace"))
    return Definition(one.name, one.qualname, one.kind, one.start, one.end, signature, doc)


def _header(code: bytes, at: int, stop: int) -> tuple[int, int]:
    """Where the header ends and where the body begins: both just after the colon."""
    if plain := _PLAIN_HEAD.match(code, at, stop):
        return plain.end(), plain.end()
    depth = 0
    for piece in _PIECE.finditer(code, at, min(at + 20_000, stop)):
        if piece[0] in b"([{":
            depth += 1
        elif piece[0] in b")]}":
            depth -= 1
        elif piece[0] == b":" and depth <= 0:
            return piece.end(), piece.end()
    end = code.find(b"\n", at)
    return (end, end) if end >= 0 else (len(code), len(code))


def _first_line(literal: str) -> str:
    quotes = 3 if literal.startswith(('"""', "'''")) else 1
    lines = (line.strip() for line in literal[quotes:-quotes].splitlines())
    return next((line for line in lines if line), "")[:_DOC_CHARS]


def _imports(src: outlines.Source, newlines: Sequence[int]) -> list[Import]:
    code = src.code
    found: list[Import] = []
    for match in _IMPORT.finditer(code):
        if src.string_at(match.start()) is not None:
            continue
        line = bisect.bisect_right(newlines, match.start())
        if match[4] is not None:
            found += [Import(name, (), 0, line) for name in _names(match[4], dotted=True)]
        else:
            module, names = match[2].decode("utf-8", "replace"), _names(match[3])
            if module or match[1]:
                found.append(Import(module, tuple(names), len(match[1]), line))
    for match in _LOADED.finditer(code):
        if src.string_at(match.start()) is None:
            line = bisect.bisect_right(newlines, match.start())
            found.append(Import(match[1].decode(), (), 0, line))
    return found


def _names(raw: bytes, *, dotted: bool = False) -> list[str]:
    """`a as b, c` → [a, c]; what follows a semicolon is another statement."""
    text = _NOT_CODE.sub(b"", raw).replace(b"\\\n", b" ").decode("utf-8", "replace")
    names = []
    for part in text.split(";")[0].strip("() \t\n").split(","):
        word = part.split(" as ")[0].split()[:1]
        plain = word[0].replace(".", "") if word and dotted else word[0] if word else ""
        if plain.isidentifier() or (plain == "*" and not dotted):
            names.append(word[0])
    return names


def _exports(src: outlines.Source, found: Sequence[outlines.Found]) -> tuple[str, ...]:
    """`__all__` where it is a list of strings, else every public name of the module."""
    listed = {
        name.decode()
        for match in _ALL.finditer(src.code)
        for name in _QUOTED.findall(match[1])
        if src.string_at(match.start()) is None
    }
    if listed:
        return tuple(sorted(listed))
    names = {one.name for one in found if "." not in one.qualname}
    for match in _ASSIGNED.finditer(src.code):
        if src.string_at(match.start()) is None:
            names.add(match[1].decode())
    return tuple(sorted(name for name in names if not name.startswith("_")))
