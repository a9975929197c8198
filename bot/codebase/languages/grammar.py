"""Definitions through a tree-sitter grammar: one query a language, run in C (C2).

Promises: a broken file gives what its grammar recovers; a file takes seconds at most. Never:
downloads a grammar (each comes in a package of its own), or walks a tree node by node in Python.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Language, Node, Parser, Query, QueryCursor

from bot.codebase.facts import Definition, Kind

CPU_SECONDS = 2.0  # for one file: what takes longer was not written to be read
_SIGNATURE_CHARS, _DOC_CHARS = 300, 200
_CHUNK = 65_536
_TYPE_ARGUMENTS = re.compile(r"[<\[].*", re.S)
_BLANK = re.compile(r"\s+")
_COMMENT_MARKS = re.compile(r"^[\s/*!#]+|[\s*/]+$")
_NO_DOC = re.compile(
    r"^(?:@|eslint|prettier|nolint|go:|region|endregion|-{3}|={3}|copyright)", re.I
)

_NAME = rb"|([A-Za-z_$\x80-\xff][\w$\x80-\xff]+)"


@dataclass(frozen=True)
class Words:
    """Where identifiers stand in code of the family of C; group 1 of a match is one.

    A match without it is a comment, a string or a number. A quote that is not closed ends with its
    line. Behind the last `*/` no comment can be closed, so that none is looked for there.
    """

    whole: re.Pattern[bytes]
    behind: re.Pattern[bytes]

    @classmethod
    def of(cls, quotes: bytes) -> Words:
        common = rb"//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|\d[\w.]*|" + quotes + _NAME
        return cls(re.compile(rb"/\*[\s\S]*?\*/|" + common), re.compile(common))

    def finditer(self, blob: bytes) -> Iterator[re.Match[bytes]]:
        """Matches in order of place."""
        end = blob.rfind(b"*/") + 2 if b"*/" in blob else 0
        yield from self.whole.finditer(blob, 0, end)
        yield from self.behind.finditer(blob, end)

    def count(self, blob: bytes) -> Counter[bytes]:
        """How often each identifier occurs; what is none counts as empty."""
        end = blob.rfind(b"*/") + 2 if b"*/" in blob else 0
        found = Counter(self.whole.findall(blob, 0, end))
        found.update(self.behind.findall(blob, end))
        return found


_PLAIN = rb"'(?:[^'\\\n]|\\.)*'"
WORDS = {
    "javascript": Words.of(_PLAIN),
    "go": Words.of(_PLAIN + rb"|`[^`]*`"),
    "c": Words.of(rb"'(?:[^'\\\n]|\\.)+'"),
    "rust": Words.of(rb"'(?:[^'\\\n]|\\[^\n']+)'"),
}


@dataclass(frozen=True)
class Grammar:
    """A language: its tree-sitter grammar, what to look for in it, and its reserved words.

    Captures named like a kind of definition hold it whole, `@name` its name, `@owner` the type it
    belongs to when that stands elsewhere, `@body` where its signature ends; all others are handed
    on by `Tree.captures`.
    """

    language: Language
    query: Query
    words: Words
    reserved: frozenset[bytes]

    @classmethod
    def of(cls, pointer: object, query: str, quotes: str, reserved: str) -> Grammar:
        language = Language(pointer)
        words = frozenset(word.encode() for word in reserved.split()) | {b""}
        return cls(language, Query(language, query), WORDS[quotes], words)

    def references(self, blob: bytes) -> dict[str, int]:
        """Identifiers of two characters and more in code, with their counts, sorted."""
        counts = self.words.count(blob)
        return {
            name.decode("utf-8", "replace"): counts[name]
            for name in sorted(counts.keys() - self.reserved)
        }

    def matches(self, blob: bytes) -> list[dict[str, list[Node]]]:
        """What the query finds, in order of place; nothing when that takes too long."""
        return [found for _, found in self.found(blob, self.query)]

    def found(self, blob: bytes, query: Query) -> list[tuple[int, dict[str, list[Node]]]]:
        """The same for another query of this language, with the numbers of its patterns."""
        end = time.thread_time() + CPU_SECONDS

        def over(*_: object) -> bool:
            return time.thread_time() > end

        def part(at: int, _: object) -> bytes:
            return blob[at : at + _CHUNK]

        # Only a parse that asks for its bytes can be stopped.
        try:
            tree = Parser(self.language).parse(part, progress_callback=over)
        except ValueError:  # the binding's word for a parse that was stopped
            return []
        if tree is None:
            return []
        # A callback that stops a query takes the process down in this binding; what is large, and
        # so could take long, is read in a process apart.
        return QueryCursor(query).matches(tree.root_node)


_KINDS: dict[str, Kind] = {
    "function": "function", "method": "method", "class": "class", "interface": "interface",
    "struct": "struct", "enum": "enum", "trait": "trait", "type": "type", "macro": "macro",
    "namespace": "module", "scope": "class",
}  # fmt: skip
_OWNERS = ("class", "interface", "trait", "struct")
_BEFORE = ("decorator", "annotation", "marker_annotation")


def definitions(blob: bytes, matches: Iterable[dict[str, list[Node]]]) -> tuple[Definition, ...]:
    """Definitions with their nesting, in order of place.

    `owner` names a type that stands elsewhere; a `scope` lends its name and is none itself.
    """
    found: dict[tuple[int, int, str], tuple[Node, str, dict[str, list[Node]]]] = {}
    for match in matches:
        capture = next((one for one in match if one in _KINDS and "name" in match), None)
        if capture is not None:
            node = match[capture][0]
            place = (node.start_byte, -node.end_byte, _text(match["name"][0]))
            found.setdefault(place, (node, capture, match))
    made: list[Definition] = []
    outer: list[tuple[int, str, Kind]] = []  # (end byte, qualname, kind)
    for (_, _, written), (node, capture, match) in sorted(found.items(), key=lambda one: one[0]):
        while outer and outer[-1][0] <= node.start_byte:
            outer.pop()
        *prefix, name = written.split("::")
        owner = [part for one in match.get("owner", ()) for part in _text(one).split("::")]
        parts = [outer[-1][1]] if outer else []
        parts += [_TYPE_ARGUMENTS.sub("", part).strip("*& ") for part in (*owner, *prefix)]
        qualname = ".".join([*(part for part in parts if part), name])
        kind = _KINDS[capture]
        if kind == "function" and (owner or (outer and outer[-1][2] in _OWNERS)):
            kind = "method"
        outer.append((node.end_byte, qualname, kind))
        if capture != "scope":
            made.append(_definition(blob, node, kind, name, qualname, match))
    return tuple(made)


def _definition(
    blob: bytes, node: Node, kind: Kind, name: str, qualname: str, match: dict[str, list[Node]]
) -> Definition:
    first = _first_word(node)
    start, end = first.start_point.row + 1, node.end_point.row + 1
    if node.end_point.column == 0 and end > start:
        end -= 1  # the newline behind it is not its line
    body = match["body"][0].start_byte if "body" in match else node.end_byte
    header = blob[first.start_byte : min(body, first.start_byte + 2_000)]
    signature = _BLANK.sub(" ", header.decode("utf-8", "replace")).strip().rstrip("{=:; ")
    return Definition(
        name, qualname, kind, start, end, signature[:_SIGNATURE_CHARS], _comment_above(node)
    )


def _first_word(node: Node) -> Node:
    """Where a definition begins behind its decorators or annotations."""
    for child in node.children:
        if child.type == "modifiers":
            plain = [one for one in child.children if one.type not in _BEFORE]
            if plain:
                return plain[0]
        elif child.type not in _BEFORE:
            return child if child.start_byte > node.start_byte else node
    return node


def _comment_above(node: Node) -> str:
    """The first line of the comment that ends on the line above."""
    before = node.prev_sibling
    if before is None and node.parent is not None and node.parent.start_byte == node.start_byte:
        before = node.parent.prev_sibling
    elif before is None or "comment" not in before.type:
        parent = node.parent
        if parent is not None and parent.type in ("export_statement", "type_declaration"):
            before = parent.prev_sibling
    row, said = node.start_point.row, ""
    for _ in range(60):
        if before is None or "comment" not in before.type or before.end_point.row < row - 1:
            break
        for line in _text(before).splitlines():
            plain = _COMMENT_MARKS.sub("", line)
            if plain and not _NO_DOC.match(plain):
                said = plain
                break
        row, before = before.start_point.row, before.prev_sibling
    return said[:_DOC_CHARS]


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def texts(match: dict[str, list[Node]], capture: str) -> list[str]:
    """The texts of a capture, without quotes around them."""
    return [_text(node).strip("\"'`<>") for node in match.get(capture, ())]


def line_of(match: dict[str, list[Node]], capture: str) -> int:
    """The line on which a capture begins, from 1."""
    return match[capture][0].start_point.row + 1


def top_level_names(definitions: Sequence[Definition]) -> set[str]:
    return {one.name for one in definitions if "." not in one.qualname}
