"""A Markdown document as blocks with their lines, by a CommonMark parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

ENDINGS = (".md", ".markdown", ".mdx", ".mdown")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": 60}).enable(["table", "strikethrough"])


@lru_cache(maxsize=2)  # several sources look at one document, one after the other
def blocks(text: str) -> list[Token]:
    """The block tokens; front matter (`---`) is blanked, so that lines stay what they are."""
    return _parser().parse(_without_front_matter(text))


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
