"""What the command line says about the backlog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NOTHING = "There is nothing in the backlog. `towpath backlog import PATH` reads documents into it."
NONE_LIKE_IT = "No item is like that. `towpath backlog list --all` shows those that there are."
INPUT_NAMES = {
    "value": "business value",
    "time": "time criticality",
    "risk": "risk reduction",
    "size": "job size",
}


def no_item(number: int) -> str:
    return f"There is no item {number}. `towpath backlog list --all` shows those that there are."


def no_repository(name: str) -> str:
    return f"Nothing is known of the repository {name}. Give its numeric id, or leave it out."


def unknown_kind(kind: str, known: Sequence[str]) -> str:
    return f"There is no kind {kind!r}; there are {', '.join(known)}."


def nothing_known(path: str) -> str:
    return f"{path}: no kind of document that is known here. `--kind` names one."


def unreadable(path: str, why: str) -> str:
    return f"{path}: cannot be read ({why})."


def fault(place: str, line: int, what: str) -> str:
    return f"{place}:{line}: {what}" if line else f"{place}: {what}"


def imported(place: str, source: str, counts: Mapping[str, int]) -> str:
    told = [f"{number} {what}" for what, number in counts.items() if number]
    return f"{place} ({source}): {', '.join(told) or 'nothing in it'}"


def total(found: int, changed: int, unchanged: int, gone: int, *, dry: bool) -> str:
    would = "Would be: " if dry else ""
    return f"{would}{found} new, {changed} changed, {unchanged} as before, {gone} gone."


def added(number: int, *, known: bool) -> str:
    return f"That is item {number} already." if known else f"Item {number} was added."


def row(one: Mapping[str, Any], title: str) -> str:
    return (
        f"{one['number']:>6}  {one['wsjf']:>6.2f}  {one['priority']:<8}  {one['state']:<8}  "
        f"{one['family']:<10}  {title}"
    )


HEAD = f"{'item':>6}  {'score':>6}  {'priority':<8}  {'state':<8}  {'family':<10}  title"


def more(shown: int, whole: int) -> str:
    return f"{shown} of {whole} are shown; `--limit` shows more."


def shown(one: Mapping[str, Any], title: str) -> list[str]:
    """An item with where each of its fields comes from. `title`: made safe for a terminal."""
    why = f" ({one['reason']})" if one["reason"] else ""
    lines = [
        f"{one['number']}: {title}",
        f"  {one['family']}, {one['state']}{why}",
        f"  score {one['wsjf']:.2f} ({one['priority']}): ({_sum(one)}) / {_number(one, 'size')}"
        f"{_own(one)} × {one['ageing']:.3f} for its age",
    ]
    for name, said in INPUT_NAMES.items():
        told = one["inputs"].get(name)
        if told:
            by = " ".join(part for part in (told["authority"], told["reason"], told["by"]) if part)
            lines.append(f"  {said:<16} {told['number']:>2}  {by}  {told['place']}".rstrip())
    lines += [
        f"  seen in {source['place']}{':' + str(source['line']) if source['line'] else ''}"
        f" ({source['source']})"
        for source in one["sources"]
    ]
    return lines


def _own(one: Mapping[str, Any]) -> str:
    """What a scoring of the project's own said."""
    told = one["scoring"]
    if not told["reason"] and told["factor"] == 1:
        return ""
    return f" × {told['factor']:g} ({told['reason']})"


def _sum(one: Mapping[str, Any]) -> str:
    return " + ".join(str(_number(one, name)) for name in ("value", "time", "risk"))


def _number(one: Mapping[str, Any], name: str) -> int:
    told = one["inputs"].get(name)
    return told["number"] if told else 1
