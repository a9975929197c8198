"""Many items that wait for the same reason take one line (B14).

Promises: pure; nothing is left out that has another reason. What may not be shown was taken out of
the reasons before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.story.dashboard_view import Wait

_ITEM = re.compile(r"item [0-9]+", re.ASCII)
_NAMED = 5  # items of one line


def together(waits: Iterable[Wait]) -> list[Wait]:
    """Items that wait for the same reason as one, since the first of them began to."""
    found: dict[tuple[str, str], list[Wait]] = {}
    for one in waits:
        what = "item" if _ITEM.fullmatch(one.what) else one.what
        found.setdefault((what, one.reason), []).append(one)
    return [_one(alike) for alike in found.values()]


def _one(alike: list[Wait]) -> Wait:
    if len(alike) == 1 or not _ITEM.fullmatch(alike[0].what):
        return alike[0]
    numbers = sorted({int(one.what.removeprefix("item ")) for one in alike})
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    since = min((one.since for one in alike if one.since is not None), default=None)
    told = ", ".join(map(str, numbers[:_NAMED]))
    return Wait(f"items {told}{more}", alike[0].reason, since)
