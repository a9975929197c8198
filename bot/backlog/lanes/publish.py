"""What people see of the backlog is brought up to date (B6, B14).

Promises: the snapshot and report of every day that is over, made good after an absence; the
dashboard issue and the files of the repository, where the configuration wants them; what all lanes
and services wait for is shown there. Never: changes an item, but for what people ticked or wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from bot.backlog import reports
from bot.backlog.lanes.lane import Decision, Outcome, Shift, Surfaces, Wait
from bot.backlog.lanes.waits import PUBLISH, waits_of
from bot.story.vocabulary import digest

NAME = PUBLISH
EVERY = timedelta(minutes=5)
BUDGET = timedelta(minutes=2)
_LAST_DAYS = 7  # whose reports are offered to the repository


def run(shift: Shift) -> Outcome:
    """The reports first: they need nobody else."""
    surfaces = shift.hands.surfaces
    if surfaces is None:
        return Outcome()
    counts = shift.backlog.counts(shift.key)
    inputs = {"backlog": digest(sorted(counts.items()))}
    decisions: list[Decision] = []
    waits: list[Wait] = []
    for day in _days(shift, surfaces):
        if shift.budget.over():
            return Outcome(decisions, inputs, finished=False)
        try:
            _report(shift, surfaces, day)
        except OSError as error:  # a full disk: what people see on GitHub goes on
            waits.append(Wait("reports", f"they cannot be written ({error.strerror or 'error'})"))
            break
        decisions.append(Decision(0, "reported", str(day)))
    if shift.dry:
        return Outcome(decisions, inputs, waits=waits)
    told = waits_of(shift.office.journal, shift.repository.id)
    inputs["waits"] = digest([[one.what, one.reason] for one in told])
    if not surfaces.dashboard(shift.office, shift.repository):
        waits.append(Wait("dashboard", "the issue could not be written"))
    shift.budget.over()  # raises where the lane is another's by now
    last = _last_reports(shift, surfaces) if shift.config.backlog.publish.daily_report else ()
    for one in surfaces.files(shift.office, shift.repository, shift.backlog, last):
        waits.append(Wait(*one))
    return Outcome(decisions, inputs, waits=waits)


def folder_of(shift: Shift, surfaces: Surfaces) -> Path:
    """Where the repository's reports are."""
    owner, _, name = shift.repository.full_name.partition("/")
    return surfaces.reports / owner / name


def _days(shift: Shift, surfaces: Surfaces) -> Iterator[date]:
    since = shift.office.repositories.facts(shift.repository.id).installation.since
    return reports.missing(folder_of(shift, surfaces), since or shift.now, shift.now)


def _report(shift: Shift, surfaces: Surfaces, day: date) -> reports.Report:
    made = reports.report(
        shift.office.journal, shift.key, shift.repository.full_name, day, surfaces.words
    )
    reports.keep(folder_of(shift, surfaces), made)
    return made


def _last_reports(shift: Shift, surfaces: Surfaces) -> tuple[tuple[str, str], ...]:
    """The files of the last days, as they are kept: those that are merged already say the same."""
    folder = folder_of(shift, surfaces)
    days = [shift.now.date() - timedelta(days=back) for back in range(_LAST_DAYS, 0, -1)]
    named = (name for day in days for name, _ in reports.Report(day, "", "").files)
    files = [folder / name for name in named]
    return tuple((one.name, one.read_text(encoding="utf-8")) for one in files if one.exists())
