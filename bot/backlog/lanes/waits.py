"""What keeps the work on a repository from going on, for people to see (B10, B14)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.backlog.lanes import NAMES
from bot.backlog.lanes.history import history, stream_of
from bot.backlog.lanes.lane import Wait
from bot.story.journal import Journal
from bot.story.services import degraded

_ITEM = re.compile(r"item [0-9]+", re.ASCII)
_NAMED = 5  # items of one line
PUBLISH = "publish"  # it tells of the others


def waits_of(journal: Journal, repository_id: int) -> Iterator[Wait]:
    """Services that are away, then what each lane waited for in its last run."""
    for away in degraded(journal):
        yield Wait(away.service, away.because, away.since)
    for lane in NAMES:
        ended = history(journal, stream_of(repository_id, lane)).ended
        if lane != PUBLISH and ended is not None:
            yield from together(Wait(*one) for one in ended.waits)


def together(waits: Iterable[Wait]) -> list[Wait]:
    """Items that wait for the same reason as one line, since the first of them began to."""
    found: dict[str, list[Wait]] = {}
    for one in waits:
        alike = one.reason if _ITEM.fullmatch(one.what) else f"{one.what}\n{one.reason}"
        found.setdefault(alike, []).append(one)
    return [_one(each) for each in found.values()]


def _one(alike: list[Wait]) -> Wait:
    if len(alike) == 1:
        return alike[0]
    if not all(_ITEM.fullmatch(one.what) for one in alike):
        return alike[0]  # said twice
    numbers = sorted(int(one.what.removeprefix("item ")) for one in alike)
    left = len(numbers) - _NAMED
    what = (
        "items " + ", ".join(map(str, numbers[:_NAMED])) + (f" and {left} more" if left > 0 else "")
    )
    since = min((one.since for one in alike if one.since is not None), default=None)
    return Wait(what, alike[0].reason, since)
