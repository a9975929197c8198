"""What labels say about an item: `wsjf:value=8`, `size/M`, `priority: high`, `type:bug` (B4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.backlog.words import family_of, field_of, number_of, priority_of
from bot.story.item_events import Family

_INPUT = re.compile(r"\s*(?:wsjf\s*[:/. _-]\s*)?([\w -]{1,30}?)\s*[:=/]\s*([^:=/]{1,20})\s*")
_WORDS = ("priority", "prio", "severity", "importance", "impact", "p")
_KINDS = ("type", "kind", "category", "area", "family")


@dataclass
class Said:
    """What the labels of one item say together."""

    inputs: dict[str, tuple[int, str]] = field(default_factory=dict)  # name → (number, label)
    priority: tuple[str, str] | None = None  # (level, label)
    family: tuple[Family, str] | None = None  # (family, label)


def said(labels: Sequence[str]) -> Said:
    """Reads them in their order by name, so that the order on the issue does not matter."""
    told = Said()
    for label in sorted(labels):
        _read(label, told)
    return told


def _read(label: str, told: Said) -> None:
    found = _INPUT.fullmatch(label)
    name, word = (found[1].strip().casefold(), found[2].strip()) if found else ("", label.strip())
    if found and name not in _WORDS and name not in _KINDS:
        what = field_of(name)
        if what in ("value", "time", "risk", "size"):
            number = number_of(word, what)
            if number is not None and what not in told.inputs:
                told.inputs[what] = (number, label)
            return
    if name in _KINDS or not found:
        family = family_of(word)
        if family is not None and _beats(family, told.family):
            told.family = (family, label)
            return
    if name in _WORDS or (not found and _is_priority(word)):
        level = priority_of(word.casefold().replace("priority", ""))
        if level is not None and told.priority is None:
            told.priority = (level, label)


def _is_priority(word: str) -> bool:
    bare = word.casefold()
    return bool(re.fullmatch(r"p[0-5]", bare)) or "priority" in bare or bare in _ALONE


_ALONE = ("critical", "urgent", "blocker", "showstopper")  # words that mean nothing else

_ORDER = (
    Family.SECURITY, Family.BUG, Family.TEST, Family.DOCS, Family.DEBT, Family.OPERATIONS,
    Family.FEATURE,
)  # fmt: skip


def _beats(family: Family, before: tuple[Family, str] | None) -> bool:
    """Of several kinds the one that narrows most: a security bug is a security item."""
    return before is None or _ORDER.index(family) < _ORDER.index(before[0])
