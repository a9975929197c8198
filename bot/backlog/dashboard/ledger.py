"""The dashboard of a repository as the journal tells it (B14).

Promises: pure; a tick counts once, whoever tells of it and however often: what was answered, or
taken back at the same writing, is not heard again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.configuration.schema import RepositoryConfig
from bot.story import dashboard_events as e
from bot.story.dashboard_view import Answer, Pending
from bot.story.events import EffectFailed, EffectPerformed, EffectProposed
from bot.story.journal import Journal
from bot.story.vocabulary import Repository
from policies.dashboard import DashboardFacts

ANSWERS = 10  # that are still shown
_REMEMBERED = 2000  # names of ticks that were answered


def stream_of(repository_id: int) -> str:
    """The journal's stream of a repository's dashboard."""
    return f"dashboard/{repository_id}"


@dataclass(frozen=True)
class Board:
    """`issue`: 0 where there is none. `made`: how many there were; `tries`: at writing.

    Of the last writing: `writing` its number, `says` a digest of what it showed, `body` one of its
    text, `shows` the places of the boxes that it showed as ticked. `refused`: when a writing was
    refused last. `closed`: by a person. `pending`: by place.
    """

    issue: int = 0
    url: str = ""
    made: int = 0
    tries: int = 0
    writing: int = 0
    says: str = ""
    body: str = ""
    shows: frozenset[str] = frozenset()
    closed: bool = False
    refused: datetime | None = None
    pending: Mapping[str, Pending] = field(default_factory=dict)
    answered: tuple[str, ...] = ()  # names of ticks
    settled: Mapping[str, int] = field(default_factory=dict)  # place → writing of the last answer
    answers: tuple[Answer, ...] = ()
    version: int = 0

    def is_over(self, tick: e.Tick, by_somebody: bool) -> bool:
        """Whether a tick that is told of is an old one.

        One that nobody is known to have made is old up to the writing of the last answer at its
        box: until then it was carried over from writing to writing.
        """
        carried = not by_somebody and tick.shown <= self.settled.get(tick.place, -1)
        return carried or tick.name in self.answered


def fold(recorded: Iterable[Any]) -> Board:
    """The board that things with .seq, .at and .event tell of."""
    board = Board()
    for record in recorded:
        board = replace(_happen(board, record.event, record.at), version=record.seq)
    return board


def _happen(board: Board, event: Any, at: datetime) -> Board:
    match event:
        case e.BoxTicked():
            return _ticked(board, event, at)
        case e.BoxCleared():
            return replace(board, pending=_without(board.pending, event.tick))
        case e.BoxAnswered():
            return _answered(board, event, at)
        case e.DashboardClosed():
            return replace(board, closed=True)
        case e.DashboardReopened():
            return replace(board, closed=False)
        case e.DashboardLost():
            return replace(board, issue=0, url="", says="", body="", refused=None)
        case EffectPerformed(effect="show_dashboard"):
            return _written(board, event.result)
        case EffectFailed(effect="show_dashboard", final=True):
            return replace(board, refused=at, tries=board.tries + 1)
        case EffectProposed(effect="show_dashboard") if not event.verdict.allowed:
            return replace(board, refused=at, tries=board.tries + 1)
        case _:
            return board


def _ticked(board: Board, event: e.BoxTicked, at: datetime) -> Board:
    known = board.pending.get(event.tick.place)
    over = board.is_over(event.tick, event.person is not None)
    if over or (known is not None and known.person is not None):
        return board  # the first who ticked it
    told = Pending(event.tick, event.person, known.since if known else at)
    return replace(board, pending={**board.pending, event.tick.place: told})


def _answered(board: Board, event: e.BoxAnswered, at: datetime) -> Board:
    tick, place = event.tick, event.tick.place
    names = {tick.name} | ({board.pending[place].tick.name} if place in board.pending else set())
    return replace(
        board,
        pending=_without(board.pending, tick),
        answered=(*board.answered, *sorted(names))[-_REMEMBERED:],
        settled={**board.settled, place: max(board.writing, tick.shown)},
        answers=(*board.answers, Answer(event, at))[-ANSWERS:],
    )


def _without(pending: Mapping[str, Pending], tick: e.Tick) -> dict[str, Pending]:
    return {place: one for place, one in pending.items() if place != tick.place}


def _written(board: Board, result: Mapping[str, Any]) -> Board:
    tries = board.tries + 1
    if result["outcome"] != "written":
        return replace(board, tries=tries)
    return replace(
        board,
        issue=int(result["number"]),
        url=str(result["url"]),
        made=board.made + (int(result["number"]) != board.issue),
        tries=tries,
        writing=int(result["writing"]),
        says=str(result["says"]),
        body=str(result["body"]),
        shows=frozenset(result["ticked"]),
        refused=None,
    )


def dashboard_facts(
    journal: Journal, configuration: Callable[[Repository], RepositoryConfig]
) -> Callable[[Repository], DashboardFacts]:
    """What decides on writing a repository's dashboard, as the journal tells it by then."""

    def facts(repository: Repository) -> DashboardFacts:
        board = fold(journal.load(stream_of(repository.id)))
        wanted = configuration(repository).backlog.dashboard.enabled
        return DashboardFacts(repository.id, wanted, board.issue, board.closed)

    return facts
