"""Puts the lanes together, runs those that are due, and hears of what may give them work (B6).

Promises: lanes run between stories, not instead of them: a round ends after the lane at hand when a
story waits for a worker. Never: decides anything.
"""

from __future__ import annotations

from functools import partial

from redis import Redis
from rq import Queue
from rq.timeouts import BaseTimeoutException

import handlers.todo
from bot.backlog.lanes import intake, rank
from bot.backlog.lanes.lane import Hands, Lane
from bot.backlog.lanes.runner import Runner
from bot.queue.delivery import Delivery
from bot.queue.wakeups import STORIES
from bot.story.office import Office
from bot.workspace.perform import Workshop

# In the order in which an item goes through them.
LANES: tuple[Lane, ...] = (intake, rank)

# What may give lanes something to do; other deliveries do not change their pace.
_NEWS = frozenset(
    {"push", "issues", "issue_comment", "pull_request", "workflow_run", "repository",
     "installation", "installation_repositories", "backlog_update", "dependabot_alert",
     "code_scanning_alert", "secret_scanning_alert"}
)  # fmt: skip


class Lanes:
    """The lanes as one process runs them."""

    def __init__(self, office: Office, workshop: Workshop, owner: str) -> None:
        hands = Hands(
            mirrors=workshop, look_at_marks=handlers.todo.look, ends=(BaseTimeoutException,)
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


def _story_waits(redis: Redis) -> bool:
    return len(Queue(STORIES, connection=redis)) > 0
