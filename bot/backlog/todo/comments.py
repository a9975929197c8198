"""The comments of a file: where they begin and end, in bytes.

Promises: nothing inside a string, a character, a regular expression, a template or a here-document
is a comment; a Python docstring is a string. The reading is one expression a language
(`expressions`); where that was not sure, JavaScript and its kin are read again by their grammar.
Broken files give what can be told. Never: looks at what a comment says.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from bot.backlog.todo.expressions import lexer

if TYPE_CHECKING:
    from tree_sitter import Parser, TreeCursor

MAY_BE_PARSED, PARSE_S = 200_000, 1.0  # bytes and CPU seconds: else the expression has to do


class Span(NamedTuple):
    """A comment, or line comments directly below each other: data[start:end]."""

    start: int
    end: int


_ISLANDS = re.compile(
    rb"(?P<c><!--(?s:.*?)(?:-->|\Z)|\{#(?![a-z])(?s:.{0,5000}?)#\}|\{%-?\s*comment\b(?s:.{0,5000}?)\{%-?\s*endcomment\s*-?%\}"
    rb"|<%#(?s:.{0,5000}?)%>|<%--(?s:.{0,5000}?)--%>|\{\{!(?s:.{0,5000}?)\}\}|@\*(?s:.{0,5000}?)\*@)"
    rb"|<(?P<tag>script|style)\b(?P<about>[^>]*+)>(?P<code>(?s:.*?))(?:</(?P=tag)\s*>|\Z)"
    rb"|<!\[CDATA\[(?s:.*?)(?:\]\]>|\Z)",
    re.I,
)
_OTHER_SCRIPT = re.compile(
    rb"type\s*=\s*[\"']?(?!module|text/(?:java|ecma|babel|type)|application/(?:java|ecma))", re.I
)
_FRONT_MATTER = re.compile(rb"\A---[ \t]*\r?\n(?P<code>(?s:.*?))\n---[ \t]*\r?\n")
_PHP = re.compile(rb"<\?(?:php\b|=)?(?P<code>(?s:.*?))(?:\?>|\Z)")


def comments(data: bytes, language: str) -> Iterator[Span]:
    """Every comment of `data`, in order."""
    if language == "markup":
        yield from _in_markup(data)
    elif language == "php":
        yield from _in_php(data)
    elif language == "yaml":
        yield from _in_yaml(data)
    elif language in _GRAMMARS:
        yield from _in_script(data, language)
    else:
        yield from _told(data, language)[0]


def _told(data: bytes, language: str) -> tuple[list[Span], bool]:
    """The comments as the expression tells them, and whether every quote was closed."""
    found = []
    for match in lexer(language).finditer(data):
        start, end = match.span("c")
        if start >= 0:
            found.append(Span(start, end))
        elif match.start("unsure") >= 0:
            break
    else:
        return found, True
    return _told_again(data, language), False


def _told_again(data: bytes, language: str) -> list[Span]:
    again = lexer(language, again=True).finditer(data)
    return [Span(*one.span("c")) for one in again if one["c"] is not None]


_GRAMMARS = frozenset({"javascript", "jsx", "typescript", "tsx"})


def _in_script(data: bytes, language: str) -> list[Span]:
    """JavaScript and its kin. Text between JSX tags may look like anything, so it is parsed."""
    parsed = None
    if language not in ("jsx", "tsx"):
        found, sure = _told(data, language)
        if sure:
            return found
    if len(data) <= MAY_BE_PARSED:
        parsed = _parsed(data, language)
    return _told_again(data, language) if parsed is None else parsed


@cache
def _parser(language: str) -> Parser:
    # Only files that the expression cannot read need it, and loading it takes its time.
    import tree_sitter_javascript
    import tree_sitter_typescript
    from tree_sitter import Language, Parser

    made = {
        "typescript": tree_sitter_typescript.language_typescript,
        "tsx": tree_sitter_typescript.language_tsx,
    }.get(language, tree_sitter_javascript.language)
    return Parser(Language(made()))


def _parsed(data: bytes, language: str) -> list[Span] | None:
    """None when that takes too long."""
    parser = _parser(language)  # loading it is not the parse's time
    deadline = time.thread_time() + PARSE_S

    def over(*_: object) -> bool:
        return time.thread_time() > deadline

    def part(at: int, _: object) -> bytes:
        return data[at : at + 65_536]

    try:  # only a parse that asks for its bytes can be stopped
        tree = parser.parse(part, progress_callback=over)
    except ValueError:  # the binding's word for a parse that was stopped
        parser.reset()  # else it would go on with this text at the next call
        return None
    spans: list[Span] = []
    for start, end in _comment_nodes(tree.walk()):
        if over():
            return None
        if spans and data.startswith(b"//", start) and data.startswith(b"//", spans[-1].start):
            between = data[spans[-1].end : start]
            if between.count(b"\n") == 1 and not between.strip():
                spans[-1] = Span(spans[-1].start, end)
                continue
        spans.append(Span(start, end))
    return None if over() else spans


def _comment_nodes(cursor: TreeCursor) -> Iterator[tuple[int, int]]:
    """Node by node, in order: a query takes the square of the depth of a hostile file."""
    while True:
        node = cursor.node
        if node is not None and node.type == "comment":
            yield node.start_byte, node.end_byte
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while True:
            if not cursor.goto_parent():
                return
            if cursor.goto_next_sibling():
                break


def _in_markup(data: bytes) -> Iterator[Span]:
    start = 0
    if front := _FRONT_MATTER.match(data):
        start = front.end()
    for match in _ISLANDS.finditer(data, start):
        if match["c"] is not None:
            yield Span(*match.span("c"))
        elif match["code"]:
            about = match["about"] or b""
            if match["tag"].lower() == b"style":
                language = "scss" if b"lang" in about else "css"
            elif _OTHER_SCRIPT.search(about):
                continue
            else:
                language = "typescript" if re.search(rb"lang=.?tsx?\b", about) else "javascript"
            yield from _shifted(match["code"], language, match.start("code"))


def _in_php(data: bytes) -> Iterator[Span]:
    if b"<?" not in data:
        yield from _told(data, "php")[0]
        return
    place = 0
    while opened := _PHP.search(data, place):
        yield from _shifted(data[place : opened.start()], "markup", place)
        start = opened.start("code")
        # `?>` ends PHP even in a line comment, but not in a string or a block comment.
        end, spans = len(data), []
        for span in _told(data[start:], "php")[0]:
            spans.append(Span(start + span.start, start + span.end))
        closing = _closing(data, start, spans)
        end = closing if closing >= 0 else len(data)
        for span in spans:
            if span.start < end:
                yield Span(span.start, min(span.end, end))
        place = end + 2
        if place >= len(data):
            return
    yield from _shifted(data[place:], "markup", place)


_PHP_CODE = re.compile(
    rb"(?>[^\"'/#?<]++|\"[^\"\\]*+(?:\\(?s:.)[^\"\\]*+)*+\"|'[^'\\]*+(?:\\(?s:.)[^'\\]*+)*+'"
    rb"|/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/|(?://|#(?!\[))(?:[^\n?]++|\?(?!>))*+|\?(?!>)|[\"'/#<])*+"
)


def _closing(data: bytes, start: int, spans: list[Span]) -> int:
    found = _PHP_CODE.match(data, start)
    end = found.end() if found else start
    return end if data[end : end + 2] == b"?>" else -1


def _shifted(data: bytes, language: str, by: int) -> Iterator[Span]:
    for span in comments(data, language):
        yield Span(span.start + by, span.end + by)


_SCALAR = re.compile(rb"(?:^|[\s:\-?])[|>][+\-0-9]*+[ \t]*+(?:#[^\n]*+)?\r?$")
_YAML_CODE = re.compile(
    rb"(?>[^\s\"'#\[{,:\-(]++|(?:(?<=[\s\[{,:(\-])|^)(?:\"[^\"\\]*+(?:\\(?s:.)[^\"\\]*+)*+\"|'[^']*+(?:''[^']*+)*+')"
    rb"|[ \t\[{,:(\-\"']|(?<=\S)#)*+",
    re.M,
)
_INDENT = re.compile(rb"[ ]*(?:-[ ]+)*")


def _in_yaml(data: bytes) -> Iterator[Span]:
    """YAML by line: what a block scalar holds is text, a `#` in a word is part of it."""
    place, size, text_below = 0, len(data), -1  # indentation whose deeper lines are text
    open_span: Span | None = None
    while place < size:
        end = data.find(b"\n", place)
        end = size if end < 0 else end
        line = data[place:end]
        bare = line.strip()
        if text_below >= 0 and (not bare or len(line) - len(line.lstrip(b" ")) > text_below):
            place = end + 1
            continue
        text_below = -1
        code = _YAML_CODE.match(data, place)
        stop = code.end() if code else place
        span = None
        if stop < size and data[stop : stop + 1] == b"#":
            end = data.find(b"\n", stop)
            end = size if end < 0 else end
            span = Span(stop, end)
        else:
            end = data.find(b"\n", max(stop, place))
            end = size if end < 0 else end
        if (
            span
            and open_span
            and not data[open_span.end : span.start].strip(b" \t\r\n")
            and (data.count(b"\n", open_span.end, span.start) == 1)
        ):
            open_span = Span(open_span.start, span.end)
        elif span:
            if open_span:
                yield open_span
            open_span = span
        if _SCALAR.search(data[place : span.start if span else end].rstrip()):
            found = _INDENT.match(line)
            text_below = found.end() if found else 0
            dashes = line[:text_below].rstrip()
            if dashes.endswith(b"-") and line[text_below : text_below + 1] in b"|>":
                text_below = dashes.rfind(b"-")
        place = end + 1
    if open_span:
        yield open_span
