"""Somebody else's commit on our branch: hands off until `/resume`, and never overwritten (W10)."""

from __future__ import annotations

import pytest

from bot.story.vocabulary import Gate, State
from tests.attacks.meanwhile import Meanwhile
from tests.walk.test_review_loop import (  # noqa: F401
    FIXED,
    ROUND,
    Tell,
    comment,
    ends,
    reply,
    tell,
    thread,
)
from tests.walk.test_task_loop import turn, use
from tests.world import REPO, World

THEIRS = {"mine.py": "x = 1\n"}


def head(world: World, branch: str) -> str:
    path = f"/repos/{REPO}/git/ref/heads/{branch}"
    return world.act("alice").request("GET", path)["object"]["sha"]


def holds(world: World, branch: str, sha: str) -> bool:
    """Whether the branch still has a commit."""
    told = world.act("alice").request("GET", f"/repos/{REPO}/commits?sha={branch}&per_page=100")
    return sha in {one["sha"] for one in told}


def test_a_review_beside_a_persons_commit_waits_for_resume_and_goes_on_top_of_it(
    tell: Tell,  # noqa: F811
) -> None:
    world, number, pull = tell(FIXED)
    branch = world.tale(number).branch
    theirs = world.act("carol").push(REPO, branch, THEIRS, "feat: mine")
    world.settle()
    root = comment(world, pull, "Whole cents")
    world.settle()
    story = world.tale(number)
    assert (story.review_rounds, story.head_sha) == (0, theirs)
    assert "after `/resume`" in world.comments(pull)[0]
    world.say("bob", number, "/resume")
    story = world.tale(number)
    assert story.review_rounds == 1, story.failure_reason
    assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
    assert len(thread(world, pull, root)) == 1
    assert holds(world, branch, theirs)
    assert head(world, branch) == story.head_sha != theirs
    refused = world.say("carol", number, "/approve")
    assert "confused" in world.reactions(refused), "carol's own commit is in it"
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE, world.tale(number).failure_reason


def test_after_resume_a_moved_base_is_merged_in_and_their_commit_is_kept(
    tell: Tell,  # noqa: F811
) -> None:
    world, number, pull = tell(FIXED)
    branch = world.tale(number).branch
    theirs = world.act("carol").push(REPO, branch, THEIRS, "feat: mine")
    world.settle()
    world.say("bob", number, "/resume")
    world.act("carol").push(REPO, "main", {"other.py": "y = 2\n"}, "feat: other")
    comment(world, pull, "Whole cents")
    world.settle()
    story = world.tale(number)
    assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
    assert holds(world, branch, theirs)
    assert story.pushed_sha == head(world, branch) == story.head_sha


def test_a_retry_after_resume_does_not_replace_their_commit(tell: Tell) -> None:  # noqa: F811
    world, number, pull = tell(FIXED)
    branch = world.tale(number).branch
    theirs = world.act("carol").push(REPO, branch, THEIRS, "feat: mine")
    world.settle()
    world.say("bob", number, "/resume")
    comment(world, pull, "Whole cents")
    world.settle()
    world.say("bob", number, "/retry")
    assert holds(world, branch, theirs)


@pytest.mark.parametrize("kind", ["call_model", "run_tests", "push_branch"])
@pytest.mark.parametrize("silently", [False, True])
def test_a_push_in_the_middle_of_a_round_is_tested_and_kept(
    tell: Tell,  # noqa: F811
    kind: str,
    silently: bool,
) -> None:
    look = turn(use("view", path="shop.py"))
    world, number, pull = tell([look, turn(use("str_replace", **ROUND)), ends(reply("R1"))])
    branch = world.tale(number).branch
    made: list[str] = []

    def push() -> None:
        carol = world.act("carol", silently=silently)
        made.append(carol.push(REPO, branch, THEIRS, "feat: mine"))

    root = comment(world, pull, "Whole cents")
    Meanwhile(world, kind, push)
    world.settle()
    for _ in range(2):
        world.later(61)
        world.sweep()
    story = world.tale(number)
    assert made, "it happened"
    assert head(world, branch) == made[0]
    assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
    assert story.head_sha == made[0]
    world.say("bob", number, "/approve")
    # Nobody knows who pushed silently: it could have been bob himself.
    assert (world.state(number) is State.DONE) is not silently, world.tale(number).failure_reason
    assert len(thread(world, pull, root)) <= 1


def test_a_pull_request_made_a_draft_waits_until_it_is_ready(tell: Tell) -> None:  # noqa: F811
    world, number, pull = tell()
    world.hub.state.repository(REPO).pull(pull)[1].draft = True
    world.say("bob", number, "/approve")
    story = world.tale(number)
    assert story.waits_at(Gate.PRE_DEPLOY), story.failure_reason
    assert "draft" in world.status_comments(number)[0]
    world.hub.state.repository(REPO).pull(pull)[1].draft = False
    world.say("carol", number, "/approve")
    assert world.state(number) is State.DONE, world.tale(number).failure_reason
