"""The walk from a labelled issue to a merged pull request, as people see it."""

from __future__ import annotations

from bot.story.vocabulary import State
from tests.world import BUMP, REPO, World


def test_a_labelled_issue_becomes_a_merged_pull_request(world: World) -> None:
    number = world.story()
    assert world.state(number) is State.WAITING
    assert world.labels(number) == {"story", "towpath:review"}
    story = world.tale(number)
    pull = world.pull(story.pull_number)
    assert pull["head"]["ref"] == "feature/STORY-1/bump-idna-from-3-4-to-3-10"
    assert pull["head"]["sha"] == story.head_sha
    assert f"`{story.head_sha}`" in world.status_comments(number)[0]

    approval = world.say("bob", number, "/approve")

    assert world.state(number) is State.DONE
    assert sorted(world.reactions(approval)) == ["+1", "eyes"]
    assert world.pull(story.pull_number)["merged"]
    assert world.labels(number) == {"story", "towpath:done"}
    assert world.act("alice").issue(REPO, number)["state"] == "closed"
    assert world.branches() == ["main"]
    assert len(world.status_comments(number)) == 1
    assert len(world.comments(number)) == 1, "nothing else was said"
    assert world.house.journal.verify() == []


def test_commits_carry_their_story_and_task(world: World) -> None:
    story = world.tale(world.story())
    commits = world.act("alice").request("GET", f"/repos/{REPO}/pulls/{story.pull_number}/commits")
    messages = [c["commit"]["message"] for c in commits]
    assert messages == ["build: bump idna from 3.4 to 3.10\n\nStory: STORY-1 | Task: task-1"]
    assert commits[0]["commit"]["author"]["name"] == "towpath[bot]"


def test_a_rejection_closes_the_pull_request_and_retry_begins_anew(world: World) -> None:
    number = world.story()
    first = world.tale(number).pull_number
    world.say("bob", number, "/reject pin it in setup.cfg too")
    assert world.state(number) is State.FAILED
    assert world.pull(first)["state"] == "closed"
    assert "bob rejected the change: pin it in setup.cfg too" in world.status_comments(number)[0]
    assert world.labels(number) == {"story", "towpath:blocked"}

    world.say("bob", number, "/retry")
    assert world.state(number) is State.WAITING
    world.say("carol", number, "/approve")
    assert world.state(number) is State.DONE
    assert sum(p["merged_at"] is not None for p in world.pulls()) == 1


def test_cancel_stops_the_story_and_leaves_nothing_open(world: World) -> None:
    number = world.story()
    world.say("alice", number, "/cancel")
    assert world.state(number) is State.CANCELLED
    assert world.pulls()[0]["state"] == "closed"
    assert world.labels(number) == {"story"}
    refused = world.say("bob", number, "/approve")
    assert "confused" in world.reactions(refused)
    assert world.state(number) is State.CANCELLED


def test_taking_the_label_away_takes_the_work_away(world: World) -> None:
    number = world.story()
    world.act("carol").unlabel(REPO, number, "story")
    world.settle()
    assert world.state(number) is State.CANCELLED
    world.later()
    world.act("alice").label(REPO, number, "story")
    world.settle()
    assert world.state(number) is State.WAITING, "the label again starts it anew"


def test_an_edit_of_the_story_takes_its_approval_back(world: World) -> None:
    number = world.story()
    world.act("alice").edit_issue(REPO, number, body=BUMP[1] + " Please check the tests.")
    world.settle()
    story = world.tale(number)
    assert story.state is State.WAITING
    assert not story.approvals
    assert any("was edited after the work was done" in c for c in world.comments(number))
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE


def test_an_unclear_story_asks_and_goes_on_with_the_answer(world: World) -> None:
    number = world.story("Bump idna", "It has a CVE.")
    assert world.state(number) is State.WAITING
    assert world.labels(number) == {"story", "towpath:blocked"}
    assert any("a person has to decide" in c for c in world.comments(number))
    world.say("alice", number, "/answer Bump idna from 3.4 to 3.10")
    assert world.tale(number).pull_number, world.tale(number).failure_reason
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE


def test_a_story_nobody_can_do_without_a_model_is_handed_over_with_the_reason(
    world: World,
) -> None:
    number = world.story("Add a discount", "total() should take a discount in percent.")
    assert world.state(number) is State.FAILED
    assert "no model is configured" in world.status_comments(number)[0]


def test_a_change_that_breaks_the_tests_is_handed_over_and_opens_nothing(
    world: World,
) -> None:
    world.act("alice").push(
        REPO,
        "main",
        {
            "tests/test_pin.py": (
                "import unittest\n\n\nclass Pin(unittest.TestCase):\n    def test_pin(self):\n"
                "        self.assertIn('3.4', open('requirements.txt').read())\n"
            )
        },
        "test: pin",
    )
    world.settle()
    number = world.story()
    assert world.state(number) is State.FAILED
    assert world.pulls() == []
    assert world.branches() == ["main"]
    assert "does not pass the project's tests" in world.status_comments(number)[0]


def test_help_lists_every_command_and_status_says_where_it_is(world: World) -> None:
    from handlers import COMMANDS

    number = world.story()
    world.say("rita", number, "/help\n\n/status")
    said = world.comments(number)[-1]
    for name in COMMANDS:
        assert f"`/{name}" in said
    assert "waiting for approval" in said


def test_unknown_commands_get_a_hint_and_do_nothing(world: World) -> None:
    number = world.story()
    comment = world.say("bob", number, "/aprove")
    assert sorted(world.reactions(comment)) == ["confused", "eyes"]
    assert "did you mean /approve" in world.comments(number)[-1]
    assert world.state(number) is State.WAITING


def test_a_person_who_merges_by_hand_ends_the_story_with_its_tests(world: World) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    world.act("bob").merge(REPO, pull)
    world.settle()
    assert world.state(number) is State.DONE
    assert world.tale(number).tests["merged"].summary.ok
