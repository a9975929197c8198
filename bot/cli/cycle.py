"""One cycle of the macro loop: each lane once, and the stories that it began (B6, B13).

Promises: the lanes are the ones that `towpath serve` runs, in their order, under their leases; what
a cycle begins has the operator's leave, and is never more than was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy import or_, select

from bot.backlog.lanes import dispatch, publish
from bot.backlog.lanes.lane import Lane, Outcome, Shift
from bot.backlog.start import OPERATOR
from bot.backlog.store import Backlog
from bot.cli.local_project import LocalProject
from bot.cli.lone_house import LoneHouse, run_lane
from bot.cli.progress import say_event
from bot.cli.rehearsal import Rehearsal, rehearsal
from bot.cli.story_results import write_results
from bot.lanes import LANES
from bot.story.database import reading
from bot.story.lane_events import LaneEnded
from bot.story.schema import STREAMS
from bot.story.vocabulary import Repository
from bot.texts import run as texts
from bot.texts.terminal import harmless
from bot.wiring import House
from handlers import configuration

_SHOWN = 12  # decisions of a lane that are printed


class Stopped(RuntimeError):
    """Nothing may be done for the repository now; `why` is for people."""

    def __init__(self, repository: str, why: str) -> None:
        super().__init__(f"nothing may be done for {repository}: {why}")
        self.repository, self.why = repository, why


class Begin:
    """The dispatch lane with the operator's leave. `begun`: (item, issue) of this cycle."""

    NAME, EVERY, BUDGET = dispatch.NAME, dispatch.EVERY, timedelta(minutes=5)

    def __init__(self, most: int) -> None:
        self._most, self.begun = most, list[tuple[int, int]]()

    def run(self, shift: Shift) -> Outcome:
        """Begin the first items that are ready, as many as may be."""
        left = self._most - len(self.begun)  # it goes on where its time was over
        return dispatch.begin(
            shift, OPERATOR, left, lambda item, issue: self.begun.append((item, issue))
        )


class Cycle:
    """For a repository on GitHub. `most`: items that one `run` may begin."""

    def __init__(self, console: Console, house: House, repository: Repository) -> None:
        self._console, self._house, self._repository = console, house, repository
        self.most, self.timeout_s, self.dry = 3, 1800.0, False

    def run(self) -> dict[str, Any]:
        """The cycle; what came of it, as JSON."""
        office = self._house.office
        configuration.look(office, self._repository)
        if why := self._off() or office.stopped(self._repository):
            raise Stopped(self._repository.full_name, why)
        begin = Begin(self.most)
        lanes: list[dict[str, Any]] = []
        for lane in (begin if one.NAME == begin.NAME else one for one in LANES):
            if self.dry and lane.NAME == publish.NAME and isinstance(self._house, Rehearsal):
                continue  # its reports are files of the real home
            lanes.append(self._told(lane, run_lane(self._house, self._repository, lane)))
            if lane is begin and isinstance(self._house, LoneHouse):
                self._house.go_on(self._repository)
                for record in self._house.work(self.timeout_s, self._hear):
                    say_event(self._console, record)
        return {
            "repository": self._repository.full_name,
            "dry_run": self.dry,
            "lanes": lanes,
            "stories": [self._story(item, issue) for item, issue in begin.begun],
        }

    def _off(self) -> str:
        """What is wrong with the configuration, where it lets nothing be done."""
        repositories = self._house.repositories
        if repositories.configuration(self._repository).mode != "off":
            return ""
        trouble = repositories.facts(self._repository.id).trouble
        return trouble[0] if trouble else texts.MODE_OFF

    def refresh(self) -> None:
        """Before the next cycle: GitHub is asked by the lanes themselves."""

    def _hear(self) -> None:
        """Webhooks come to `towpath serve`."""

    def _story(self, item: int, issue: int) -> dict[str, Any]:
        office, key = self._house.office, str(self._repository.id)
        story = office.story(self._repository, issue)
        web = self._house.settings.github_web_url.rstrip("/")
        told: dict[str, Any] = {
            "item": item,
            "title": Backlog(self._house.journal).item(key, item).title,
            "story": story.name if story else "",
            "state": story.state.value if story else "",
            "rests": story is not None and (story.terminal or story.waiting is not None),
            "issue": issue,
            "url": f"{web}/{self._repository.full_name}/issues/{issue}",
            "pull_request": (story.pull_number or None) if story else None,
        }
        if story and story.handoff:
            told["reason"] = story.handoff.summary
        return told

    def _told(self, lane: Lane, ran: list[LaneEnded]) -> dict[str, Any]:
        """The lane's runs as one, printed."""
        if not ran:
            self._say(texts.elsewhere(lane.NAME))
            return {"lane": lane.NAME, "outcome": "elsewhere", "decisions": [], "waits": []}
        last = ran[-1]
        decisions = [one for each in ran for one in each.decisions]
        seconds = sum(each.seconds for each in ran)
        self._say(texts.lane(lane.NAME, last.outcome, seconds, dict(last.counts), last.error))
        titles = self._titles({number for number, _, _ in decisions if number})
        for number, what, why in decisions[:_SHOWN]:
            self._say(texts.decision(number, titles.get(number, ""), what, why))
        if len(decisions) > _SHOWN:
            self._say(texts.more(len(decisions) - _SHOWN))
        for what, reason, _ in last.waits:
            self._say(texts.wait(what, reason))
        return {
            "lane": lane.NAME,
            "outcome": last.outcome,
            "seconds": round(seconds, 3),
            "counts": dict(last.counts),
            "decisions": [
                {"item": number, "title": titles.get(number, ""), "what": what, "why": why}
                for number, what, why in decisions
            ],
            "waits": [{"what": what, "reason": reason} for what, reason, _ in last.waits],
            "error": last.error,
        }

    def _titles(self, numbers: set[int]) -> dict[int, str]:
        backlog, key = Backlog(self._house.journal), str(self._repository.id)
        return {number: backlog.item(key, number).title for number in numbers}

    def _say(self, line: str) -> None:
        self._console.print(harmless(line), markup=False, highlight=False)


class LocalCycle(Cycle):
    """For a copy of a folder: what was done comes back as files in `results`."""

    def __init__(self, console: Console, project: LocalProject, results: Path | None) -> None:
        super().__init__(console, project.house, project.repository)
        self._project, self._results = project, results

    def refresh(self) -> None:
        """Bring in what was committed since."""
        self._project.refresh()

    def _hear(self) -> None:
        self._project.hear()

    def _story(self, item: int, issue: int) -> dict[str, Any]:
        told = super()._story(item, issue)
        del told["url"]  # nobody can go there afterwards
        story = self._house.office.story(self._repository, issue)
        if story is None or self._results is None:
            return told
        name = self._repository.full_name
        made = write_results(self._project, story, name, issue, self._results)
        told_at = [one.at for one in self._house.office.recorded(story.stream)]
        made["seconds"] = round((told_at[-1] - told_at[0]).total_seconds(), 1)
        return {**made, **told}


@contextmanager
def on_a_copy(house: House, repository: Repository) -> Iterator[House]:
    """A house that is told the same, and does nothing: its journal is thrown away."""
    patterns = (f"%/{repository.id}/%", f"%/{repository.id}", f"story:{repository.id}:%")
    query = select(STREAMS.c.stream).where(
        or_(
            STREAMS.c.repository.in_(["", repository.full_name, str(repository.id)]),
            *(STREAMS.c.stream.like(pattern) for pattern in patterns),
        )
    )
    with reading(house.database) as connection:
        streams = list(connection.scalars(query))
    with rehearsal(house, streams) as stage:
        stage.repositories.supposed = house.repositories.supposed
        Backlog(stage.journal).rebuild(str(repository.id))
        yield stage
