"""The snapshot and the report of each day, made good after an absence (B14, O3).

Promises: a day is made once it is over (UTC), from the facts before its end only, so that the same
journal gives the same bytes; what is there already is left alone; a file is there whole or not at
all. Never: measures anything itself, which is `bot.metrics`' work.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from bot.metrics import metrics
from bot.story.journal import Journal

DAY, MONTH = timedelta(days=1), timedelta(days=30)
MADE_GOOD = 31  # days back
_DAY_S = 86_400

Words = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Report:
    """The two files of a day. `words`: Markdown."""

    day: date
    snapshot: str
    words: str

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """(name, content)."""
        return (
            (f"metrics-snapshot-{self.day}.json", self.snapshot),
            (f"autonomous-development-report-{self.day}.md", self.words),
        )


def report(journal: Journal, repository: str, name: str, day: date, words: Words) -> Report:
    """What there is to say of a day. `name`: the repository's; `words`: of a snapshot."""
    told = snapshot(journal, repository, name, day)
    text = json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    return Report(day, text, words(told))


def snapshot(journal: Journal, repository: str, name: str, day: date) -> dict[str, Any]:
    """The numbers of a day and of the thirty days to its end; null where there was nothing."""
    end = datetime.combine(day, time(), UTC) + DAY
    of_day = metrics(journal, repository, end - DAY, end)
    of_month = metrics(journal, repository, end - MONTH, end)
    flow = of_month.flow
    rate, cycle = flow.completion_rate, flow.cycle_time
    return {
        "version": 1,
        "repository": name,
        "date": str(day),
        "completion_rate": None if rate is None else round(100 * rate, 1),
        "total_wsjf_delivered": of_month.wsjf.delivered if of_month.wsjf else None,
        "avg_cycle_time_days": None if cycle is None else round(cycle.mean_seconds / _DAY_S, 2),
        "day": of_day.model_dump(mode="json"),
        "thirty_days": of_month.model_dump(mode="json"),
    }


def missing(folder: Path, since: datetime, now: datetime) -> Iterator[date]:
    """The days that are over and have no files yet, the oldest first."""
    today = now.astimezone(UTC).date()
    first = max(since.astimezone(UTC).date(), today - MADE_GOOD * DAY)
    day = first
    while day < today:
        if not all((folder / name).exists() for name, _ in Report(day, "", "").files):
            yield day
        day += DAY


def keep(folder: Path, made: Report) -> None:
    """Write the files of a day."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.files:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
        os.replace(temporary, folder / name)
