"""What people said in reviews of a story's pull request, and what became of it (W10).

Promises: a remark is open until work on it begins or somebody takes it back, and is answered at
most once. Never: writes itself; `bot.story.machine` folds the journal into it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.story.effects import ReplyToReview
from bot.story.review_events import Reply
from bot.story.vocabulary import Remark

if TYPE_CHECKING:
    from bot.story.story import Story


@dataclass(kw_only=True)
class Reviewing:
    """The part of a story that reviews are kept in. `remarks`: all ever taken in, by id."""

    remarks: dict[str, Remark] = field(default_factory=dict)
    remarks_aside: dict[str, Remark] = field(default_factory=dict)  # start no work
    remarks_withdrawn: set[str] = field(default_factory=set)
    remarks_begun: set[str] = field(default_factory=set)  # in a round, now or before
    review_rounds: int = 0  # since the work began (anew)
    review_head: str = ""  # where the story stood when the last round began
    replies: dict[str, Reply] = field(default_factory=dict)
    replied: set[str] = field(default_factory=set)  # said on GitHub

    @property
    def remarks_open(self) -> tuple[Remark, ...]:
        """What no work has begun on."""
        gone = self.remarks_withdrawn | self.remarks_begun | set(self.replies)
        return tuple(r for r in self.remarks.values() if r.id not in gone)

    @property
    def remarks_now(self) -> tuple[Remark, ...]:
        """What the round under way has to answer yet."""
        left = self.remarks_begun - self.remarks_withdrawn - set(self.replies)
        return tuple(r for r in self.remarks.values() if r.id in left)

    @property
    def remarks_unsaid(self) -> tuple[Remark, ...]:
        """What nobody was told the end of."""
        gone = self.remarks_withdrawn | self.replied
        return tuple(r for r in self.remarks.values() if r.id not in gone)

    def heard(self, root: int) -> int:
        """The last comment of a thread that was dealt with, so that only later ones are news."""
        still = {r.id for r in self.remarks_open}
        told = [*self.remarks.values(), *self.remarks_aside.values()]
        return max(
            (int(r.id[1:]) for r in told if root and r.root == root and r.id not in still),
            default=0,
        )

    def answer_anew(self) -> None:
        """The work begins anew: what was not answered is in view of it, and is told so."""
        for remark in self.remarks_unsaid:
            self.replies[remark.id] = Reply(remark=remark.id, outcome="anew", text="")
        self.review_rounds, self.review_head = 0, ""

    def forget_replies(self) -> None:
        """A new plan: what was done for remarks, and not said yet, is to be done again."""
        self.replies = {name: reply for name, reply in self.replies.items() if name in self.replied}


def review_reply(story: Story, remark: Remark, body: str) -> ReplyToReview:
    """The one answer to a remark, whoever gives it: its key says so."""
    return ReplyToReview(
        key=f"{story.stream}/reply_to_review/{remark.id}",
        repository=story.repository,
        number=remark.pull,
        comment_id=remark.root or None,
        body=body,
    )
