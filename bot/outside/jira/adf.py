"""The Atlassian Document Format, as Jira Cloud has texts: to Markdown, and from plain text (B8).

Promises: any JSON gives a text, cut at a depth, a number of nodes and a length; what is not known
is its content. A mention is a name: it calls nobody where the text is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

LONGEST = 40_000  # characters of a text
DEEPEST = 60
MOST_NODES = 20_000
CUT = "…"
_URL = re.compile(r"https?://[^\s<>\"]{1,2000}")
_MARKS = {"strong": "**", "em": "_", "strike": "~~"}
_ROWS = frozenset({"tableRow"})
_LISTS = frozenset({"bulletList", "orderedList", "taskList", "decisionList"})
_GROUPS = _LISTS | {"listItem", "taskItem", "blockquote", "panel", "table"}
_INLINE = frozenset(
    {"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status", "mediaInline",
     "placeholder"}
)  # fmt: skip


def markdown_of(document: Any) -> str:
    """The Markdown of a document; a text stays as it is, anything else is ''."""
    if isinstance(document, str):
        return document[:LONGEST]
    if not isinstance(document, Mapping):
        return ""
    return _Writer().block(document, 0).strip()[:LONGEST]


def adf_of(text: str) -> dict[str, Any]:
    """A document of plain text: blank lines part paragraphs, addresses are links."""
    paragraphs = [part for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    content = [{"type": "paragraph", "content": _lines(part)} for part in paragraphs]
    return {"type": "doc", "version": 1, "content": content}


def _lines(paragraph: str) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    for line in paragraph.splitlines():
        if nodes:
            nodes.append({"type": "hardBreak"})
        at = 0
        for found in _URL.finditer(line):
            nodes += _text(line[at : found.start()])
            link = {"type": "link", "attrs": {"href": found[0]}}
            nodes.append({"type": "text", "text": found[0], "marks": [link]})
            at = found.end()
        nodes += _text(line[at:])
    return nodes


def _text(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []  # an empty one is refused


class _Writer:
    """Writes one document; counts what it has seen of it."""

    def __init__(self) -> None:
        self._nodes = 0
        self._written = 0

    def _enough(self, depth: int) -> bool:
        self._nodes += 1
        return depth > DEEPEST or self._nodes > MOST_NODES or self._written > LONGEST

    def block(self, node: Any, depth: int) -> str:
        """A node with what is below it, without blank lines around it."""
        if not isinstance(node, Mapping):
            return ""
        if self._enough(depth):
            return CUT if self._nodes <= MOST_NODES + 1 else ""
        kind, attrs = _kind(node), _attrs(node)
        if kind in _INLINE:
            return self._inline(node)
        if kind in _GROUPS:
            return self._group(kind, node, depth)
        if kind in ("paragraph", "caption", "decisionItem"):
            return self._inlines(node, depth)
        if kind == "heading":
            level = attrs.get("level")
            marks = "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 3)
            return f"{marks} {self._inlines(node, depth)}"
        if kind == "codeBlock":
            language = re.sub(r"[^\w+#.-]", "", str(attrs.get("language") or ""))[:30]
            return fenced(self._inlines(node, depth), language)
        if kind == "rule":
            return "---"
        if kind in ("blockCard", "embedCard"):
            return _url(attrs.get("url"))
        if kind == "media":
            return f"[attachment {attrs.get('alt') or ''}]".replace(" ]", "]")
        title = attrs.get("title") if kind in ("expand", "nestedExpand") else ""
        inner = self._blocks(node, depth)
        return f"**{title}**\n\n{inner}" if isinstance(title, str) and title else inner

    def _group(self, kind: str, node: Mapping[str, Any], depth: int) -> str:
        """A node that arranges others."""
        if kind in ("listItem", "taskItem"):
            return self._item(node, depth)
        if kind in ("blockquote", "panel"):
            return _prefixed(self._blocks(node, depth), "> ", "> ")
        return self._table(node, depth) if kind == "table" else self._list(node, depth)

    def _blocks(self, node: Mapping[str, Any], depth: int) -> str:
        children = _content(node)
        if children and all(_kind(one) in _INLINE for one in children):
            return self._inlines(node, depth)
        parts = (self.block(one, depth + 1) for one in children)
        return "\n\n".join(part for part in parts if part.strip())

    def _list(self, node: Mapping[str, Any], depth: int) -> str:
        is_ordered = node.get("type") == "orderedList"
        lines = []
        for number, one in enumerate(_content(node), 1):
            mark = f"{number}. " if is_ordered else "- "
            if _kind(one) == "taskItem":
                mark += "[x] " if _attrs(one).get("state") == "DONE" else "[ ] "
            if _kind(one) in _LISTS:
                lines.append(_prefixed(self.block(one, depth + 1), "  ", "  "))
                continue
            text = self.block(one, depth + 1)
            lines.append(_prefixed(text, mark, " " * (3 if is_ordered else 2)))
        return "\n".join(lines)

    def _item(self, node: Mapping[str, Any], depth: int) -> str:
        children = _content(node)
        if all(_kind(one) in _INLINE for one in children):
            return self._inlines(node, depth)
        return "\n".join(part for one in children if (part := self.block(one, depth + 1)).strip())

    def _table(self, node: Mapping[str, Any], depth: int) -> str:
        rows = []
        for row in _content(node):
            if _kind(row) not in _ROWS or self._enough(depth + 1):
                continue
            cells = [
                " ".join(self._blocks(cell, depth + 2).split()).replace("|", "\\|")
                for cell in _content(row)
                if isinstance(cell, Mapping)
            ]
            rows.append(f"| {' | '.join(cells)} |")
            if len(rows) == 1:
                rows.append(f"|{' --- |' * len(cells)}")
        return "\n".join(rows)

    def _inlines(self, node: Mapping[str, Any], depth: int) -> str:
        parts = []
        for one in _content(node):
            if self._enough(depth):
                break
            parts.append(self._inline(one) if _kind(one) in _INLINE else self.block(one, depth + 1))
        return "".join(parts)

    def _inline(self, node: Mapping[str, Any]) -> str:
        text = _inline(node)
        self._written += len(text)
        return text


def fenced(code: str, language: str = "") -> str:
    """A block of code; its fence is longer than any in it."""
    ticks = max((len(run) for run in re.findall(r"`{3,}", code)), default=2) + 1
    return f"{'`' * ticks}{language}\n{code.strip(chr(10))}\n{'`' * ticks}"


def _inline(node: Mapping[str, Any]) -> str:
    kind, attrs = node.get("type"), _attrs(node)
    if kind == "text":
        return _marked(str(node.get("text") or "")[:LONGEST], node.get("marks"))
    if kind == "hardBreak":
        return "\n"
    if kind == "mention":
        return str(attrs.get("text") or "somebody").lstrip("@")[:100]
    if kind == "emoji":
        return str(attrs.get("text") or attrs.get("shortName") or "")[:50]
    if kind == "inlineCard":
        return _url(attrs.get("url"))
    if kind == "date":
        return _day(attrs.get("timestamp"))
    return str(attrs.get("text") or "")[:200]


def _marked(text: str, marks: Any) -> str:
    if not text.strip() or not isinstance(marks, Sequence) or isinstance(marks, str):
        return text
    kinds = {_kind(one) for one in marks[:20]}
    lead = text[: len(text) - len(text.lstrip())]
    tail = text[len(text.rstrip()) :]
    inner = text.strip()
    if "code" in kinds:
        ticks = "`" * (max((len(run) for run in re.findall(r"`+", inner)), default=0) + 1)
        inner = f"{ticks}{inner}{ticks}"
    else:
        for kind, sign in _MARKS.items():
            inner = f"{sign}{inner}{sign}" if kind in kinds else inner
    for one in marks[:20]:
        href = _url(_attrs(one).get("href")) if _kind(one) == "link" else ""
        if href:
            inner = href if href == inner else f"[{inner}]({href})"
            break
    return f"{lead}{inner}{tail}"


def _url(told: Any) -> str:
    """An address of the web; other schemes lead to nowhere good."""
    found = _URL.fullmatch(told.strip()) if isinstance(told, str) else None
    return found[0].replace("(", "%28").replace(")", "%29") if found else ""


def _day(told: Any) -> str:
    try:
        return datetime.fromtimestamp(int(told) / 1000, UTC).date().isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def _prefixed(text: str, first: str, others: str) -> str:
    lines = text.splitlines() or [""]
    return "\n".join(
        (first if not number else others) + line if line or not number else others.rstrip()
        for number, line in enumerate(lines)
    )


def _kind(node: Any) -> str:
    kind = node.get("type") if isinstance(node, Mapping) else ""
    return kind if isinstance(kind, str) else ""


def _attrs(node: Any) -> Mapping[str, Any]:
    attrs = node.get("attrs") if isinstance(node, Mapping) else None
    return attrs if isinstance(attrs, Mapping) else {}


def _content(node: Mapping[str, Any]) -> list[Any]:
    content = node.get("content")
    return content if isinstance(content, list) else []
