"""What can have happened in reviews of a story's pull request: a part of `bot.story.events` (W10).

Promises: facts in the past tense, frozen, as all events are.
"""

from __future__ import annotations

from typing import Literal

from bot.story.vocabulary import Remark, Value


class Reply(Value):
    """How a remark ended. `outcome`: fixed | answered | declined | left.

    `touched`: the commit of `task` changed the very lines; `files`: all that it changed.
    """

    remark: str
    outcome: str
    text: str
    task: str = ""
    touched: bool = False
    files: tuple[str, ...] = ()


class ReviewRequested(Value):
    """People with write access want something of the pull request (W10): it will be worked on."""

    kind: Literal["review_requested"] = "review_requested"
    remarks: tuple[Remark, ...]


class RemarksSetAside(Value):
    """What was said in a review and starts no work, each with the rule that says so."""

    kind: Literal["remarks_set_aside"] = "remarks_set_aside"
    remarks: tuple[Remark, ...]
    rule: str


class RemarksWithdrawn(Value):
    """Remarks that were deleted, dismissed or resolved before they were answered."""

    kind: Literal["remarks_withdrawn"] = "remarks_withdrawn"
    remarks: tuple[str, ...]
    reason: str


class ReviewRound(Value):
    """Work on these remarks began, at `head_sha`. `number` counts from 1."""

    kind: Literal["review_round"] = "review_round"
    number: int
    remarks: tuple[str, ...]
    head_sha: str


class RemarksAnswered(Value):
    """What becomes of remarks; said to people once the commit is on GitHub."""

    kind: Literal["remarks_answered"] = "remarks_answered"
    replies: tuple[Reply, ...]
