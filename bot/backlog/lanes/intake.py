"""What the sources say becomes items (B4, B6).

Promises: a source that is away waits and the others go on; a document that is broken is told with
its line and the rest of it is read; a tree that did not change is not read again; what people said
by `/wsjf` counts whenever its item came to be. The order in which the configuration names the
sources changes nothing. Never: writes to GitHub, but what TODO comments are to have as issues.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, Protocol, cast

from bot.backlog import gather
from bot.backlog.given import hear
from bot.backlog.lanes.day import Day, OutOfTime
from bot.backlog.lanes.lane import Outcome, Shift, why_away
from bot.backlog.lanes.rank import apply_rules
from bot.backlog.published.edits import heard
from bot.backlog.reading import Reading
from bot.backlog.sources import local_audit, todo
from bot.backlog.sources.github_service import Reads
from bot.backlog.todo import ledger
from bot.backlog.tracker import rounds as tracker
from bot.codebase.blobs import CommitBlobs
from bot.story.leases import FenceLost
from bot.story.office import stream_of
from bot.story.vocabulary import digest
from bot.workspace.object_reader import Objects

NAME = "intake"
EVERY = timedelta(minutes=5)
BUDGET = timedelta(minutes=2)

TREE, AUDIT = "tree", "audit"  # inputs that are digests of the place and of what is wanted of it

log = logging.getLogger(__name__)


class _GitHub(Reads, Protocol):
    """What this lane reads of GitHub."""

    def identity(self) -> Any: ...


def run(shift: Shift) -> Outcome:
    """Ask every source that the configuration names."""
    day = Day(shift)
    wanted = frozenset(shift.config.backlog.sources)
    try:
        for name, look in _looks(day, wanted):
            if name not in day.looked:
                _look(day, name, look)
                day.have_looked(name)
        _hear(day)
    except OutOfTime:
        _rule(day)
        return day.outcome(finished=False)
    _rule(day)
    return day.outcome()


def _rule(day: Day) -> None:
    """What changed is what the repository's rules say of it now, too."""
    if day.shift.config.backlog.wsjf:  # without rules, the rank lane takes back what they said
        apply_rules(day.shift, sorted(day.touched))


def _looks(day: Day, wanted: frozenset[str]) -> Iterator[tuple[str, Callable[[Day], None]]]:
    """The sources in a fixed order; what the tree says comes before what is found in it."""
    for name in gather.ON_GITHUB:
        if name in wanted:
            yield name, _on_github(name)
    if day.shift.config.backlog.jira.enabled:
        yield tracker.SOURCE, tracker.intake
    if wanted & set(gather.IN_TREE):
        yield "documents", lambda day: _in_tree(day, wanted & set(gather.IN_TREE))
    if "todo" in wanted and day.shift.config.backlog.todo.issues != "off":
        yield todo.NAME, _marks
    audits = sorted(wanted & {local_audit.SAST, local_audit.AUDIT})
    if audits and day.shift.hands.audit is not None:
        yield AUDIT, lambda day: _audit(day, audits)


def _look(day: Day, name: str, look: Callable[[Day], None]) -> None:
    try:
        look(day)
    except Exception as error:
        if isinstance(error, (OutOfTime, FenceLost, *day.shift.hands.ends)):
            raise
        if not getattr(error, "retryable", False):
            where = {"source": name, "repository": day.shift.repository.full_name}
            log.exception("a source of the backlog failed", extra=where)
        day.away(name, why_away(error))


def _on_github(name: str) -> Callable[[Day], None]:
    def look(day: Day) -> None:
        shift = day.shift
        github = cast("_GitHub", shift.office.github)
        label, us = shift.config.story_label, github.identity().bot.login
        for told in gather.on_github(
            github,
            shift.repository,
            (name,),
            story_label=label,
            us=us,
        ):
            day.take(told)

    return look


def _head(shift: Shift) -> str | None:
    return shift.office.github.branch_head(shift.repository, shift.repository.default_branch)


def _in_tree(day: Day, wanted: frozenset[str]) -> None:
    """The documents of the default branch, where it moved since they were read last."""
    shift = day.shift
    head = _head(shift)
    if head is None or shift.hands.mirrors is None:
        return  # nothing was committed yet
    sign = digest([head, sorted(wanted)])
    if day.knows(TREE, sign):
        return day.as_before(TREE, "document")
    head = shift.hands.mirrors.fetch(shift.repository, shift.repository.default_branch)
    sign = digest([head, sorted(wanted)])
    path = shift.hands.mirrors.mirror(shift.repository).path
    objects = Objects(path)
    try:
        blobs = CommitBlobs.of(path, head, objects)
        known = shift.backlog.places(shift.key)
        ours = partial(heard, shift.backlog, shift.office.journal, shift.key)
        told = gather.in_tree(blobs, wanted, known, shift.repository.full_name, ours)
        day.take_each(TREE, sign, told)
    finally:
        objects.close()


def _marks(day: Day) -> None:
    """TODO comments: the ledger is brought up to date first, so that a lost push is made good."""
    shift = day.shift
    if shift.hands.look_at_marks is not None:
        shift.hands.look_at_marks(shift.office, shift.repository)
    marks = ledger.fold(shift.office.records(ledger.stream_of(shift.repository.id)))
    if marks.commit:
        day.take(todo.reading(marks, shift.repository.full_name))


def _audit(day: Day, names: list[str]) -> None:
    """Our own gates on the whole tree: for each head, and once a day for what became known.

    Where one of them could not look, they look again in the next hour.
    """
    shift = day.shift
    head = _head(shift)
    if head is None or shift.hands.audit is None:
        return
    today = shift.now.date().isoformat()
    sign, hourly = digest([head, names, today]), digest([head, names, today, shift.now.hour])
    if day.knows(AUDIT, sign) or day.knows(AUDIT, hourly):
        return day.as_before(AUDIT, *names)
    gates = [gate for gate, source in local_audit.GATES.items() if source in names]
    found: list[Reading] = list(local_audit.read(shift.hands.audit(shift.repository, head, gates)))
    for told in found:
        day.take(told)
    day.inputs[AUDIT] = sign if all(told.complete for told in found) else hourly


def _hear(day: Day) -> None:
    """Give items what was said about their issues."""
    shift = day.shift
    rows = shift.office.journal.streams(kind="story", updated_after=day.since, limit=2**31)
    mine = stream_of(shift.repository.id, 0).removesuffix("0")
    told = {row.stream.removeprefix(mine) for row in rows if row.stream.startswith(mine)}
    issues = {int(issue) for issue in told if issue.isdigit()} | day.issues()
    for issue in sorted(issues):
        number = shift.backlog.with_key(shift.key, f"issue:{issue}")
        if number:
            heard = hear(shift.backlog, shift.office.journal, shift.repository.id, issue, number)
            if heard:
                day.decide(number, "heard", f"{heard} said by /wsjf on issue {issue}")
