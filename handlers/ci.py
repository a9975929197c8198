"""How the workflows of a repository end is kept, for the metrics (O3).

Never: reads GitHub, wakes anything or decides; the throttle asks GitHub itself when it matters.
"""

from __future__ import annotations

from bot.backlog.entry import clean
from bot.story.ci_events import KIND, WorkflowEnded, stream_of
from bot.story.journal import Head
from bot.story.office import Delivery, Office

_LONGEST = 200  # characters of a name


def ended(delivery: Delivery, office: Office) -> None:
    """One attempt of a run, told once however often it is delivered."""
    run, repository = delivery.payload["workflow_run"], delivery.payload["repository"]
    stream, attempt = stream_of(repository["id"]), run.get("run_attempt") or 1
    fact = WorkflowEnded(
        run=run["id"],
        attempt=attempt,
        workflow=clean(run.get("name") or "", _LONGEST),
        branch=clean(run.get("head_branch") or "", _LONGEST),
        conclusion=clean(run.get("conclusion") or "", 40),
    )
    head = Head(kind=KIND, repository=repository["full_name"])
    office.keep(stream, fact, head=head, once=f"{stream}/{run['id']}/{attempt}")


EVENTS = {"workflow_run.completed": ended}
