"""The backlog written out: YAML, JSON, CSV and Markdown that can be read in again (B14).

Promises: the same items give the same bytes; reading an export in again changes no field, because
each entry names its item (`towpath_item`). What people gave stands beside an entry, what was
estimated under `estimates`, so that an estimate never becomes somebody's word by a round trip.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import yaml

from bot.backlog.item import INPUTS, Item
from bot.story.item_events import Authority, ItemState

FORMATS = ("yaml", "json", "csv", "md")

_GIVEN = (Authority.COMMAND, Authority.LABEL, Authority.DOCUMENT)


def exported(items: Sequence[Item], form: str) -> str:
    """The items in their order, as `form` (one of FORMATS)."""
    records = [_record(item) for item in items]
    if form == "yaml":
        text: str = yaml.safe_dump(
            {"items": records}, sort_keys=False, allow_unicode=True, width=100
        )
        return text
    if form == "json":
        return json.dumps({"items": records}, ensure_ascii=False, indent=2) + "\n"
    if form == "csv":
        return _csv(records)
    return _markdown(records)


def _record(item: Item) -> dict[str, Any]:
    won = item.inputs
    told = {name: one for name in INPUTS if (one := getattr(won, name)) is not None}
    given = {name: one.number for name, one in told.items() if one.origin.authority in _GIVEN}
    guesses: dict[str, Any] = {n: one.number for n, one in told.items() if n not in given}
    guessed = item.origins["family"].authority is Authority.ESTIMATE
    record: dict[str, Any] = {
        "towpath_item": item.number,
        "title": item.title,
        "type": "" if guessed else str(item.family),
        "status": str(item.state),
        **given,
        "estimates": guesses | ({"type": str(item.family)} if guessed else {}),
        "labels": list(item.labels),
        "body": item.body,
        "reason": item.reason if item.state is ItemState.BLOCKED else "",
        "created": item.since.isoformat(),
    }
    return {name: value for name, value in record.items() if value not in ("", [], {})}


_COLUMNS = (
    "towpath_item", "title", "type", "status", *INPUTS, "labels", "body", "reason", "created"
)  # fmt: skip


def _csv(records: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for one in records:
        cells = {**one, "labels": ", ".join(one.get("labels", []))}
        rows.writerow([_cell(cells.get(name, "")) for name in _COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(value)
    return f" {text}" if text[:1] in "=+-@\t\r" else text


def _markdown(records: Sequence[dict[str, Any]]) -> str:
    names = [name for name in _COLUMNS if name != "body"]
    lines = ["# Backlog", "", f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    for one in records:
        cells = {**one, "labels": ", ".join(one.get("labels", []))}
        lines.append(f"| {' | '.join(_shown(cells.get(name, '')) for name in names)} |")
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    text = " ".join(str(value).split())
    for mark in "\\`*_[]<>|~#":
        text = text.replace(mark, f"\\{mark}")
    return text
