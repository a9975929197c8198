"""A Markdown document as blocks with their lines, by a CommonMark parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MOST_BROKEN = 20
_SWALLOW = ("fence", "html_block")
_ENTRY = re.compile(r"\s*(?:>\s*)*(?:[-*+]\s|\d{1,9}[.)]\s|#{1,6}\s|\|)")
ENDINGS = (".md", ".markdown", ".mdx", ".mdown")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": 60}).enable(["table", "strikethrough"])


def blocks(text: str) -> list[Token]:
    """The block tokens; front matter (`---`) is blanked, so that lines stay what they are.

    Where code or a comment is begun and never ended, what follows it is read as if it was not.
    """
    return _read(text)[0]


def unended(text: str) -> list[tuple[int, str]]:
    """The lines where something begins that never ends, and what it is."""
    return _read(text)[1]


@lru_cache(maxsize=2)  # several sources look at one document, one after the other
def _read(text: str) -> tuple[list[Token], list[tuple[int, str]]]:
    lines = _without_front_matter(text).split("\n")
    broken: list[tuple[int, str]] = []
    while True:
        tokens = _parser().parse("\n".join(lines))
        found = _endless(tokens, lines)
        if found is None or len(broken) == _MOST_BROKEN:
            return tokens, broken
        broken.append((found[0] + 1, found[1]))
        lines[found[0]] = ""


def _endless(tokens: list[Token], lines: list[str]) -> tuple[int, str] | None:
    """The line (from 0) of a block that swallowed the rest of the document, entries and all."""
    last = next((one for one in reversed(tokens) if one.map and one.type in _SWALLOW), None)
    if last is None or last.map is None or any(line.strip() for line in lines[last.map[1] :]):
        return None
    first, end = last.map
    inside = [line for line in lines[first + 1 : end] if line.strip()]
    if not any(_ENTRY.match(line) for line in inside):
        return None
    if last.type == "fence":
        closed = inside[-1].strip().startswith(last.markup) and not inside[-1].strip(" \t`~>")
        return None if closed else (first, "code that never ends")
    comment = last.content.lstrip().startswith("<!--") and "-->" not in last.content
    return (first, "a comment that never ends") if comment else None


def front_matter(text: str) -> str:
    """What stands between the `---` lines at the top; '' where there is none."""
    found = re.match(r"---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", text, re.DOTALL)
    return found[1] if found else ""


def _without_front_matter(text: str) -> str:
    inside = front_matter(text)
    if not inside:
        return text
    lines = inside.count("\n") + 2
    return "\n" * lines + "\n".join(text.split("\n")[lines:])


def words(inline: Token | None) -> str:
    """What people read of an inline token: text and code, no mark-up; images by their text."""
    if inline is None:
        return ""
    return " ".join("".join(_pieces(inline)).split())


def _pieces(inline: Token) -> Iterator[str]:
    for child in inline.children or ():
        if child.type in ("softbreak", "hardbreak"):
            yield " "
        elif child.type == "image" or child.type != "html_inline":
            yield child.content


def first_link(inline: Token | None) -> str:
    """The address that a line is a link to; '' where it only holds one among other words."""
    for child in (inline.children or ()) if inline else ():
        if child.type == "link_open":
            return str(child.attrs.get("href") or "")
        if child.type == "text" and not re.fullmatch(r"\s*(?:\[.?\])?\s*", child.content):
            return ""
    return ""
