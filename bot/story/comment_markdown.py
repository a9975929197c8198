"""Where, in the Markdown of a comment, a command could stand (W7).

Promises: pure; only line starts in plain top-level paragraphs are named, found by a real CommonMark
parser (with GitHub's tables and ~~strikes~~), so that what people see as a quote, as code or as a
comment never commands.
Never: it does not know what a command is beyond its leading slash.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

# Elements whose content is quoted, hidden, struck out or somebody's sample. Unknown tags such as
# the `<name>` of a placeholder are not among them: GitHub drops those and shows what follows.
_QUOTING = "a|blockquote|code|del|details|h[1-6]|kbd|ol|pre|q|s|samp|strike|table|template|tt|ul"
_TAG = re.compile(rf"<(/?)(?:{_QUOTING})(?=[\s>/])[^<>]*>", re.IGNORECASE)
_START = "command_start"
# What CommonMark does not know and GitHub shows: notes at the foot, formulas, ~one tilde~.
_FOOTNOTE = re.compile(r"^ {0,3}\[\^[^\]\s]+\]:", re.MULTILINE)
_FORMULA = re.compile(r"(?<!\\)\$\$")
_STRIKE_BEGINS = re.compile(r"(?<![~\\])~(?![~\s])")
_STRIKE_ENDS = re.compile(r"(?<![~\s\\])~(?!~)")


def normalise(text: str) -> str:
    """Line ends as Markdown sees them: only \\n (a form feed or U+2028 ends no line)."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def command_starts(source: str) -> list[int]:
    """Numbers (from 0) of the lines of normalised `source` at which a command may start."""
    lines: list[int] = []
    open_elements = 0
    for token in _parser().parse(source):
        if token.type == "html_block":
            open_elements = _open_after(token.content, open_elements)
        elif token.type == "inline":
            starts, open_elements = _inline_starts(token, open_elements)
            if token.map and token.meta.get("paragraph"):
                first = token.map[0]
                starts = _plain(token.content, starts)
                lines += [first + token.content.count("\n", 0, at) for at in starts]
    return lines


def _plain(content: str, starts: list[int]) -> list[int]:
    """Those of `starts` that GitHub shows in no footnote or formula, nor struck by one tilde."""
    if note := _FOOTNOTE.search(content):
        starts = [at for at in starts if at < note.start()]
    if "$$" not in content and "~" not in content:
        return starts
    marks = [mark.start() for mark in _FORMULA.finditer(content)]
    begins = [mark.start() for mark in _STRIKE_BEGINS.finditer(content)]
    ends = [mark.start() for mark in _STRIKE_ENDS.finditer(content)]
    first, last = min(begins, default=len(content)), max(ends, default=-1)
    return [at for at in starts if bisect_left(marks, at) % 2 == 0 and not first < at < last]


def _inline_starts(token: Token, open_elements: int) -> tuple[list[int], int]:
    """Offsets in the content of `token` of slashes in plain text, and the elements left open."""
    starts: list[int] = []
    depth = 0
    for child in token.children or ():
        depth += child.nesting
        if child.type == "html_inline":
            open_elements = _open_after(child.content, open_elements)
        elif child.type == _START and depth == 0 and open_elements == 0:
            starts.append(child.meta["at"])
    return starts, open_elements


def _open_after(html: str, open_elements: int) -> int:
    for closing in _TAG.findall(_without_comments(html)):
        open_elements = max(0, open_elements - 1) if closing else open_elements + 1
    return open_elements


def _without_comments(html: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := html.find("<!--", at)) >= 0:
        kept.append(html[at:start])
        end = html.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join(kept) + html[at:]


def _slash(state: StateInline, silent: bool) -> bool:
    """Inline rule: mark a slash that begins a line and is not part of a link's text."""
    at = state.pos
    if state.src[at] != "/" or state.linkLevel:
        return False
    begin = state.src.rfind("\n", 0, at) + 1
    if at - begin > 3 or state.src[begin:at].strip(" "):
        return False
    if not silent:
        mark = state.push(_START, "", 0)
        mark.content = "/"
        mark.meta = {"at": at}
    state.pos += 1
    return True


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    parser.inline.ruler.before("text", _START, _slash)
    parser.core.ruler.before("inline", "paragraphs", _mark_paragraphs)
    return parser


def _mark_paragraphs(state: object) -> None:
    """Note on each inline token whether it is the text of a top-level paragraph."""
    tokens: list[Token] = state.tokens  # type: ignore[attr-defined]
    for before, token in pairwise(tokens):
        if token.type == "inline":
            token.meta["paragraph"] = before.type == "paragraph_open" and before.level == 0
