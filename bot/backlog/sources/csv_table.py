"""CSV and TSV as spreadsheets write them (B4): any delimiter, quoted line ends, `sep=;`."""

from __future__ import annotations

import csv
import re

from bot.backlog.entry import Sightings, entry_of
from bot.backlog.sources.document import Document, reader
from bot.backlog.words import field_of

NAME = "csv"

_DELIMITERS = ",;\t|"
_MOST_FAULTS = 200


def fits(document: Document) -> bool:
    return document.ending in (".csv", ".tsv")


def _entries(document: Document, told: Sightings) -> None:
    lines = document.text.split("\n")
    start, delimiter = 0, ""
    if found := re.fullmatch(r"\s*sep=(.)\s*", lines[0]):
        start, delimiter = 1, found[1]
    rows = _rows(lines, start, delimiter or _delimiter(lines[start:], document.ending), told)
    head: list[str] = []
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if not head:
            if not {field_of(cell) for cell in cells} & {"title", "body"}:
                told.fault(line, "no column for a title: " + ", ".join(cells)[:120])
                return
            head = _named(cells)
            continue
        if len(cells) > len(head) and any(cell.strip() for cell in cells[len(head) :]):
            told.fault(line, f"{len(cells)} cells under {len(head)} headers", loses=False)
        told.add(entry_of(dict(zip(head, (c.strip() for c in cells), strict=False)), line))


def _named(cells: list[str]) -> list[str]:
    """The headers; one that is there twice keeps its first column."""
    names: list[str] = []
    for position, cell in enumerate(cells, 1):
        name = cell.strip() or f"column {position}"
        names.append(name if name not in names else f"{name} ({position})")
    return names


def _delimiter(lines: list[str], ending: str) -> str:
    """The delimiter with which the head names the most fields."""
    head = next((line for line in lines if line.strip()), "")
    if ending == ".tsv":
        return "\t"
    return max(_DELIMITERS, key=lambda one: (_known(head, one), head.count(one)))


def _known(head: str, delimiter: str) -> int:
    return sum(field_of(cell.strip(' "')) is not None for cell in head.split(delimiter))


def _rows(
    lines: list[str], start: int, delimiter: str, told: Sightings
) -> list[tuple[int, list[str]]]:
    """The rows with the line each begins in. A row that does not end well costs its first line."""
    rows: list[tuple[int, list[str]]] = []
    faults = 0
    while start < len(lines):
        reading = csv.reader(
            (f"{line}\n" for line in lines[start:]),
            delimiter=delimiter,
            skipinitialspace=True,
            strict=True,
        )
        before = 0
        try:
            for cells in reading:
                rows.append((start + before + 1, cells))
                before = reading.line_num
            return rows
        except csv.Error as error:
            told.fault(start + before + 1, f"broken row: {error}")
            start += before + 1
            faults += 1
            if faults == _MOST_FAULTS:
                told.fault(start, "too many broken rows")
                return rows
    return rows


read = reader(NAME, _entries)
