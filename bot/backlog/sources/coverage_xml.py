"""Coverage XML (Cobertura, JaCoCo, Clover): each file that its tests hardly reach is an item (B4).

A file counts when fewer than 80% of its lines are run and ten or more are not: one item a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.backlog.entry import Entry, Sightings
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.xml_events import Element, elements
from bot.story.item_events import Family

NAME = "coverage_xml"

LEAST = 0.8  # of the lines of a file
_FEW = 10  # lines that are not run, below which a file is no work of its own
_SIZES = ((20, 2), (60, 3), (150, 5), (400, 8))


def fits(document: Document) -> bool:
    return bool(
        re.search(r"<coverage\b|<report\b[^>]*>\s*<(?:sessioninfo|package|group)", document.head)
    )


@dataclass
class _File:
    line: int
    run: set[int] = field(default_factory=set)
    missed: set[int] = field(default_factory=set)
    counts: tuple[int, int] = (0, 0)  # of formats that give no lines: run, missed


def _entries(document: Document, told: Sightings) -> None:
    files: dict[str, _File] = {}

    def each(one: Element, parents: tuple[Element, ...]) -> bool:
        if one.name == "line" and one.get("number", "num", "nr"):
            _line(files, one, parents)
            return True
        if one.name == "counter" and one.get("type") == "LINE":
            if parents and parents[-1].name == "sourcefile":
                at = _file(files, parents)
                if at is not None:
                    at.counts = (_int(one.get("covered")), _int(one.get("missed")))
            return True
        return one.name in ("class", "package", "method", "lines", "file", "sourcefile", "counter")

    elements(document.data, told, each, ("class", "sourcefile", "file"), ("package",))
    for name in sorted(files):
        at = files[name]
        missed = at.missed - at.run
        run, not_run = (len(at.run), len(missed)) if at.run or missed else at.counts
        if not_run >= _FEW and run < LEAST * (run + not_run):
            told.add(_entry(name, at.line, run, not_run, sorted(missed)))


def _line(files: dict[str, _File], one: Element, parents: tuple[Element, ...]) -> None:
    at = _file(files, parents)
    number = _int(one.get("number", "num", "nr"))
    if at is None or not number:
        return
    hits = _int(one.get("hits", "count", "ci"))
    (at.run if hits > 0 else at.missed).add(number)


def _file(files: dict[str, _File], parents: tuple[Element, ...]) -> _File | None:
    """The file that an element belongs to; each format names it in another attribute."""
    for one in reversed(parents):
        name = one.get("filename") or (one.get("path", "name") if one.name != "class" else "")
        if one.name in ("class", "sourcefile", "file") and name:
            if one.name == "sourcefile":
                package = next((p.get("name") for p in parents if p.name == "package"), "")
                name = f"{package}/{name}" if package else name
            return files.setdefault(name, _File(one.line))
    return None


def _entry(name: str, line: int, run: int, missed: int, lines: list[int]) -> Entry:
    size = next((size for most, size in _SIZES if missed <= most), 13)
    reason = f"{missed} lines are not run"
    body = f"{run} of {run + missed} lines are run by tests."
    if lines:
        body += f" Not run: {_ranges(lines)}."
    return Entry(
        f"Test {name}",
        line,
        body,
        {"file": name},
        key=name,
        family=Family.TEST,
        identities=(f"coverage:{name}",),
        inputs={"size": (size, reason), "risk": (5 if run < missed else 3, reason)},
    )


def _ranges(lines: list[int]) -> str:
    """`3-7, 12`: the first forty of them."""
    spans: list[list[int]] = []
    for line in lines:
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    told = [str(a) if a == b else f"{a}-{b}" for a, b in spans[:40]]
    return ", ".join(told) + (" …" if len(spans) > 40 else "")


def _int(text: str) -> int:
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return 0


read = reader(NAME, _entries)
