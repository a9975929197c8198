"""Marks in comments of the default branch (TODO, FIXME …), as the ledger has them (B3, B4).

Promises: a mark is one entry wherever it moves; the one with an issue is that issue's item; what is
gone from the ledger is gone from the backlog. Never: reads the repository.
"""

from __future__ import annotations

from bot.backlog.entry import Entry, Sightings
from bot.backlog.reading import Reading
from bot.backlog.todo.estimate import worth
from bot.backlog.todo.found import Todo
from bot.backlog.todo.ledger import Ledger, Tracked
from bot.story.item_events import Family
from bot.story.todo_events import MarkPlace
from bot.story.vocabulary import digest

NAME = "todo"
PLACE = "comments"


def reading(ledger: Ledger, repository: str = "") -> Reading:
    """Everything to do that comments say. `repository`: its full name."""
    told = Sightings(NAME, PLACE, repository)
    for one in ledger.present:
        told.add(_entry(one))
    return told.reading(digest([[one.key, one.digest] for one in told.found]))


def _entry(one: Tracked) -> Entry:
    place = one.place
    about = worth(todo_of(place))
    given = {"value": about.value, "time": about.time, "risk": about.risk, "size": about.size}
    return Entry(
        place.title or f"{place.kind} in {place.symbol or place.path}",
        0,
        f"{place.text}\n\n{place.path}:{place.line}",
        {},
        key=str(place.number),
        family=Family(about.family),
        identities=(f"issue:{one.issue}",) if one.issue else (),
        inputs={name: (each.number, each.reason) for name, each in given.items()},
    )


def todo_of(place: MarkPlace) -> Todo:
    """The mark as the scan found it, as far as the journal keeps it."""
    return Todo(
        path=place.path,
        line=place.line,
        end_line=place.end_line,
        kind=place.kind,
        text=place.text,
        title=place.title,
        owner="",
        reference="",
        symbol=place.symbol,
        language="",
        digest=place.digest,
    )
