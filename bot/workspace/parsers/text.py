"""Output as lines that a pattern may be tried on.

Promises: no colours, no carriage returns, no line longer than a pattern may safely be tried on, all
in time linear in the length. Never: fails on any text.
"""

from __future__ import annotations

import json
import re
from typing import Any

LONGEST = 64 * 1024 * 1024  # characters that are looked at
LONGEST_REPORT = 8 * 1024 * 1024  # of a text without a structure: its end
LONGEST_LINE = 2_000

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def plain(output: str) -> str:
    """`output` without colours and control characters, every line ended by a newline."""
    text = _ESCAPE.sub("", output) if "\x1b" in output else output
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text)


def lines(text: str) -> list[str]:
    """The lines of `text`, each cut to what a pattern may be tried on."""
    return [line[:LONGEST_LINE] for line in text[-LONGEST_REPORT:].split("\n")]


def number(value: Any) -> int | None:
    """A line or column number, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 < value < 10_000_000 else None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 8:
        return int(value) or None
    return None


def count(value: Any) -> int:
    """A count that a tool claims; 0 when it is none."""
    return number(value) or 0


def document(text: str) -> Any:
    """The JSON document in `text`, where a line begins with one; None when there is none.

    Package managers print lines before what the tool prints, and sometimes after it.
    """
    decoder = json.JSONDecoder()
    tried = 0
    for start in re.finditer(r"^[ \t]*(?=[\[{])", text, re.MULTILINE):
        tried += 1
        if tried > 10:
            return None
        try:
            return decoder.raw_decode(text, start.end())[0]
        except (ValueError, RecursionError):
            continue
    return None


def documents(text: str) -> list[dict[str, Any]]:
    """The JSON objects that stand on a line each; other lines are passed over."""
    found = []
    for line in text.split("\n"):
        if line.startswith("{"):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                found.append(value)
    return found


def rows(value: Any, *path: str) -> list[dict[str, Any]]:
    """The objects in the list at `path`; anything of another shape is left out."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def silent(text: str) -> bool:
    """Nothing was said, but for what npm says before it runs a tool."""
    said = (line for line in text.split("\n") if line.strip())
    return all(re.match(r"npm (?:warn|WARN|notice)\b|> ", line) for line in said)


def first_line(text: str) -> str:
    """The first line of `text` that says anything."""
    return next((line.strip() for line in text.split("\n") if line.strip()), "")
