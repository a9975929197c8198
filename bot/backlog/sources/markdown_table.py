"""Markdown tables whose heads name an item's fields (B4).

    | ID | Title | Value | Time | Risk | Effort | Status |

A table without a column for the title is not about items and is left alone. One whose line of
dashes is missing or does not fit its head is no table to Markdown; in a BACKLOG.md it is told, and
its rows are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from markdown_it.token import Token

from bot.backlog.entry import Sightings, entry_of
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.markdown_parts import ENDINGS, blocks, first_link, unended, words
from bot.backlog.words import field_of

NAME = "markdown_table"

_RULE = re.compile(r"^\s*\|?\s*:?-{1,}:?\s*(\|\s*:?-{1,}:?\s*)*\|?\s*$", re.MULTILINE)


def fits(document: Document) -> bool:
    if document.ending not in ENDINGS:
        return False
    if document.is_named_plan and any(True for _ in _broken(blocks(document.text))):
        return True
    if not _RULE.search(document.text):
        return False
    tables = _tables(blocks(document.text))
    return any(_about_items(head, document.is_named_plan) for head, _ in tables)


def _entries(document: Document, told: Sightings) -> None:
    if not document.is_named_plan:  # there the lists tell it
        for line, what in unended(document.text):
            told.fault(line, what)
    else:
        _rows_of_broken(document, told)
    for head, rows in _tables(blocks(document.text)):
        if not _about_items(head, document.is_named_plan):
            continue
        for line, cells in rows:
            texts = [words(inline) for inline in cells]
            row: dict[str, str] = dict(zip(head, texts, strict=False))
            if link := next(filter(None, map(first_link, cells)), ""):
                row.setdefault("url", link)
            if any(texts):
                told.add(entry_of(row, line))


def _rows_of_broken(document: Document, told: Sightings) -> None:
    for at, lines in _broken(blocks(document.text)):
        told.fault(at, "a table without a line of dashes that fits its head")
        head = _cells(lines[0])
        for line, text in enumerate(lines[1:], at + 1):
            if not _RULE.fullmatch(text):
                told.add(entry_of(dict(zip(head, _cells(text), strict=False)), line))


def _broken(tokens: list[Token]) -> Iterator[tuple[int, list[str]]]:
    """What looks like a table of items and is none: its first line and its lines."""
    for before, token in pairwise(tokens):
        if before.type != "paragraph_open" or before.map is None or token.type != "inline":
            continue
        lines = token.content.split("\n")
        fenced = [line for line in lines if line.lstrip().startswith("|")]
        if len(fenced) == len(lines) > 1 and _about_items(_cells(lines[0]), by_name=False):
            yield before.map[0] + 1, lines


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [one.strip().replace("\\|", "|") for one in re.split(r"(?<!\\)\|", inner)]


def _about_items(head: list[str], by_name: bool) -> bool:
    """Whether a table lists things to do: it has titles, and something said of them as items."""
    fields = {field_of(one) for one in head}
    if not fields & {"title", "body"}:
        return False
    about = fields & {
        "value", "time", "risk", "size", "score", "priority", "severity", "state", "done", "due"
    }  # fmt: skip
    return bool(about) or by_name


def _tables(tokens: list[Token]) -> Iterator[tuple[list[str], list[tuple[int, list[Token]]]]]:
    head: list[str] = []
    rows: list[tuple[int, list[Token]]] = []
    row: list[Token] = []
    line, in_head = 0, False
    for token in tokens:
        if token.type == "table_open":
            head, rows = [], []
        elif token.type in ("thead_open", "thead_close"):
            in_head = token.type == "thead_open"
        elif token.type == "tr_open":
            row, line = [], token.map[0] + 1 if token.map else 0
        elif token.type == "inline" and token.level >= 1:
            row.append(token)
        elif token.type == "tr_close":
            if in_head:
                head = [words(one) for one in row]
            else:
                rows.append((line, row))
        elif token.type == "table_close":
            yield head, rows


read = reader(NAME, _entries)
