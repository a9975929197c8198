"""VERIFYING: the tests on the merged default branch, then the story is closed (D2, thin).

Promises: DONE means that the merged result was tested, not that a merge call answered.
"""

from __future__ import annotations

from bot.stages import remembered
from bot.stages.workroom import Workroom, broken, hand_over, run_tests
from bot.story.desk import Desk
from bot.story.effects import CloseIssue, DeleteBranch
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.performer import Refused
from bot.story.vocabulary import State
from bot.texts import reasons


def verify(story: Story, desk: Desk, room: Workroom) -> Move:
    """Test the default branch at the merge, close the issue, delete the branch."""
    repository = story.repository
    head = room.fetch(repository, repository.default_branch)
    sha = story.merged_sha or head
    tested = run_tests(desk, "merged", sha)
    problem = broken(story, tested)
    if problem:
        raise hand_over(reasons.merged_fails(problem))
    remembered.learn(story, room, sha)
    desk.do(CloseIssue(key=desk.key("close_issue"), repository=repository, issue=story.issue))
    if story.head_sha:
        try:
            desk.do(
                DeleteBranch(
                    key=desk.key("delete_branch", story.head_sha),
                    repository=repository,
                    branch=story.branch,
                    sha=story.head_sha,
                )
            )
        except Refused:
            return Move(State.DONE, "verified; the branch was left")
    return Move(State.DONE, "verified")
