"""Which lines ran: coverage.py and istanbul JSON, Cobertura XML, lcov, Go profiles."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree

from bot.workspace.declarations import table
from bot.workspace.parsers.parsed import Lines, Reading
from bot.workspace.parsers.text import document, number

_GO = re.compile(r"([^:\n]+):(\d+)\.\d+,(\d+)\.\d+ \d+ (\d+)")
_LONGEST_BLOCK = 100_000


def read(text: str) -> Reading | None:
    """By file: a line that ran in one place of the report ran."""
    start = text.lstrip()[:200]
    if start.startswith("mode: "):
        found = _go(text)
    elif start.startswith("<"):
        found = _cobertura(text)
    elif start.startswith(("TN:", "SF:")):
        found = _lcov(text)
    else:
        found = _json(document(text))
    if found is None:
        return None
    files = {
        file: Lines(
            tuple(sorted(n for n, hit in hits.items() if hit)),
            tuple(sorted(n for n, hit in hits.items() if not hit)),
        )
        for file, hits in found.items()
    }
    counts = {
        "covered": sum(len(lines.covered) for lines in files.values()),
        "missing": sum(len(lines.missing) for lines in files.values()),
    }
    return Reading(counts=counts, coverage=files)


_Hits = dict[str, dict[int, bool]]


def _collect(rows: Iterable[tuple[str, int | None, bool]]) -> _Hits:
    files: _Hits = defaultdict(dict)
    for file, line, hit in rows:
        if line is not None:
            files[file][line] = files[file].get(line, False) or hit
    return files


def _json(value: Any) -> _Hits | None:
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("files"), dict) and "meta" in value:
        return {
            file: {
                line: key == "executed_lines"
                for key in ("missing_lines", "executed_lines")
                for line in _numbers(table(about).get(key))
            }
            for file, about in value["files"].items()
        }
    if value and all("statementMap" in table(about) for about in value.values()):
        return _collect(
            (file, number(table(where, "start").get("line")), bool(table(about, "s").get(key)))
            for file, about in value.items()
            for key, where in table(about, "statementMap").items()
        )
    return None


def _numbers(value: Any) -> list[int]:
    found = [number(item) for item in value] if isinstance(value, list) else []
    return [line for line in found if line is not None]


def _cobertura(text: str) -> _Hits | None:
    # Cobertura names its document type on a server that nobody must be asked for.
    text = re.sub(r"<!DOCTYPE[^>\[]{0,300}>", "", text, count=1)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - no document type gets here
    except ElementTree.ParseError:
        return None
    if root.tag != "coverage":
        return None
    sources = [s.text.strip() for s in root.iterfind("sources/source") if s.text and s.text.strip()]
    # With several sources the report does not say which of them a file belongs to.
    source = sources[0] if len(sources) == 1 else ""
    return _collect(
        (posixpath.join(source, about.get("filename", "")), number(line.get("number")),
         line.get("hits", "0") != "0")
        for about in root.iter("class")
        for line in about.iterfind("lines/line")
    )  # fmt: skip


def _lcov(text: str) -> _Hits | None:
    def rows() -> Iterable[tuple[str, int | None, bool]]:
        file = ""
        for line in text.split("\n"):
            kind, _, said = line.partition(":")
            if kind == "SF":
                file = said.strip()
            elif kind == "DA":
                place, _, hits = said.partition(",")
                yield file, number(place), hits.split(",")[0].strip() not in {"", "0"}

    return _collect(rows())


def _go(text: str) -> _Hits | None:
    def rows() -> Iterable[tuple[str, int | None, bool]]:
        budget = 2_000_000  # lines of blocks: a forged profile may claim any number of them
        for line in text.split("\n"):
            if not (found := _GO.fullmatch(line)):
                continue
            first, last = number(found[2]), number(found[3])
            if first is None or last is None or last - first > _LONGEST_BLOCK:
                continue
            budget -= last - first
            if budget < 0:
                return
            yield from ((found[1], n, found[4] != "0") for n in range(first, last + 1))

    return _collect(rows())
