"""What a repository's own CI did: facts of the stream `ci/<repository id>` (O3).

Promises: as for `bot.story.events`; each attempt of a run is told once. Nothing is decided by them.
"""

from __future__ import annotations

from typing import Literal

from bot.story.vocabulary import Value

KIND = "ci"


def stream_of(repository_id: int) -> str:
    """The stream of a repository's CI."""
    return f"{KIND}/{repository_id}"


class WorkflowEnded(Value):
    """A run of a workflow ended. `conclusion` as GitHub says it: success, failure, cancelled …"""

    kind: Literal["workflow_ended"] = "workflow_ended"
    run: int
    attempt: int
    workflow: str
    branch: str
    conclusion: str
