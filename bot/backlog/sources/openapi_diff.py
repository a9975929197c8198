"""The report of an OpenAPI diff: each breaking change is an item (B4).

Reads what oasdiff (`breaking`, `changelog`; JSON or YAML), Atlassian's openapi-diff and Azure's oad
write. Changes that break nobody are no work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.backlog.entry import Entry, Sightings
from bot.backlog.sources import json_records, yaml_records
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.json_reports import inside, line_of, objects, text
from bot.story.item_events import Family

NAME = "openapi_diff"

_BREAKS = ("3", "2", "error", "err", "warning", "warn", "breaking")
_KEYS = ("breakingDifferences", "breaking_changes", "breakingChanges")


_NAMES = ("oasdiff", "openapi-diff", "openapi_diff", "api-diff")


def fits(document: Document) -> bool:
    if document.ending not in (".json", ".yaml", ".yml"):
        return False
    if any(word in document.name for word in _NAMES):
        return True
    signs = [f'"{key}"' for key in _KEYS] + ['"operation"', "operation:"]
    if not any(sign in document.text for sign in signs):
        return False
    quiet = Sightings("", "")
    return any(True for _ in _changes(_data(document, quiet), quiet))


def _data(document: Document, told: Sightings) -> Any:
    if document.ending == ".json":
        return json_records.parsed(document.text, told)
    found = yaml_records.parsed(document.text, told)
    return found[0] if len(found) == 1 else found


def _entries(document: Document, told: Sightings) -> None:
    for one in _changes(_data(document, told), told):
        told.add(_entry(one))


def _changes(data: Any, told: Sightings) -> Iterator[dict[str, Any]]:
    """The breaking changes of a report."""
    if isinstance(data, dict):
        for key in _KEYS:
            yield from objects(data, key)
        for key in ("changes", "messages", "differences"):
            yield from _changes(data.get(key), told)
        return
    for one in data if isinstance(data, list) else ():
        if not isinstance(one, dict):
            continue
        level = text(one, "level") or text(one, "type") or text(one, "severity")
        says = one.keys() & {"text", "message"} and one.keys() & {"id", "code"}
        if says and level.casefold() in _BREAKS:
            yield one
        elif says and not level:
            told.fault(line_of(one), "a change that does not say whether it breaks anything")


def _entry(one: dict[str, Any]) -> Entry:
    what = text(one, "text") or text(one, "message") or text(one, "code") or "a breaking change"
    method, path = text(one, "operation"), text(one, "path")
    rule = text(one, "id") or text(one, "code") or text(one, "type")
    place = (
        text(one, "new", "ref")
        or text(one, "new", "location")
        or text(one, "sourceSpecEntityDetails", "0", "location")
    )
    where = " ".join(part for part in (method.upper(), path) if part) or place
    action = text(one, "action")
    if action and "message" not in one and "text" not in one:
        what = f"{what} ({action})"
    level = text(one, "level") or text(one, "type")
    sure = level.casefold() in ("3", "error", "err", "breaking") or not level
    details = inside(one, "comment")
    return Entry(
        f"Breaking API change: {where + ': ' if where else ''}{what}",
        line_of(one),
        "\n\n".join(part for part in (rule, place, str(details or "")) if part),
        {},
        key=f"{rule}|{method}|{path}|{what}"[:300],
        family=Family.BUG,
        severity="high" if sure else "medium",
        identities=(f"api:{rule}|{where}|{what}",),
    )


read = reader(NAME, _entries)
