"""Finds the items in nested data, however a team arranged them (B4).

Promises: reads lists of records, records under headings (`bugs:`), records by id (`CRIT-002:`),
lists of plain sentences and children of records; what is no item (metadata) is left alone.
Bounded in depth and number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.backlog.entry import Entry, Sightings, entry_of, text_of
from bot.backlog.words import (
    family_of,
    field_of,
    instant_of,
    number_of,
    priority_of,
    state_of,
)
from bot.story.item_events import Family, ItemState

DEEPEST = 40
_ABOUT = "value time risk size score priority severity state done due family criteria"
ABOUT_ITEMS = frozenset(_ABOUT.split())


class Lined(dict[str, Any]):
    """A mapping that knows its line (from 1)."""

    line: int = 0


class LinedList(list[Any]):
    """A list that knows the lines of its elements."""

    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Heading:
    """What the keys above a record say about it."""

    family: Family | None = None
    priority: str | None = None
    state: ItemState | None = None

    def under(self, key: str) -> _Heading:
        name = key.replace("_", " ").replace("-", " ").strip()
        if len(name) < 3 and not re.fullmatch(r"[pP][0-5]", name):
            return self  # `x`, `1`, `no` are values elsewhere, and say nothing as a heading
        return _Heading(
            family_of(name) or family_of(name.rstrip("s")) or self.family,
            priority_of(name.split()[0]) or self.priority,
            state_of(name) or self.state,
        )


def take(data: Any, told: Sightings) -> None:
    """Add every item in `data` to the sightings."""
    if not isinstance(data, (Mapping, list)) and data is not None:
        told.fault(1, f"expected a list of entries, found {type(data).__name__}")
    for entry in _walk(data, _Heading(), told, 0, listed=False, key="", line=0):
        told.add(entry)


def looks_like_items(data: Any) -> bool:
    """Whether a document that nobody named as a backlog holds things to do.

    Most of its entries must say two things that only items say: many settings have a name and a
    value, or a name and a type.
    """
    quiet = Sightings("", "")
    found = list(_walk(data, _Heading(), quiet, 0, listed=False, key="", line=0))
    about = [one for one in found if sum(_says(*field) for field in one.fields.items()) >= 2]
    return len(about) >= 1 and 2 * len(about) >= len(found)


def _says(name: str, told: Any) -> bool:
    """Whether a field holds what it holds of an item."""
    if name in ("value", "time", "risk", "size"):
        return number_of(told, name) is not None
    reads = {"priority": priority_of, "state": state_of, "family": family_of, "due": instant_of}
    return name in reads and reads[name](told) is not None


def _walk(
    data: Any, over: _Heading, told: Sightings, depth: int, *, listed: bool, key: str, line: int
) -> Iterator[Entry]:
    if depth > DEEPEST:
        told.fault(line, "nested too deeply")
    elif isinstance(data, Mapping):
        yield from _mapping(data, over, told, depth, listed=listed, key=key, line=line)
    elif isinstance(data, list):
        lines = getattr(data, "lines", ()) or (line,) * len(data)
        for one, at in zip(data, lines, strict=True):
            yield from _walk(one, over, told, depth + 1, listed=True, key="", line=at)
    elif listed and isinstance(data, str):
        title, _, body = data.strip().partition("\n")
        yield _headed(Entry(title, line, body), over)
    elif listed and data is not None:
        told.fault(line, f"expected an entry, found {type(data).__name__}")


def _mapping(
    data: Mapping[str, Any],
    over: _Heading,
    told: Sightings,
    depth: int,
    *,
    listed: bool,
    key: str,
    line: int,
) -> Iterator[Entry]:
    at = getattr(data, "line", 0) or line
    data = _flat(data)
    fields = {field_of(str(name)) for name in data if not _nested(data[name])}
    if listed and len(data) == 1 and not fields & {"title", "body"}:
        [(name, inner)] = data.items()  # `- Fix the log-in: {value: 5}`
        if isinstance(inner, Mapping):
            yield from _keyed(str(name), inner, over, told, depth, at)
            return
        if field_of(str(name)) is None and inner is not None and not isinstance(inner, list):
            yield _headed(Entry(f"{name}: {text_of(inner)}", at), over)  # an unquoted colon
            return
    if "title" in fields or ("body" in fields and (listed or key)):
        yield from _item(data, over, told, depth, key, at)
        return
    if key and fields & ABOUT_ITEMS:
        yield _headed(replace(entry_of({"title": key, **data}, at), key=key), over)
        return
    before = len(told.faults)
    count = 0
    for name, inner in data.items():
        if isinstance(inner, list) and (_records(inner) or _is_list_of_items(str(name), over)):
            below = over.under(str(name))
            for entry in _walk(inner, below, told, depth + 1, listed=False, key="", line=at):
                count += 1
                yield entry
        elif isinstance(inner, Mapping):
            for entry in _keyed(str(name), inner, over, told, depth, at):
                count += 1
                yield entry
    if listed and not count and len(told.faults) == before:
        told.fault(at, "an entry without a title", loses=False)


def _flat(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record whose `fields` are a level deeper, as Jira writes an issue, as one level."""
    inner = data.get("fields")
    if not isinstance(inner, Mapping):
        return data
    return {**{name: told for name, told in data.items() if name != "fields"}, **inner}


def _keyed(
    name: str, inner: Mapping[str, Any], over: _Heading, told: Sightings, depth: int, line: int
) -> Iterator[Entry]:
    """A mapping under a key: an item whose id or title is the key, or one more level."""
    at = getattr(inner, "line", 0) or line
    below = over.under(name)
    is_group = field_of(name) == "children" or below != over
    if field_of(name) == "title":
        told.fault(at, "a title that is no text", loses=False)
    yield from _walk(
        inner, below, told, depth + 1, listed=False, key="" if is_group else name, line=at
    )


def _item(
    data: Mapping[str, Any], over: _Heading, told: Sightings, depth: int, key: str, line: int
) -> Iterator[Entry]:
    own = {name: value for name, value in data.items()}
    children: list[Any] = []
    for name in list(own):
        if field_of(str(name)) == "children" and isinstance(own[name], list):
            inner = own.pop(name)
            if _records(inner):
                children += inner
            else:
                own["steps"] = "".join(f"\n- {text_of(one)}" for one in inner)
    if key and not any(field_of(str(name)) == "id" for name in own):
        own["id"] = key
    yield _headed(entry_of(own, line), over)
    if children:
        yield from _walk(children, over, told, depth + 1, listed=False, key="", line=line)


def _headed(entry: Entry, over: _Heading) -> Entry:
    fields = dict(entry.fields)
    if over.priority:
        fields.setdefault("priority", over.priority)
    if over.state is not None:
        fields.setdefault("state", over.state.value)
    return replace(entry, fields=fields, family=entry.family or over.family)


def _nested(value: Any) -> bool:
    return isinstance(value, (list, Mapping))


def _records(value: list[Any]) -> bool:
    return any(isinstance(one, (Mapping, list)) for one in value)


def _is_list_of_items(name: str, over: _Heading) -> bool:
    """Whether a list of sentences under this key is one of things to do."""
    return field_of(name) in ("children", "title") or over.under(name) != over
