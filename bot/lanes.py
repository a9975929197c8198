"""Puts the lanes together, runs those that are due, and hears of what may give them work (B6).

Promises: lanes run between stories, not instead of them: a round ends after the lane at hand when a
story waits for a worker. Never: decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from redis import Redis
from rq import Queue
from rq.timeouts import BaseTimeoutException

import handlers.todo
from bot.backlog.lanes import dispatch, intake, publish, rank, reconcile, refine, verify
from bot.backlog.lanes.lane import Hands, Lane, Surfaces
from bot.backlog.lanes.runner import Runner
from bot.backlog.sources import local_audit
from bot.families import for_lanes
from bot.gates.gate import GateResult
from bot.gates.perform import Gates
from bot.queue.delivery import Delivery
from bot.queue.wakeups import STORIES
from bot.stages import story_text
from bot.story.office import Office
from bot.story.vocabulary import Repository
from bot.texts.published import report
from bot.workspace.perform import Workshop
from handlers import dashboard, published

# In the order in which an item goes through them.
LANES: tuple[Lane, ...] = (intake, refine, rank, dispatch, verify, publish, reconcile)

# What may give lanes something to do; other deliveries do not change their pace.
_NEWS = frozenset(
    {"push", "issues", "issue_comment", "pull_request", "workflow_run", "repository",
     "installation", "installation_repositories", "backlog_update", "dependabot_alert",
     "code_scanning_alert", "secret_scanning_alert"}
)  # fmt: skip


class Lanes:
    """The lanes as one process runs them."""

    def __init__(
        self,
        office: Office,
        workshop: Workshop,
        owner: str,
        gates: Callable[[], Gates],
        reports: Path,
    ) -> None:
        """`reports`: the folder of snapshots and daily reports."""
        hands = Hands(
            mirrors=workshop,
            surfaces=_surfaces(reports),
            look_at_marks=handlers.todo.look,
            ends=(BaseTimeoutException,),
            criteria=_criteria,
            audit=partial(_audit, workshop, gates),
            triage=for_lanes.triaged,
            workable=None if office.settings.has_model else for_lanes.workable,
        )
        self.runner = Runner(LANES, office, hands, owner)

    def run_due(self, redis: Redis) -> None:
        """Run what is due, as long as no story waits for a worker."""
        self.runner.run_due(partial(_story_waits, redis))

    def hear(self, delivery: Delivery) -> None:
        """A delivery was handled: the lanes of its repository go at their usual pace again."""
        if delivery.event not in _NEWS:
            return
        told = delivery.payload.get("repository")
        number = told.get("id") if isinstance(told, dict) else None
        self.runner.calendar.news(number if isinstance(number, int) else None, LANES)


def _audit(
    workshop: Workshop,
    gates: Callable[[], Gates],
    repository: Repository,
    head: str,
    names: Sequence[str],
) -> Sequence[GateResult]:
    """What gates find in everything that there is at `head`."""
    workshop.fetch(repository, repository.default_branch)
    change = local_audit.whole_tree(workshop.mirror(repository), head)
    return gates().look_at(repository, change, names).results


def _criteria(title: str, body: str) -> tuple[str, ...]:
    """As a story of these words would have them."""
    told = story_text.read(title, body)
    return tuple(one.text for one in told.criteria) if told.stated else ()


def _story_waits(redis: Redis) -> bool:
    return len(Queue(STORIES, connection=redis)) > 0


def _surfaces(reports: Path) -> Surfaces:
    return Surfaces(reports, dashboard.look, published.look, report)
