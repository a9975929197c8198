"""DEPLOYING: merge exactly the commit that was approved (no deploy target is configured yet).

Promises: the head is read again first; GitHub is given the approved sha and refuses another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from bot.stages.workroom import Workroom, hand_over
from bot.story.desk import Desk
from bot.story.effects import MergePullRequest
from bot.story.events import ApprovalWithdrawn, HeadMoved, PullClosed, StoryEdited
from bot.story.involved import demands_of
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.performer import NotAllowed, Refused
from bot.story.standing import withdrawals
from bot.story.vocabulary import State
from bot.texts import reasons, report


def deploy(story: Story, desk: Desk, room: Workroom) -> Move:
    """Merge the pull request at the story's head."""
    if story.merged_sha:
        return Move(State.VERIFYING, "merged")
    pull = room.github.pull(story.repository, story.pull_number)
    if (moved := _changed(story, desk, pull)) is not None:
        return moved
    _look_again(story, desk, room)
    try:
        desk.do(
            MergePullRequest(
                key=desk.key("merge_pull_request", story.head_sha, len(story.timeline)),
                repository=story.repository,
                number=story.pull_number,
                sha=story.head_sha,
                method=room.configuration(story.repository).merge.method,
                title=f"{report.title(story)} (#{story.pull_number})",
            )
        )
    except NotAllowed as no:
        if no.verdict.rule == "conflict" and not story.foreign_head:
            return Move(State.TESTING, "base moved")
        raise
    except Refused as refused:
        return _refused(story, desk, room, refused)
    return Move(State.VERIFYING, "merged")


def _look_again(story: Story, desk: Desk, room: Workroom) -> None:
    """Take back, visibly, what does not stand any more; the policy then finds less."""
    issue = room.github.issue(story.repository, story.issue)
    title, body = issue.get("title") or "", issue.get("body") or ""
    if (title, body) != (story.title, story.body):
        # Who it was is not told here; the webhook may have been lost.
        edited = StoryEdited(title=title, body=body, editor=story.author)
        desk.note(edited, ApprovalWithdrawn(reason="the story was edited"))
    config = room.configuration(story.repository)
    desk.note(*withdrawals(room.github, story, partial(demands_of, config)))


def _changed(story: Story, desk: Desk, pull: Mapping[str, Any]) -> Move | None:
    """What people did to the pull request decides where it goes; None: it is as it was."""
    if pull.get("merged"):
        desk.note(PullClosed(merged=True, sha=pull.get("merge_commit_sha") or ""))
        return Move(State.VERIFYING, "merged")
    if pull.get("state") == "closed":
        raise hand_over(reasons.PULL_CLOSED)
    head = pull["head"]["sha"]
    if head == story.head_sha:
        return None
    desk.note(HeadMoved(sha=head, by=None))  # who it was is told by the webhook, if it comes
    return Move(State.TESTING, "head moved")


def _refused(story: Story, desk: Desk, room: Workroom, refused: Refused) -> Move:
    """A refused merge goes back to TESTING where head or base moved; else to people."""
    pull = room.github.pull(story.repository, story.pull_number)
    if (moved := _changed(story, desk, pull)) is not None:
        return moved
    base = room.fetch(story.repository, story.repository.default_branch)
    mirror = room.mirror_of(story.repository)
    if not mirror.is_ancestor(base, story.head_sha) and not story.foreign_head:
        return Move(State.TESTING, "base moved")
    raise hand_over(reasons.merge_refused(str(refused.error))) from refused
