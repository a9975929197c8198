"""The boxes of the dashboard: written with a name that nobody sees, found again by it (B14).

Promises: pure; a box is known by its name alone, whatever people did to the words around it; text
of strangers never holds one, because what is shown of it has no comment in it.
"""

from __future__ import annotations

import re
from typing import get_args

from bot.story.dashboard_events import Action, Tick

ACTIONS: tuple[Action, ...] = get_args(Action)
_BOX = re.compile(
    r"^[ \t>]*[-*+][ \t]+\[([ xX])\][ \t]*"
    rf"<!-- towpath:(\d{{1,12}}):(\d{{1,12}}):({'|'.join(ACTIONS)}) -->",
    re.MULTILINE | re.ASCII,
)


def box(tick: Tick, ticked: bool, words: str) -> str:
    """A line of a task list."""
    name = f"<!-- towpath:{tick.shown}:{tick.item}:{tick.action} -->"
    return f"- [{'x' if ticked else ' '}] {name}{words}"


def ticked(body: str) -> dict[str, Tick]:
    """Place → the ticked boxes of a text; of several of one name the latest shown."""
    found: dict[str, Tick] = {}
    for mark, shown, item, action in _BOX.findall(body.replace("\r", "\n")):
        if mark == " ":
            continue
        tick = Tick(shown=int(shown), item=int(item), action=action)
        known = found.get(tick.place)
        if known is None or known.shown < tick.shown:
            found[tick.place] = tick
    return found


def shown(body: str) -> int:
    """The number of the writing that a text is from; 0 where no box tells it."""
    return max((int(number) for _, number, *_ in _BOX.findall(body.replace("\r", "\n"))), default=0)
