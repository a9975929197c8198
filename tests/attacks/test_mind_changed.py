"""People change their minds while a worker works: their last word counts."""

from __future__ import annotations

import pytest

from bot.story.vocabulary import State
from tests.attacks.meanwhile import Meanwhile, hear
from tests.world import BUMP, REPO, World


@pytest.mark.parametrize("kind", ["run_tests", "push_branch"])
def test_a_cancel_in_the_middle_of_the_work_ends_in_cancelled(world: World, kind: str) -> None:
    number = world.act("alice").open_issue(REPO, *BUMP)
    cancel = Meanwhile(world, kind, lambda: world.act("bob").comment(REPO, number, "/cancel"))
    world.act("alice").label(REPO, number, "story")
    world.settle()
    assert cancel.happened
    assert world.state(number) is State.CANCELLED, world.tale(number).failure_reason
    assert not [p for p in world.pulls() if p["state"] == "open"]
    assert world.labels(number) == {"story"}


def test_a_cancel_while_the_story_is_claimed_is_not_forgotten(world: World) -> None:
    number = world.act("alice").open_issue(REPO, *BUMP)
    cancel = Meanwhile(world, "react", lambda: world.act("bob").comment(REPO, number, "/cancel"))
    world.act("alice").label(REPO, number, "story")
    world.settle()
    assert cancel.happened
    assert world.state(number) is State.CANCELLED


def test_a_pause_before_the_first_step_can_be_resumed(world: World) -> None:
    number = world.act("alice").open_issue(REPO, *BUMP)
    world.act("alice").label(REPO, number, "story")
    world.later()
    world.act("alice").comment(REPO, number, "/pause")
    world.settle()
    assert world.state(number) is State.WAITING
    assert "paused" in world.status_comments(number)[0]
    world.say("alice", number, "/resume")
    assert world.tale(number).pull_number


def test_an_approval_that_is_edited_while_the_merge_waits_for_github_merges_nothing(
    world: World,
) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    world.hub.faults.add(method="PUT", path="/merge$", status=502)
    comment = world.say("bob", number, "/approve")
    assert world.state(number) is State.DEPLOYING
    world.later()
    world.act("bob").edit_comment(REPO, comment, "wait, no")
    hear(world)
    world.later(600)
    world.sweep()
    assert not world.pull(pull)["merged"]
    assert world.state(number) is State.WAITING
    world.say("carol", number, "/approve")
    assert world.state(number) is State.DONE


def test_an_approval_withdrawn_after_the_verdict_was_gathered_merges_nothing(
    world: World,
) -> None:
    """The webhook is handled between the read of the pull request and the merge's proposal."""
    number = world.story()
    pull = world.tale(number).pull_number
    said: list[int] = []
    reads = world.house.github.pull_files
    github = world.house.github

    def slow_read(*args: object) -> object:
        answer = reads(*args)
        if said and world.state(number) is State.DEPLOYING and len(said) == 1:
            said.append(0)
            world.later()
            world.act("bob").delete_comment(REPO, said[0])
            hear(world)
        return answer

    world.act("alice").push(REPO, "main", {"CODEOWNERS": "* @bob\n"}, "chore: owners")
    world.settle()
    github.pull_files = slow_read  # the network, not our code, takes its time
    world.later()
    said.append(world.act("bob").comment(REPO, number, "/approve"))
    world.settle()
    assert len(said) == 2
    assert not world.pull(pull)["merged"]
    assert world.state(number) is State.WAITING


def test_taking_the_label_off_and_on_again_at_once_starts_anew(world: World) -> None:
    number = world.story()
    world.later()
    world.act("alice").unlabel(REPO, number, "story")
    world.later()
    world.act("alice").label(REPO, number, "story")
    world.settle()
    assert world.state(number) is State.WAITING
    assert world.events(number).count("retry_requested") == 1


def test_a_cancel_after_the_merge_leaves_the_story_merged_and_verified(world: World) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    late = Meanwhile(
        world, "close_issue", lambda: world.act("carol").unlabel(REPO, number, "story")
    )
    world.say("bob", number, "/approve")
    assert late.happened
    assert world.pull(pull)["merged"]
    assert world.state(number) is State.DONE, world.tale(number).failure_reason
    assert world.act("alice").issue(REPO, number)["state"] == "closed"
