"""Definitions of a Python file without parsing all of it, equal to what `ast` finds (C1, C2).

A statement that begins with `def` or `class` is always the first thing of its physical line, and
no expression can hold either word; so such a line is a definition unless it stands inside a string.
Only strings in triple quotes (and lines that a backslash continues) can hold a line's beginning.
What ends a definition is the next line indented no deeper; where brackets might be open there, and
only there, the code before is read token by token.

Promises: name, nesting, kind, first and last line as in Python's `ast` for every file that parses
(proven by tests on whole trees); files that do not parse give what is readable. Time grows with
the size of the file. Never: raises because of a file's content, or runs it.
"""

from __future__ import annotations

import bisect
import io
import re
import tokenize
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from bot.codebase.facts import Kind

_TRIPLE = re.compile(rb'"""|\'\'\'')
# Unrolled so that the engine walks over plain text in one step. `[\s\S]`: any byte at all.
STRING = (
    rb'"""[^"\\]*(?:(?:\\[\s\S]|"(?!""))[^"\\]*)*"""'
    rb"|'''[^'\\]*(?:(?:\\[\s\S]|'(?!''))[^'\\]*)*'''"
    rb'|"[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*"'
    rb"|'[^'\\\n]*(?:\\[\s\S][^'\\\n]*)*'"
)
_NOT_CODE = re.compile(rb"#[^\n]*|" + STRING)
_OPENING = re.compile(
    rb'#[^\n]*|"""|\'\'\'|"[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*"|\'[^\'\\\n]*(?:\\[\s\S][^\'\\\n]*)*\''
)
_DEFINITION = re.compile(
    rb"\n([ \t]*)(?:(class)|(?:async(?:[ \t]|\\\n)+)?def)(?:[ \t]|\\\n)+"
    rb"([A-Za-z_\x80-\xff][\w\x80-\xff]*)"
)
# Lines that cannot be inside brackets: statements, and decorators with a definition below.
_STATEMENT = re.compile(
    rb"[ \t]*(?:(?:def|class|return|try|except|finally|while|with|raise|del|global|nonlocal|assert"
    rb"|pass|break|continue|elif|import)\b"
    rb"|@[^\n\"'#()\[\]{}]*(?:\([^\n\"'#()\[\]{}]*\))?[ \t]*\n"
    rb"[ \t]*(?:async[ \t]+)?(?:def|class)[ \t])"
)
_MOST_JOINED = 100  # lines that backslashes make one
_FORM_FEED = re.compile(rb"\n[ \t\f]*\f")
# Lines of nothing but a backslash, before the line that they are joined with.
_JOINED = re.compile(rb"(?<!\\)\n((?:[ \t]*\\\n)+)([ \t]*)")
_OUTER = [re.compile(rb"\n[ \t]{0,%d}[^\s#)\]}]" % width) for width in range(64)]


@dataclass(frozen=True, slots=True)
class Found:
    """One definition. `at`: offset of its line in the normalised source, `head`: after its name."""

    name: str
    qualname: str
    kind: Kind
    start: int
    end: int
    at: int
    head: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file's bytes as UTF-8 with `\\n` line ends and one `\\n` before the first line.

    `strings`: (begin, end) of every string in triple quotes, in order.
    """

    code: bytes
    strings: tuple[Sequence[int], Sequence[int]]

    def string_at(self, offset: int) -> int | None:
        """Where the triple-quoted string that holds `offset` ends, or None."""
        begins, ends = self.strings
        index = bisect.bisect_right(begins, offset) - 1
        return ends[index] if index >= 0 and ends[index] > offset else None


def source(blob: bytes) -> Source:
    """The source that the other functions read; undecodable bytes stay as they are."""
    if blob.startswith(b"\xef\xbb\xbf"):
        blob = blob[3:]
    elif b"coding" in blob[:400] and not blob.isascii():
        blob = _as_utf8(blob)
    if b"\r" in blob:
        blob = blob.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    code = b"\n" + blob
    if b"\f" in code:  # a form feed sets the indentation back to nothing
        code = _FORM_FEED.sub(b"\n", code)
    if b"\\\n" in code:
        code = _JOINED.sub(_unjoined, code)
    return Source(code, _triple_quoted(code))


def _unjoined(match: re.Match[bytes]) -> bytes:
    """Blank lines instead; the first indentation of the joined lines is that of them all."""
    widths = [line[: line.index(b"\\")] for line in match[1].splitlines()]
    return b"\n" * (len(widths) + 1) + next(filter(None, [*widths, match[2]]), b"")


def _as_utf8(blob: bytes) -> bytes:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(blob).readline)
        return blob.decode(encoding).encode()
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return blob  # names of another encoding than it says: nothing better to be had


def _triple_quoted(code: bytes) -> tuple[list[int], list[int]]:
    begins: list[int] = []
    ends: list[int] = []
    at = 0
    while found := _TRIPLE.search(code, at):
        begin = found.start()
        line = max(code.rfind(b"\n", 0, begin), at)
        before = code[line:begin]
        if b'"' in before or b"'" in before or b"#" in before or code[line - 1 : line] == b"\\":
            opens, where = _opening_on(code, line, at, begin)
            if not opens:
                at = where
                continue
            begin = where
        end = _closing(code, begin)
        if end < 0:  # a broken file: read on as if the quotes were not there
            at = begin + 3
            continue
        begins.append(begin)
        ends.append(end)
        at = end
    return begins, ends


def _opening_on(code: bytes, line: int, floor: int, quotes: int) -> tuple[bool, int]:
    """Whether a line that holds three quotes opens a string with them, and where.

    Otherwise they stand in a comment or another string: then where to read on.
    """
    while line > floor and code[line - 1 : line] == b"\\":
        line = max(code.rfind(b"\n", 0, line), floor)
    for token in _OPENING.finditer(code, line):
        if token[0] in (b'"""', b"'''"):
            return True, token.start()
        if token.end() > quotes:
            return False, token.end()
    return False, quotes + 3


def _closing(code: bytes, begin: int) -> int:
    quotes = code[begin : begin + 3]
    at = begin + 3
    while (found := code.find(quotes, at)) >= 0:
        slashes = found
        while slashes > begin + 3 and code[slashes - 1] == 0x5C:
            slashes -= 1
        if (found - slashes) % 2 == 0:
            return found + 3
        at = found + 1
    return -1


def outline(src: Source) -> list[Found]:
    """Every function and class, in order of appearance."""
    code = src.code
    lines = list(accumulate(map(len, code.splitlines(True))))
    # lines[i]: offset behind line i's newline, where line 0 is the added empty one
    matches = []
    for match in _DEFINITION.finditer(code):
        if src.strings[0] and src.string_at(match.start()) is not None:
            continue
        if code[match.start() - 1 : match.start()] == b"\\" and _is_continued(src, match.start()):
            continue
        matches.append(match)
    found: list[Found] = []
    open_now: list[tuple[int, str, bool]] = []  # (last line, qualname, is a class)
    verified: dict[int, bool] = {}
    for match in matches:
        at = match.start() + 1
        start = bisect.bisect_right(lines, at)
        end = _last_line(src, lines, match, verified)
        while open_now and open_now[-1][0] < start:
            open_now.pop()
        name = _name(match[3])
        inside = open_now[-1] if open_now else None
        qualname = f"{inside[1]}.{name}" if inside else name
        is_class = match[2] is not None
        kind: Kind = "class" if is_class else "method" if inside and inside[2] else "function"
        found.append(Found(name, qualname, kind, start, end, at, match.end()))
        open_now.append((end, qualname, is_class))
    return found


def _name(raw: bytes) -> str:
    if raw.isascii():
        return raw.decode()
    return unicodedata.normalize("NFKC", raw.decode("utf-8", "replace"))


def _last_line(
    src: Source, lines: list[int], match: re.Match[bytes], verified: dict[int, bool]
) -> int:
    """The number of the last line of a definition's last statement."""
    code = src.code
    width = len(match[1])
    outer = _OUTER[width] if width < 64 else re.compile(rb"\n[ \t]{0,%d}[^\s#)\]}]" % width)
    at = match.end()
    stop = len(code)
    while dedent := outer.search(code, at):
        begin = dedent.start()
        inside = src.string_at(begin)
        if inside is not None:
            at = inside
            continue
        if begin not in verified:
            verified[begin] = _starts_a_statement(src, match.start(), begin)
        if verified[begin]:
            stop = begin
            break
        at = begin + 1
    last = bisect.bisect_left(lines, stop) if stop < len(code) else len(lines) - 1
    first = bisect.bisect_right(lines, match.start() + 1)
    while last > first:
        begin = lines[last - 1]
        text = code[begin : lines[last]].strip()
        if (text and text[:1] != b"#") or src.string_at(begin - 1) is not None:
            break
        last -= 1
    return last


def _starts_a_statement(src: Source, known: int, begin: int) -> bool:
    """Whether the line after offset `begin` is no continuation; `known`: a line that is none."""
    code = src.code
    if code[begin - 1 : begin] == b"\\" and _is_continued(src, begin):
        return False
    if _STATEMENT.match(code, begin + 1):
        return True
    plain = _NOT_CODE.sub(b"", code[known:begin])
    opened = plain.count(b"(") + plain.count(b"[") + plain.count(b"{")
    return opened <= plain.count(b")") + plain.count(b"]") + plain.count(b"}")


def _is_continued(src: Source, newline: int) -> bool:
    """Whether the backslash before this newline joins two lines, and does not end a comment."""
    code = src.code
    line = newline
    for _ in range(_MOST_JOINED):
        line = code.rfind(b"\n", 0, line)
        if line <= 0 or code[line - 1 : line] != b"\\":
            break
    line = max(line, 0)
    begin = max((e for e in src.strings[1] if line < e <= newline), default=line)
    for token in _NOT_CODE.finditer(code, begin, newline + 1):
        if token.start() < newline <= token.end() and token[0].startswith(b"#"):
            return False
        if token.end() > newline:
            return True
    return True
