"""What GitHub's webhook tells of CI is kept once, and is nobody's reason to do anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import handlers
from bot.metrics import metrics
from bot.queue.delivery import Delivery
from tests.world import REPO, World


def told(world: World, run: int, attempt: int, conclusion: str, **more: Any) -> str:
    payload = {
        "action": "completed",
        "workflow_run": {"id": run, "run_attempt": attempt, "conclusion": conclusion,
                         "name": "CI \u202e", "head_branch": "main", **more},
        "repository": {"id": world.place.id, "full_name": REPO, "default_branch": "main"},
        "installation": {"id": world.installation},
        "sender": {"id": 1, "login": "alice", "type": "User"},
    }  # fmt: skip
    delivery = Delivery(f"{run}-{attempt}-{conclusion}", "workflow_run", payload, world.now())
    return handlers.handle(delivery, world.house.office)


def test_each_attempt_of_a_run_is_kept_once(world: World) -> None:
    before = len(world.hub.deliveries.log)
    assert told(world, 1, 1, "failure") == "handled"
    told(world, 1, 1, "failure")  # delivered again
    told(world, 1, 2, "success")
    told(world, 2, 1, "failure", name=None, head_branch=None)
    world.settle()
    assert len(world.hub.deliveries.log) == before, "nothing was done about it"
    events = [record.event for record in world.house.journal.load(f"ci/{world.place.id}")]
    assert [(one.run, one.attempt, one.workflow) for one in events] == [
        (1, 1, "CI "),
        (1, 2, "CI "),
        (2, 1, ""),
    ]
    now = world.now() + timedelta(minutes=1)
    ci = metrics(world.house.journal, str(world.place.id), now - timedelta(days=1), now).ci
    assert ci is not None
    assert ci.workflows is not None
    assert (ci.workflows.runs, ci.workflows.failed) == (2, 1)
