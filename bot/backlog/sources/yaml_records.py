"""YAML, `backlog.yml` among them (B4).

Promises: only data is made, never an object of a tag; a document whose YAML is broken is read item
by item; an alias is followed a bounded number of times.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from bot.backlog.entry import Sightings
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.records import DEEPEST, Lined, LinedList, looks_like_items, take

NAME = "yaml"

_ITEM = re.compile(r"^( *)-(?: |$)", re.MULTILINE)
_MOST_NODES = 400_000

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML without its C part
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]


def fits(document: Document) -> bool:
    if document.ending not in (".yml", ".yaml"):
        return False
    if document.is_named_plan:
        return True
    return looks_like_items(parsed(document.text, Sightings("", "")))


def parsed(text: str, told: Sightings) -> list[Any]:
    """The data of every document in the text; broken ones as far as their items can be read."""
    try:
        return _composed(text, told, 0)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        line, what = _where(error)
        told.fault(line, f"broken YAML: {what}")
    found: list[Any] = []
    for start, chunk in _chunks(text):
        try:
            found += _composed(chunk, told, start)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            line, what = _where(error)
            if (start + line) not in {fault.line for fault in told.faults}:
                told.fault(start + line, f"broken YAML: {what}")
    return found


def _where(error: Exception) -> tuple[int, str]:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return error.problem_mark.line + 1, str(error.problem or "not understood")
    return 0, "nested too deeply" if isinstance(error, RecursionError) else "not understood"


def _composed(text: str, told: Sightings, start: int) -> list[Any]:
    """The data of a text that begins after line `start` of its document."""
    loader = _Loader(text)
    try:
        found = []
        while loader.check_node():
            maker = _Maker(loader, told, start)
            found.append(maker.value(loader.get_node(), 0))
        return found
    finally:
        loader.dispose()


class _Maker:
    """Plain data from nodes."""

    def __init__(self, loader: Any, told: Sightings, start: int) -> None:
        self._loader, self._told, self._start, self._made = loader, told, start, 0

    def value(self, node: Any, depth: int) -> Any:
        self._made += 1
        if self._made > _MOST_NODES:
            raise ValueError("too many values")
        if depth > 2 * DEEPEST:
            raise RecursionError
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            listed = LinedList(self.value(one, depth + 1) for one in node.value)
            listed.lines = tuple(one.start_mark.line + 1 + self._start for one in node.value)
            return listed
        if not node.tag.startswith("tag:yaml.org,2002:") or "python" in node.tag:
            return node.value
        try:
            return self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError):
            return node.value  # `2026-02-31` is no date; it is still text

    def _mapping(self, node: Any, depth: int) -> Lined:
        found = Lined()
        line = node.start_mark.line + 1 + self._start
        found.line = line
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            if key == "<<":
                merged = self.value(value_node, depth + 1)
                for one in merged if isinstance(merged, list) else [merged]:
                    for name in one if isinstance(one, dict) else ():
                        found.setdefault(name, one[name])
            elif key in found and depth:
                at = key_node.start_mark.line + 1 + self._start
                self._told.fault(at, f"the key “{key}” is there twice", loses=False)
            else:
                found[key] = self.value(value_node, depth + 1)
        return found


def _chunks(text: str) -> list[tuple[int, str]]:
    """The items of the outermost list, each by itself, with the number of lines before it."""
    indents = [len(one[1]) for one in _ITEM.finditer(text)]
    if not indents:
        return []
    outer = min(indents)
    chunks: list[tuple[int, list[str]]] = []
    key = ""  # what the list stands under; it may tell the kind
    for number, line in enumerate(text.split("\n")):
        if re.match(rf" {{{outer}}}-(?: |$)", line):
            chunks.append((number - 1, [key, line]) if key else (number, [line]))
        elif re.match(rf" {{0,{outer}}}[^\s#-]", line):
            chunks.append((number, []))  # what follows is not of the item before
            key = line if re.fullmatch(r"[\w ./-]+:\s*(?:#.*)?", line) else ""
        elif chunks and chunks[-1][1]:
            chunks[-1][1].append(line)
    return [(start, "\n".join(lines)) for start, lines in chunks if lines]


def _entries(document: Document, told: Sightings) -> None:
    for data in parsed(document.text, told):
        take(data, told)


read = reader(NAME, _entries)
