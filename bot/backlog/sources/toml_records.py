"""TOML: an array of tables, as in `[[items]]` (B4). A broken table costs itself."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from bot.backlog.entry import Sightings
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.records import Lined, looks_like_items, take

NAME = "toml"

_HEAD = re.compile(r"^\s*\[(\[?)\s*([^\[\]\n]+?)\s*\]?\]\s*(?:#.*)?$")
_DEEP = re.compile(r"^[ \t]*\[{0,2}(?:[\w\"'-]{1,99}[ \t]*\.[ \t]*){100}", re.MULTILINE)
_LINE = re.compile(r"\(at line (\d+)")


def fits(document: Document) -> bool:
    if document.ending != ".toml":
        return False
    if document.is_named_plan:
        return True
    if document.name in ("pyproject.toml", "cargo.toml"):
        return False
    return looks_like_items(parsed(document.text, Sightings("", "")))


def parsed(text: str, told: Sightings) -> list[Any]:
    """The data, table by table where the whole is broken."""
    if deep := _DEEP.search(text):  # the parser takes time with the square of it
        told.fault(text.count("\n", 0, deep.start()) + 1, "nested too deeply")
        return []
    try:
        return [_lined(tomllib.loads(text), text)]
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line, what = _where(error, text)
        told.fault(line, f"broken TOML: {what}")
    found: list[Any] = []
    for start, name, chunk in _chunks(text):
        try:
            data = tomllib.loads(chunk)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            line, what = _where(error, chunk)
            if not any(start < f.line <= start + chunk.count("\n") + 1 for f in told.faults):
                told.fault(start + line, f"broken TOML: {what}")
            continue
        found.append(_at(data, start + 1) if name else data)
    return found


def _where(error: Exception, text: str) -> tuple[int, str]:
    at = _LINE.search(str(error))
    what = str(error).partition(" (at ")[0] or "nested too deeply"
    if at is None and "end of document" in str(error):
        return text.rstrip().count("\n") + 1, what
    return (int(at[1]) if at else 0), what


def _chunks(text: str) -> list[tuple[int, str, str]]:
    """(lines before, name, text) of each table, its own sub-tables with it."""
    chunks: list[tuple[int, str, list[str]]] = [(0, "", [])]
    for number, line in enumerate(text.split("\n")):
        head = _HEAD.match(line)
        before = chunks[-1][1]
        if head and not (before and head[2].startswith(f"{before}.")):
            chunks.append((number, head[2], []))
        chunks[-1][2].append(line)
    return [(start, name, "\n".join(lines)) for start, name, lines in chunks]


def _lined(data: dict[str, Any], text: str) -> dict[str, Any]:
    """Give the tables of arrays their lines, by the order of their heads."""
    heads: dict[str, list[int]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if (head := _HEAD.match(line)) and head[1]:
            heads.setdefault(head[2].strip("\"' "), []).append(number)
    told: dict[str, Any] = {}
    for name, value in data.items():
        lines = heads.get(name, [])
        if isinstance(value, list) and len(lines) == len(value):
            told[name] = [_at(one, line) for one, line in zip(value, lines, strict=True)]
        else:
            told[name] = value
    return told


def _at(value: Any, line: int) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _inside(one, line) for name, one in value.items()}
    found = Lined(inner)
    found.line = line
    return found


def _inside(value: Any, line: int) -> Any:
    if isinstance(value, list):
        return [_at(one, line) for one in value]
    return _at(value, line)


def _entries(document: Document, told: Sightings) -> None:
    for data in parsed(document.text, told):
        take(data, told)


read = reader(NAME, _entries)
