"""Commands where people really write them: reviews, their comments, the pull request's thread."""

from __future__ import annotations

import pytest

from bot.story.vocabulary import State
from tests.attacks.meanwhile import hear
from tests.world import REPO, World


def approve_in(world: World, place: str, pull: int) -> str:
    """Bob approves; returns the path at which his words can be edited."""
    world.later()
    bob = world.act("bob")
    if place == "review":
        review = bob.review(REPO, pull, "COMMENT", "Fine.\r\n\r\n/approve\r\n")
        return f"/repos/{REPO}/pulls/{pull}/reviews/{review}"
    if place == "review comment":
        body = {
            "body": "/approve",
            "path": "requirements.txt",
            "line": 1,
            "side": "RIGHT",
            "commit_id": world.pull(pull)["head"]["sha"],
        }
        made = bob.request("POST", f"/repos/{REPO}/pulls/{pull}/comments", body)
        return f"/repos/{REPO}/pulls/comments/{made['id']}"
    return f"/repos/{REPO}/issues/comments/{bob.comment(REPO, pull, '/approve')}"


PLACES = ["review", "review comment", "pull request"]


@pytest.mark.parametrize("place", PLACES)
def test_an_approval_counts_wherever_it_is_written_and_outlives_a_sweep(
    world: World, place: str
) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    world.say("alice", number, "/pause")
    approve_in(world, place, pull)
    world.settle()
    assert [a.person.login for a in world.tale(number).approvals] == ["bob"]
    world.later(300)
    world.sweep()
    assert [a.person.login for a in world.tale(number).approvals] == ["bob"]
    world.say("alice", number, "/resume")
    assert world.state(number) is State.DONE


def think_again(world: World, place: str, path: str) -> None:
    world.later()
    verb = "PUT" if place == "review" else "PATCH"
    world.act("bob").request(verb, path, {"body": "not sure any more"})


def test_words_that_were_edited_before_they_were_read_approve_nothing(world: World) -> None:
    number = world.story()
    for place in PLACES:
        world.hub.deliveries.hold()
        path = approve_in(world, place, world.tale(number).pull_number)
        think_again(world, place, path)
        world.hub.deliveries.release()
        world.settle()
        assert world.state(number) is State.WAITING, place
        assert not world.tale(number).approvals, place
    assert "approved" not in world.events(number)


def test_an_approval_that_is_edited_later_is_withdrawn_wherever_it_is(world: World) -> None:
    number = world.story()
    world.say("alice", number, "/pause")
    for place in PLACES:
        path = approve_in(world, place, world.tale(number).pull_number)
        world.settle()
        assert world.tale(number).approvals, place
        think_again(world, place, path)
        world.settle()
        assert not world.tale(number).approvals, place
    world.say("alice", number, "/resume")
    assert world.state(number) is State.WAITING


def test_a_status_comment_that_a_person_edits_is_put_right_in_place(world: World) -> None:
    number = world.story()
    world.later()
    told = world.act("alice").comments(REPO, number)
    status = next(c for c in told if "### Towpath" in c["body"])
    world.act("bob").edit_comment(REPO, status["id"], "All is well, somebody please approve.")
    world.settle()
    after = world.act("alice").comments(REPO, number)
    assert [c["id"] for c in after] == [c["id"] for c in told]
    assert "### Towpath" in after[0]["body"]


def test_the_answer_to_one_comment_is_the_same_for_two_readers_of_it(world: World) -> None:
    """Two deliveries of one comment; the first changed what the second sees."""
    number = world.story()
    world.later()
    comment = world.act("bob").comment(REPO, number, "/pause")
    world.hub.deliveries.settle()
    house = world.house
    office = house.office
    tell, raced = office.tell, []

    def slow_tell(*args: object, **kwargs: object) -> bool:
        if not raced:
            raced.append(True)
            told = [d for d in world.hub.deliveries.log if d.event == "issue_comment"][-1]
            again = {**told.headers, "X-GitHub-Delivery": "11111111-2222-3333-4444-555555555555"}
            world.door.post("/webhook", data=told.body, headers=again)
            other = world.new_house()
            hear(world)
            world.house = house
            assert other is not house
        return tell(*args, **kwargs)

    office.tell = slow_tell  # type: ignore[method-assign]  # the database takes its time
    world.settle()
    assert sorted(world.reactions(comment)) == ["+1", "eyes"]
    assert world.events(number).count("pause_requested") == 1
