"""What the readers of JSON reports share: careful looks into data of strangers.

Promises: a report that is broken somewhere is put together again from its objects that are whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bot.backlog.entry import Sightings
from bot.backlog.sources.document import Document
from bot.backlog.sources.json_records import parsed


def data_of(
    document: Document,
    told: Sightings,
    mended: Callable[[list[dict[str, Any]]], dict[str, Any]],
) -> dict[str, Any]:
    """The report; {} where it is no object. `mended`: a report of the whole objects of one."""
    before = len(told.faults)
    data = parsed(document.text, told)
    if len(told.faults) > before:
        pieces = data if isinstance(data, list) else [data]
        return mended([one for one in pieces if isinstance(one, dict)])
    if isinstance(data, list):
        data = next((one for one in data if isinstance(one, dict)), {})
    return data if isinstance(data, dict) else {}


def listed(pieces: list[dict[str, Any]], name: str, *signs: str) -> list[dict[str, Any]]:
    """The entries of the lists called `name`, and the pieces that have every one of `signs`."""
    found: list[dict[str, Any]] = []
    for one in pieces:
        found += objects(one, name)
        if all(sign in one for sign in signs):
            found.append(one)
    return found


def objects(data: Any, *path: str) -> Iterator[dict[str, Any]]:
    """The objects of the list at `path`; none where there is no such list."""
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    for one in data if isinstance(data, list) else ():
        if isinstance(one, dict):
            yield one


def inside(data: Any, *path: str) -> Any:
    """What is at `path`; None where something is missing on the way. Numbers index lists."""
    for name in path:
        if isinstance(data, dict):
            data = data.get(name)
        elif isinstance(data, list) and name.isdigit() and int(name) < len(data):
            data = data[int(name)]
        else:
            return None
    return data


def text(data: Any, *path: str) -> str:
    """The text at `path`; '' where there is none."""
    found = inside(data, *path)
    return found if isinstance(found, str) else str(found) if isinstance(found, int) else ""


def line_of(data: Any) -> int:
    """The line of an object in its document."""
    return getattr(data, "line", 0)
