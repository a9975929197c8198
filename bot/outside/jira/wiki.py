"""Jira's wiki markup, as Data Center has texts: to Markdown, and from plain text (B8).

Promises: any text gives a text of bounded length, in time that grows with it; a mention is a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.outside.jira.adf import LONGEST, fenced

_OPENS = re.compile(r"\{(?P<kind>code|noformat)(?P<told>:[^}\n]{0,200})?\}")
_URL = r"https?://[^\s|\]<>\"]{1,2000}"
_HEADING = re.compile(r"\s*h([1-6])\.\s+(.*)")
_ITEM = re.compile(r"\s*([*#-]{1,10})\s+(.*)")
_LINK = re.compile(rf"\[(?:([^\]|\n]{{1,500}})\|)?({_URL})(?:\|[^\]\n]{{0,100}})?\]")
_MENTION = re.compile(r"\[~(?:accountid:)?([^\]\n]{1,100})\]")
_IMAGE = re.compile(r"!([^!\s|][^!|\n]{0,200})(?:\|[^!\n]{0,200})?!(?!\w)")
_MACRO = re.compile(r"\{(?:color|panel|anchor|expand|toc|section|column)(?::[^}\n]{0,200})?\}")
_INLINE = (
    (re.compile(r"\{\{([^}\n]{1,500})\}\}"), r"`\1`"),
    (re.compile(r"(?<![\w*\\])\*(\S|\S[^*\n]{0,500}\S)\*(?![\w*])"), r"**\1**"),
    (re.compile(r"(?<![\w+\\])\+(\S|\S[^+\n]{0,500}\S)\+(?![\w+])"), r"\1"),
    (re.compile(r"(?<![\w-])-(\w|\w[^-\n]{0,500}\w)-(?![\w-])"), r"~~\1~~"),
)
_SPECIAL = re.compile(r"[\\{}\[\]|*_~^!#+-]")


def markdown_of(text: object) -> str:
    """The Markdown of a text in wiki markup; what is no text is ''."""
    if not isinstance(text, str):
        return ""
    text = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    parts, at = [], 0
    for opens, end in _blocks(text):
        parts.append(_prose(text[at : opens.start()]))
        language = (opens["told"] or ":").lstrip(":").partition("|")[0]
        known = re.fullmatch(r"[\w+#.-]{1,30}", language) if opens["kind"] == "code" else None
        parts.append("\n" + fenced(text[opens.end() : end], language if known else "") + "\n")
        at = end + len(opens["kind"]) + 2
    parts.append(_prose(text[at:]))
    return re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip()[:LONGEST]


def _blocks(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """What opens each block of code, and where it ends."""
    unclosed: set[str] = set()  # kinds that nothing closes any more: not looked for again
    at = 0
    while opens := _OPENS.search(text, at):
        kind = opens["kind"]
        end = -1 if kind in unclosed else text.find(f"{{{kind}}}", opens.end())
        if end < 0:
            unclosed.add(kind)
            at = opens.end()
            continue
        yield opens, end
        at = end + len(kind) + 2


def wiki_of(text: str) -> str:
    """Plain text as markup that shows just that; addresses stay links."""
    parts, at = [], 0
    for found in re.finditer(_URL, text):
        parts += [_SPECIAL.sub(r"\\\g<0>", text[at : found.start()]), found[0]]
        at = found.end()
    return "".join([*parts, _SPECIAL.sub(r"\\\g<0>", text[at:])])


def _prose(text: str) -> str:
    lines: list[str] = []
    quoted = False
    for line in text.split("\n"):
        was = quoted
        if line.count("{quote}") % 2:
            quoted = not quoted
        line = line.replace("{quote}", "")
        if (table := _row(line)) is not None:
            lines += [_inline(one) for one in table]
            continue
        lines.append(("> " if (quoted or was) and line.strip() else "") + _line(line))
    return "\n".join(lines)


def _line(line: str) -> str:
    if found := _HEADING.match(line):
        return f"{'#' * int(found[1])} {_inline(found[2])}"
    if line.strip() == "----":
        return "---"
    if line.lstrip().startswith("bq. "):
        return "> " + _inline(line.lstrip()[4:])
    found = _ITEM.match(line)
    if found and set(found[1]) != {"-"}:
        mark = "1. " if found[1].endswith("#") else "- "
        return "  " * (len(found[1]) - 1) + mark + _inline(found[2])
    return _inline(line)


def _row(line: str) -> list[str] | None:
    """The lines of Markdown that a row of a table is."""
    bare = line.strip()
    if bare.startswith("||") and bare.endswith("||") and len(bare) > 4:
        cells = [cell.strip() for cell in bare.strip("|").split("||")]
        return [f"| {' | '.join(cells)} |", f"|{' --- |' * len(cells)}"]
    if bare.startswith("|") and bare.endswith("|") and len(bare) > 2:
        return [f"| {' | '.join(cell.strip() for cell in bare.strip('|').split('|'))} |"]
    return None


def _inline(text: str) -> str:
    text = _MENTION.sub(r"\1", text)
    text = _LINK.sub(lambda m: f"[{m[1]}]({m[2]})" if m[1] else m[2], text)
    text = _IMAGE.sub(r"[attachment \1]", text)
    text = _MACRO.sub("", text)
    for pattern, shown in _INLINE:
        text = pattern.sub(shown, text)
    text = re.sub(r"\\\\(?=\s|$)", "\n", text)
    return re.sub(r"\\([{}\[\]*_+|!#^~-])", r"\1", text)
