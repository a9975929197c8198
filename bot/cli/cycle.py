"""One cycle of the macro loop: each lane once, and the stories that it began (B6, B13).

Promises: the lanes are the ones that `towpath serve` runs, in their order, under their leases.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console

from bot.cli.lone_house import LoneHouse
from bot.lanes import LANES
from bot.story.vocabulary import Repository
from handlers import configuration

_SHOWN = 12  # decisions of a lane that are printed


class Cycle:
    """For a repository on GitHub. `most`: items that one `run` may begin."""

    def __init__(self, console: Console, house: LoneHouse, repository: Repository) -> None:
        self._console, self._house, self.repository = console, house, repository
        self.most, self.timeout_s, self.dry = 3, 1800.0, False

    def run(self) -> dict[str, Any]:
        """The cycle; what came of it, as JSON."""
        configuration.look(self._house.office, self.repository)
        lanes, stories = [], []
        late = False
        for lane in LANES:
            ran = self._house.run_lane(self.repository, lane)
            lanes.append(self._told(lane.NAME, ran))
            if lane.NAME == "dispatch" and not self.dry:
                ...
        return {
            "repository": self.repository.full_name,
            "dry_run": self.dry,
            "lanes": lanes,
            "stories": stories,
            "late": late,
        }

    def refresh(self) -> None:
        """Look at what is new before the next cycle: GitHub is asked by the lanes themselves."""
