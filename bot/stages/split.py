"""A story too large for one plan becomes smaller stories, if people agree (S9).

Promises: one comment lists them with their criteria and their order; issues are opened only after a
yes to exactly this list, without the label that would begin the work. Never: plans the parts, or
proposes anything twice.
"""

from __future__ import annotations

from typing import Any

from bot.agent.schemas import Parts, smaller_stories
from bot.stages.workroom import ask, hand_over
from bot.story.desk import Desk
from bot.story.effects import OpenIssue, PostComment
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.performer import Refused
from bot.story.split import SplitProposed
from bot.story.vocabulary import Gate, State, Waiting
from bot.texts import split as texts

FROM = frozenset({"oversize", "too_big"})  # the kinds of plans that lead here


def propose(story: Story, desk: Desk, package: dict[str, Any], why: str) -> bool:
    """Have the story divided, and note what comes of it; False where nothing useful does."""
    try:
        answer = ask(desk, "split", {**package, "feedback": why})
    except Refused:  # the question that follows does without
        return False
    parts = smaller_stories(answer) if isinstance(answer, Parts) else ()
    if len(parts) < 2:
        return False
    desk.note(SplitProposed(parts=parts, why=why[:1000]))
    return True


def divided(story: Story, desk: Desk) -> Move:
    """Show the proposal and wait; once people agreed, open the issues and leave the rest."""
    if story.split_agreed:
        raise hand_over(texts.opened(_open(story, desk)))
    desk.do(
        PostComment(
            key=desk.key("post_comment", "split"),
            repository=story.repository,
            issue=story.issue,
            body=texts.proposal(story.split),
        )
    )
    waiting = Waiting(gate=Gate.PRE_CODE, resume_to=State.PLANNING, since=desk.clock())
    return Move(State.WAITING, "split proposed", waiting)


def _open(story: Story, desk: Desk) -> list[int]:
    """The numbers of the issues, in the order of the parts."""
    numbers: list[int] = []
    for number, part in enumerate(story.split.parts, 1):
        result = desk.do(
            OpenIssue(
                key=desk.key("open_issue", story.split.digest[:12], number),
                repository=story.repository,
                part=number,
                title=texts.title(part),
                body=texts.body(story, part, [numbers[one - 1] for one in part.after]),
            )
        )
        numbers.append(result["number"])
    return numbers
