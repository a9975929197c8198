"""One issue shows the backlog, and its boxes are obeyed (B14).

Promises: written only where something is new, and only over what was read, so that a box ticked
meanwhile is found: by the next look, or by the text that GitHub says our writing replaced. Each
tick is obeyed once, for whoever GitHub says ticked it, and answered in the issue. Deleted, it is
opened again; closed by a person, it rests until it is reopened.
Never: obeys a bot, ourselves or nobody.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from bot.backlog.dashboard.ledger import Board, fold, stream_of
from bot.backlog.dashboard.obey import Desk, obey
from bot.backlog.dashboard.view import view
from bot.backlog.lanes.run import backlog_of
from bot.backlog.lanes.waits import waits_of
from bot.backlog.start import PERSON, start
from bot.backlog.visible import audience, reason_for_all
from bot.story.dashboard_boxes import shown, ticked
from bot.story.dashboard_events import (
    BoxAnswered,
    BoxCleared,
    BoxTicked,
    DashboardClosed,
    DashboardEvent,
    DashboardLost,
    DashboardReopened,
    seen,
)
from bot.story.dashboard_view import CLOSED, Story, View, Wait
from bot.story.effects import ShowDashboard
from bot.story.involved import is_us, person
from bot.story.issues import issue_if_there
from bot.story.journal import Conflict, Head
from bot.story.office import Delivery, Office
from bot.story.performer import NotAllowed, NotNow, Refused
from bot.story.vocabulary import Person, Repository
from bot.texts import dashboard as texts

_TRIES = 4
UNKNOWN = timedelta(minutes=30)  # how long a tick waits for the webhook that says whose it is
REFUSED = timedelta(hours=1)  # until a refused writing is tried again
_JOKE = 100  # writings that may have been lost
_ANSWERING = 120.0  # seconds until somebody else may go on with the ticks
_NOBODY = Person(id=0, login="nobody")


def may_show(office: Office, repository: Repository) -> bool:
    """Whether anything is done about one here: a rehearsal shows none, it changes nothing."""
    return office.configuration(repository).mode == "on" and not office.stopped(repository)


def known(office: Office, repository: Repository) -> Board:
    """The dashboard as the journal tells it."""
    return fold(office.records(stream_of(repository.id)))


def look(office: Office, repository: Repository) -> bool:
    """Hear what was ticked, and have the issue say what is so now. Whether it does, in the end.

    Raises what reads of GitHub raise.
    """
    if not may_show(office, repository):
        return False
    one = _Dashboard(office, repository)
    for _ in range(_TRIES):
        try:
            done = one.brought_up()
            if done is not None:
                return done
        except Conflict:
            continue  # somebody else wrote to this journal, or moved an item, meanwhile
        except (NotNow, NotAllowed, Refused):
            return False  # in the journal; a later look tries again
    return False


class _Dashboard:
    """One look at the dashboard of a repository."""

    def __init__(self, office: Office, repository: Repository) -> None:
        self._office, self._repository = office, repository
        self._stream = stream_of(repository.id)
        config = office.configuration(repository).backlog
        self._backlog = backlog_of(office.journal, config.scoring.rule)
        self._config, self._wanted = config, config.dashboard.enabled

    def brought_up(self) -> bool | None:
        """One round: whether the issue is up to date; None: look again, it is not what was read."""
        board, now = self._known(), self._office.clock()
        if not self._wanted and (not board.issue or board.says == CLOSED):
            if board.closed and not board.issue:  # asked for again, there is to be another
                self._keep(board, DashboardReopened(issue=0))
            return True
        if board.closed and not board.issue:
            return True  # closed, then deleted: nobody wants it
        issue: dict[str, Any] = {}
        if board.issue:
            found = self._issue(board.issue)
            if found is None:
                self._keep(board, DashboardLost(issue=board.issue))
                return None
            issue, board = found, self._state(board, found)
        if board.refused is not None and abs(now - board.refused) < REFUSED:
            return False
        text, closed = str(issue.get("body") or ""), board.closed or not self._wanted
        if not closed:
            board = self._answer(self._hear(board, text))
        key = str(self._repository.id)
        shows = audience(self._office.github, self._repository, self._config)
        waits = [
            Wait(one.what, reason_for_all(self._backlog, key, shows, *one[:2]), one.since)
            for one in waits_of(self._office.journal, self._repository.id)
        ]
        told = view(self._backlog, key, board, now, self._story, waits, closed, shows)
        same = told.says == board.says and seen(text) == board.body
        if board.issue and same and (issue.get("state") == "closed") == closed:
            return True
        return self._write(board, told, text)

    def _write(self, board: Board, told: View, text: str) -> bool | None:
        there = shown(text)  # more than ours, where a writing was not recorded, or somebody's joke
        writing = max(board.writing, there if there <= board.writing + _JOKE else 0) + 1
        # The first writing has one key whatever it says: looked for by it, there is never a second.
        what = f"{board.tries}/{told.says}" if board.issue else f"open/{board.made}"
        effect = ShowDashboard(
            key=f"{self._stream}/show_dashboard/{what}",
            repository=self._repository,
            issue=board.issue,
            title=texts.TITLE,
            body=texts.body(told, writing),
            says=told.says,
            writing=writing,
            ticked=tuple(sorted(board.pending)),
            expected=seen(text) if board.issue else "",
            state="closed" if told.closed else "open",
        )
        result = self._office.do(self._stream, effect)
        return True if (result["outcome"], result["says"]) == ("written", told.says) else None

    def _issue(self, number: int) -> dict[str, Any] | None:
        """The issue; None where it was deleted, or moved to another repository."""
        found = issue_if_there(self._office.github, self._repository, number)
        return found if found and found.get("number") == number else None

    def _state(self, board: Board, issue: dict[str, Any]) -> Board:
        """What the state of the issue says; a bot's closing is nobody's wish."""
        closed = issue.get("state") == "closed"
        if closed == board.closed:
            return board
        if not closed:
            self._keep(board, DashboardReopened(issue=board.issue))
            return self._known()
        by = person(issue["closed_by"]) if issue.get("closed_by") else None
        if by is None or by.is_bot:
            return board
        self._keep(board, DashboardClosed(issue=board.issue, person=by))
        return self._known()

    def _hear(self, board: Board, text: str) -> Board:
        """What the text itself says: ticks whose maker is not told, and ticks taken back."""
        there = ticked(text)
        facts: list[DashboardEvent] = [
            BoxTicked(tick=tick)
            for place, tick in there.items()
            if place not in board.pending and not board.is_over(tick, by_somebody=False)
        ]
        if shown(text) == board.writing:
            gone = (board.pending[place] for place in sorted(board.shows & set(board.pending)))
            facts += [BoxCleared(tick=one.tick) for one in gone if one.tick.place not in there]
        if not facts:
            return board
        self._keep(board, *facts)
        return self._known()

    def _answer(self, board: Board) -> Board:
        """Obey every tick that somebody stands behind, in the order in which they were told."""
        waiting = sorted(board.pending.values(), key=lambda one: (one.since, one.tick.name))
        now = self._office.clock()
        late = {one.tick.name for one in waiting if abs(now - one.since) >= UNKNOWN}
        if not late and all(one.person is None for one in waiting):
            return board
        lease = self._office.journal.acquire(self._stream, uuid.uuid4().hex, _ANSWERING)
        if lease is None:
            return board  # another process answers at this moment
        try:
            for one in waiting:
                if one.person is not None:
                    told = obey(self._desk(), self._repository, one.tick, one.person)
                elif one.tick.name in late:
                    told = BoxAnswered(tick=one.tick, person=_NOBODY, ok=False, outcome="nobody")
                else:
                    continue
                self._keep(None, told, once=f"{self._stream}/answered/{one.tick.name}")
        finally:
            self._office.journal.release(lease)
        return self._known()

    def _desk(self) -> Desk:
        journal = self._office.journal
        return Desk(self._backlog, journal, self._permission, self._begin, self._works)

    def _works(self, issue: int) -> bool:
        story = self._office.story(self._repository, issue) if issue else None
        return story is not None and not story.terminal

    def _permission(self, repository: Repository, who: Person) -> str:
        return self._office.github.permission(repository, who.login, who.id)

    def _begin(self, repository: Repository, number: int, by: Person) -> tuple[int, str]:
        told = start(self._office, self._backlog, repository, number, by, PERSON)
        if told.begun:
            return told.issue, ""
        shows = audience(self._office.github, repository, self._config)
        what = f"item {number}"
        return 0, reason_for_all(self._backlog, str(repository.id), shows, what, told.reason)

    def _story(self, number: int) -> Story | None:
        told = self._office.story(self._repository, number)
        return Story(number, str(told.state), told.pull_number or 0) if told else None

    def _known(self) -> Board:
        return known(self._office, self._repository)

    def _keep(self, board: Board | None, *facts: DashboardEvent, once: str | None = None) -> None:
        """Append facts, where `board` is still what is known. Raises Conflict."""
        expect = board.version if board else None
        keep(self._office, self._repository, *facts, expect=expect, once=once)


def keep(office: Office, repository: Repository, *facts: DashboardEvent, **how: Any) -> bool:
    """Append to the stream of the dashboard. False where it was told before (`once`)."""
    head = Head(kind="dashboard", repository=repository.full_name)
    return office.keep(stream_of(repository.id), *facts, head=head, **how)


# -- what GitHub tells --------------------------------------------------------------------------


def edited(delivery: Delivery, office: Office) -> None:
    """Somebody wrote in the dashboard: what differs from the text before is what they ticked."""
    found = _told_of(delivery, office)
    if found is None:
        return
    repository, board = found
    change = (delivery.payload.get("changes") or {}).get("body")
    if change is not None:
        before = ticked(str(change.get("from") or ""))
        after = ticked(str(delivery.payload["issue"].get("body") or ""))
        by = person(delivery.payload.get("sender"))
        if is_us(office.github.identity().bot, by):
            # what stood there when we wrote, and may not have been read
            for place, tick in sorted(before.items()):
                if place not in board.pending and not board.is_over(tick, by_somebody=False):
                    _tick(office, repository, BoxTicked(tick=tick))
        else:
            now = _text(office, repository, board)
            for place, tick in sorted(after.items()):
                if place not in before and not _taken_back(tick, now):
                    _tick(office, repository, BoxTicked(tick=tick, person=by))
    look(office, repository)


def _tick(office: Office, repository: Repository, fact: BoxTicked) -> None:
    by = fact.person.id if fact.person else 0
    once = f"{stream_of(repository.id)}/ticked/{fact.tick.name}/{by}"
    keep(office, repository, fact, once=once)


def _taken_back(tick: Any, text: str) -> bool:
    """Whether the tick was there once and is not any more, without our having written meanwhile."""
    return shown(text) == tick.shown and tick.place not in ticked(text)


def _text(office: Office, repository: Repository, board: Board) -> str:
    found = issue_if_there(office.github, repository, board.issue) or {}
    return str(found.get("body") or "")


def changed(delivery: Delivery, office: Office) -> None:
    """The dashboard was closed, reopened, deleted or moved: that is read again."""
    if (found := _told_of(delivery, office)) is not None:
        look(office, found[0])


def pushed(delivery: Delivery, office: Office) -> None:
    """The configuration may ask for a dashboard now, or for none any more."""
    repository = office.repository(delivery.payload)
    if delivery.payload.get("ref") != f"refs/heads/{repository.default_branch}":
        return
    if _is_wanted(office, repository) or known(office, repository).made:
        look(office, repository)


def _is_wanted(office: Office, repository: Repository) -> bool:
    return office.configuration(repository).backlog.dashboard.enabled


def _told_of(delivery: Delivery, office: Office) -> tuple[Repository, Board] | None:
    """The repository and its board, where the delivery is about the board's issue."""
    payload = delivery.payload
    repository = office.repository(payload)
    board = known(office, repository)
    if not board.issue or payload["issue"]["number"] != board.issue:
        return None
    may = may_show(office, repository) and _is_wanted(office, repository)
    return (repository, board) if may else None


EVENTS = {
    "push": pushed,
    "issues.edited": edited,
    "issues.closed": changed,
    "issues.reopened": changed,
    "issues.deleted": changed,
    "issues.transferred": changed,
}
COMMANDS = ()
