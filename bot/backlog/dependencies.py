"""What an item comes after, by what is written about it (S25).

Promises: pure; only sentences that say so count ("blocked by #3", "depends on #4 and #5"), and
nothing in code or quotes does. A circle is found and named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

_SAYS = re.compile(
    r"\b(?:(?:is\s+)?blocked\s+by|depends?\s+on|depends|(?:comes|starts)\s+after|requires|needs|waits?\s+for)"
    r"\s*:?\s*(?:issues?\s+)?((?:#[1-9]\d{0,9}(?:\s*(?:,|and|&|\+)\s*(?:and\s+)?)?)+)",
    re.IGNORECASE | re.ASCII,
)
_NUMBER = re.compile(r"#(\d+)", re.ASCII)
_FENCE = re.compile(r"^(`{3,}|~{3,}).*?(?:^\1[`~]*\s*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_NOT = re.compile(r"\b(?:not|no longer|never|isn'?t|n't)\s+(?:\w+\s+)?$", re.IGNORECASE)


def comes_after(title: str, body: str, own: int = 0) -> tuple[int, ...]:
    """The issues that have to be done before. `own`: the item's issue, which is none of them."""
    text = _CODE.sub(" ", _FENCE.sub("\n", f"{title}\n{body[:60_000]}"))
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))
    found = {
        int(number)
        for said in _SAYS.finditer(text)
        if not _NOT.search(text[max(0, said.start() - 20) : said.start()])
        for number in _NUMBER.findall(said[1])
    }
    return tuple(sorted(found - {own}))


def in_circles(after: Mapping[int, Iterable[int]]) -> frozenset[int]:
    """The issues that come after themselves, by way of others. `after`: issue → what is before."""
    left = {issue: set(before) for issue, before in after.items()}
    circles: set[int] = set()
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle = set(error.args[1])
            circles |= circle
            for issue in circle & left.keys():
                left[issue] = left[issue] - circle
            continue
        return frozenset(circles)
