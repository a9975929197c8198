"""What the dashboard shows of a backlog: plain values, gathered in a bounded number of reads (B14).

Promises: the order is that in which items are worked on; of a long backlog the first rows, the rest
counted; the same facts give the same view. Never: words for people, which are in `bot.texts`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from bot.backlog.dashboard.ledger import Board
from bot.backlog.dashboard.together import together
from bot.backlog.item import INPUTS, Item
from bot.backlog.ranked import Ranked
from bot.backlog.store import Backlog
from bot.backlog.visible import Shows
from bot.story.dashboard_events import Action
from bot.story.dashboard_view import Row, Story, View, Wait
from bot.story.item_events import ItemState
from policies.ranking import microseconds

MOST = 30  # rows of the table, and of each section
_SPARE = 4  # how many times as many are looked at for those that may be shown
_OPEN = (ItemState.READY, ItemState.REFINED, ItemState.NEW)
_SECTIONS = {
    "ready": (ItemState.READY,),
    "underway": (ItemState.DOING, ItemState.PR),
    "blocked": (ItemState.BLOCKED,),
    "proposed": (ItemState.REFINED, ItemState.NEW),
}


def view(
    backlog: Backlog,
    repository: str,
    board: Board,
    now: datetime,
    story: Callable[[int], Story | None],
    waits: Sequence[Wait] = (),
    closed: bool = False,
    shows: Shows = lambda item: item,
    most: int = MOST,
) -> View:
    """`story`: of an issue. `shows`: what of an item may be shown where this is.

    `most`: rows of the table and of each section.
    """
    if closed:
        return View(now.date(), (), {}, {}, {}, closed=True)
    counts = backlog.counts(repository)
    rows: dict[int, Row | None] = {}

    def row(one: Ranked) -> Row | None:
        if one.number not in rows:
            item = shows(backlog.item(repository, one.number))
            rows[one.number] = _row(item, one, now, story) if item else None
        return rows[one.number]

    def of(states: Sequence[ItemState]) -> tuple[Row, ...]:
        told = (row(one) for one in backlog.next(repository, most * _SPARE, states))
        return tuple(islice((one for one in told if one is not None), most))

    ranked = of(_OPEN)
    sections, rest = {}, {}
    for name, states in _SECTIONS.items():
        sections[name] = of(states)
        whole = sum(counts.get(str(state), 0) for state in states)
        rest[name] = max(0, whole - len(sections[name]))
    return View(
        now.date(),
        ranked,
        sections,
        rest,
        counts,
        tuple(together(waits))[:most],
        board.pending,
        board.answers,
        hides=None in rows.values(),
    )


def _row(item: Item, ranked: Ranked, now: datetime, story: Callable[[int], Story | None]) -> Row:
    issue = item.issue
    told = story(issue) if issue else None
    won = item.inputs
    given = item.given
    age = microseconds(now) - microseconds(item.since)
    return Row(
        number=item.number,
        title=item.title,
        family=str(item.family),
        state=str(item.state),
        score=float(ranked.score),
        inputs=tuple(
            (one.number, getattr(given, name) is not None)
            if (one := getattr(won, name)) is not None
            else None
            for name in INPUTS
        ),
        days=max(0, age // 86_400_000_000),
        reason=item.reason,
        since=item.moved_at.date(),
        issue=issue,
        story=told,
        boxes=boxes_of(item),
    )


def boxes_of(item: Item) -> tuple[Action, ...]:
    """What a person can tick at an item now."""
    match item.state:
        case ItemState.READY | ItemState.REFINED | ItemState.NEW:
            return ("start", "hold", "up", "down")
        case ItemState.BLOCKED if item.held:
            return ("release",)
        case _:
            return ()
