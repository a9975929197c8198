"""JSON and JSON Lines (B4). A broken entry costs itself: the rest of its list is still read."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from json.decoder import JSONDecodeError, JSONObject, scanstring
from json.scanner import py_make_scanner
from typing import Any

from bot.backlog.entry import Sightings
from bot.backlog.sources.document import Document, reader
from bot.backlog.sources.records import Lined, looks_like_items, take

NAME = "json"

_ENDINGS = (".json", ".jsonl", ".ndjson", ".json5")
_OPENS = re.compile(r"[\[{]")
_MOST_FAULTS = 200


def fits(document: Document) -> bool:
    if document.ending not in _ENDINGS:
        return False
    if document.is_named_plan or document.ending in (".jsonl", ".ndjson"):
        return True
    quiet = Sightings("", "")
    return looks_like_items(parsed(document.text, quiet))


class _Decoder(json.JSONDecoder):
    """Objects that know their lines; NaN and its like are refused, as JSON has none."""

    def __init__(self, text: str) -> None:
        super().__init__(parse_constant=_no_constant)
        self._ends = [at.start() for at in re.finditer("\n", text)]
        self.parse_object = self._object  # type: ignore[method-assign,assignment]
        self.parse_string = scanstring
        self.scan_once = py_make_scanner(self)

    def _object(
        self, at: tuple[str, int], strict: bool, scan: Any, hook: Any, pairs: Any, memo: Any
    ) -> tuple[Lined, int]:
        told, end = JSONObject(at, strict, scan, None, list, memo)
        found = Lined()
        for name, value in told:
            found.setdefault(name, value)
        found.line = self.line(at[1])
        return found, end

    def line(self, at: int) -> int:
        """The line of an offset."""
        return bisect_left(self._ends, at) + 1


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def parsed(text: str, told: Sightings) -> Any:
    """The data; for a broken document what can be read of it, with a fault for what cannot."""
    decoder = _Decoder(text)
    found: list[Any] = []
    at = _skip(text, 0)
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except JSONDecodeError as error:
            told.fault(error.lineno, f"broken JSON: {error.msg}")
            found += _pieces(decoder, text, at, told)
            break
        except RecursionError:
            told.fault(decoder.line(at), "nested too deeply")
            break
        except ValueError as error:
            told.fault(decoder.line(at), str(error))
            found += _pieces(decoder, text, at, told)
            break
        found.append(value)
        at = _skip(text, end)
    return found[0] if len(found) == 1 else found


def _skip(text: str, at: int) -> int:
    """Past white space, and the commas that some write between lines."""
    while at < len(text) and text[at] in " \t\n\r,\x1e":
        at += 1
    return at


def _pieces(decoder: _Decoder, text: str, at: int, told: Sightings) -> list[Any]:
    """The objects of a broken document that are whole, each on its own."""
    found: list[Any] = []
    at += 1  # into the value that did not end well
    faults = 0
    while (opened := _OPENS.search(text, at)) and faults < _MOST_FAULTS:
        at = opened.start()
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at, faults = at + 1, faults + 1
            continue
        if isinstance(value, dict):
            found.append(value)
        elif isinstance(value, list):
            found += [one for one in value if isinstance(one, dict)]
    return found


def _entries(document: Document, told: Sightings) -> None:
    take(parsed(document.text, told), told)


read = reader(NAME, _entries)
