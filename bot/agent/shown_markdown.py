"""Markdown as a person sees it on GitHub: nothing of what only a machine would read (M12).

Promises: comments, hidden elements, titles of links, texts in the place of pictures and definitions
that are never shown do not get through; entities are the letters they stand for; code blocks, as a
CommonMark parser finds them, are left to the letter, because people see those. Never judges what a
text says, and never makes it longer than its entities do.
"""

from __future__ import annotations

import html
import re
from functools import cache

from markdown_it import MarkdownIt

_I = re.IGNORECASE
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_HIDING = re.compile(
    r"<([a-z][a-z0-9-]*)\b(?=[^<>]*(?:\shidden\b|\saria-hidden\s*=\s*[\"']?true"
    r"|(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?![.\d]*[1-9])"
    r"|font-size\s*:\s*(?:0|[01]px)|(?:width|height)\s*:\s*0|color\s*:\s*(?:transparent"
    r"|white|#fff\b|#ffffff)|text-indent\s*:\s*-|(?:left|top)\s*:\s*-\d{3}|clip\s*:)))[^<>]*>",
    _I,
)
# Elements whose content a browser does not show, whatever their attributes.
_UNSHOWN = re.compile(r"<(script|style|template|noscript|title|head|object|math|svg)\b[^<>]*>", _I)
_PICTURE = re.compile(r"!\[(?:[^\[\]\\]|\\.|\[[^\[\]]{0,500}\])*\](?=[(\[])")
_TITLE = re.compile(r"(\]\(\s*<?[^\s()<>]*>?)\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\))\s*\)")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:[ \t]*\S.*(?:\n[ \t]+[\"'(].*)?$", re.MULTILINE)
_ATTRIBUTE = re.compile(
    r"\s(?:alt|title|aria-[a-z]+|data-[a-z-]+|summary|placeholder|value|content|label)\s*=\s*"
    r"(?:\"[^\"]*\"|'[^']*'|[^\s<>\"']+)",
    _I,
)
_ELEMENT = re.compile(r"<[a-z/][^<>]*>", _I)
_BLANK = re.compile(r"\n(?:[ \t]*\n){8,}")
_ASIDE = re.compile(r"[ \t]{60,}(?=\S)")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark")


def shown(markdown: str) -> str:
    """The text without what is not shown."""
    lines = markdown.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    parts: list[str] = []
    done = 0
    for first, end in _code_blocks("\n".join(lines)):
        parts.append(_prose("\n".join(lines[done:first])))
        parts.append("\n".join(lines[first:end]))
        done = end
    parts.append(_prose("\n".join(lines[done:])))
    return "\n".join(part for part in parts if part)


def _code_blocks(text: str) -> list[tuple[int, int]]:
    """First line and line after the last of each fenced or indented block, in order.

    Only those outside of other blocks: what is quoted or listed is prose here, which loses more.
    """
    found = []
    for token in _parser().parse(text):
        if token.type in ("fence", "code_block") and token.level == 0 and token.map:
            found.append((token.map[0], token.map[1]))
    return found


def _prose(text: str) -> str:
    text = _COMMENT.sub("", text)
    text = _without_elements(_without_elements(text, _UNSHOWN), _HIDING)
    text = _PICTURE.sub("![picture]", text)
    text = _TITLE.sub(r"\1)", text)
    text = _DEFINITION.sub("", text)
    text = _ELEMENT.sub(lambda tag: _ATTRIBUTE.sub("", tag[0]), text)
    text = html.unescape(text)
    return _ASIDE.sub("    ", _BLANK.sub("\n\n\n", text))


def _without_elements(text: str, opening: re.Pattern[str]) -> str:
    """Without the elements that `opening` finds, to their own ends; to the end of the text where
    one has none."""
    kept: list[str] = []
    at = 0
    while found := opening.search(text, at):
        kept.append(text[at : found.start()])
        at = _end(text, found[1], found.end())
    return "".join(kept) + text[at:]


def _end(text: str, name: str, at: int) -> int:
    if name.lower() in ("img", "br", "hr", "input", "meta", "link", "source", "wbr"):
        return at
    depth = 1
    for tag in re.finditer(rf"<(/?){re.escape(name)}\b[^<>]*>", text[at:], _I):
        depth += -1 if tag[1] else 1
        if not depth:
            return at + tag.end()
    return len(text)
