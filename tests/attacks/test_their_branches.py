"""Branches and pull requests that people touch with their own hands."""

from __future__ import annotations

from bot.story.vocabulary import Gate, State
from tests.attacks.meanwhile import Meanwhile
from tests.world import BUMP, FILES, REPO, World

BRANCH = "feature/STORY-1/bump-idna-from-3-4-to-3-10"


def head(world: World, branch: str) -> str:
    return world.act("alice").request("GET", f"/repos/{REPO}/git/ref/heads/{branch}")["object"][
        "sha"
    ]


def test_a_branch_of_a_person_with_our_name_is_left_alone(world: World) -> None:
    theirs = world.act("carol").push(REPO, BRANCH, {"mine.py": "x = 1\n"}, "feat: mine")
    number = world.story()
    assert world.state(number) is State.FAILED
    assert head(world, BRANCH) == theirs
    assert world.pulls() == []


def test_a_retry_does_not_overwrite_what_a_person_pushed(world: World) -> None:
    number = world.story()
    world.later()
    theirs = world.act("carol").push(REPO, BRANCH, {"mine.py": "x = 1\n"}, "feat: mine")
    world.settle()
    assert world.state(number) is State.WAITING
    world.say("bob", number, "/retry")
    assert head(world, BRANCH) == theirs
    world.act("carol").delete_branch(REPO, BRANCH)
    world.settle()
    world.say("bob", number, "/retry")
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE, world.tale(number).failure_reason


def test_a_push_nobody_told_us_of_is_not_overwritten_by_a_retry(world: World) -> None:
    number = world.story()
    world.say("bob", number, "/reject no")
    world.later()
    silent = world.act("carol", silently=True)
    theirs = silent.push(REPO, BRANCH, {"mine.py": "x = 1\n"}, "feat: mine")
    world.say("bob", number, "/retry")
    assert head(world, BRANCH) == theirs


def test_a_branch_deleted_by_hand_is_made_again_by_a_retry(world: World) -> None:
    number = world.story()
    world.act("carol").delete_branch(REPO, BRANCH)  # which closes its pull request
    world.settle()
    assert world.state(number) is State.FAILED
    world.say("bob", number, "/retry")
    assert world.state(number) is State.WAITING, world.tale(number).failure_reason
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE


def test_a_push_at_the_very_merge_is_tested_and_asked_for_anew(world: World) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    push = {"more.py": "x = 1\n"}
    race = Meanwhile(
        world,
        "merge_pull_request",
        lambda: world.act("carol", silently=True).push(REPO, BRANCH, push, "feat: more"),
    )
    world.say("bob", number, "/approve")
    assert race.happened
    assert not world.pull(pull)["merged"]
    assert world.state(number) is State.WAITING, world.tale(number).failure_reason
    assert head(world, BRANCH) in world.status_comments(number)[0]


def test_a_pull_request_closed_and_opened_again_still_merges(world: World) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    for state in ("closed", "open"):
        world.act("carol").request("PATCH", f"/repos/{REPO}/pulls/{pull}", {"state": state})
    world.settle()
    assert world.state(number) is State.WAITING
    world.act("carol").request("PATCH", f"/repos/{REPO}/pulls/{pull}", {"state": "closed"})
    world.settle()
    assert world.state(number) is State.FAILED
    world.act("carol").request("PATCH", f"/repos/{REPO}/pulls/{pull}", {"state": "open"})
    world.settle()
    world.say("bob", number, "/retry")
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE, world.tale(number).failure_reason
    assert len([p for p in world.pulls() if p["state"] == "open"]) == 0


def test_a_story_whose_merge_broke_the_tests_begins_anew_and_not_at_its_end(
    world: World,
) -> None:
    number = world.story()
    world.later()
    broken = FILES["tests/test_shop.py"].replace("3)", "4)")
    world.act("carol").push(REPO, "main", {"tests/test_shop.py": broken}, "test: broken")
    world.settle()
    world.say("bob", number, "/approve")
    assert world.state(number) is State.FAILED
    assert world.tale(number).merged_sha
    files = {"tests/test_shop.py": FILES["tests/test_shop.py"], "requirements.txt": "idna==3.4\n"}
    world.act("carol").push(REPO, "main", files, "revert: all of it")
    world.settle()
    world.say("bob", number, "/retry")
    assert world.state(number) is State.WAITING, world.tale(number).failure_reason
    assert world.tale(number).waits_at(Gate.PRE_DEPLOY)
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE
    assert sum(p["merged_at"] is not None for p in world.pulls()) == 2


def test_two_stories_that_touch_the_same_line_do_not_fight(world: World) -> None:
    first = world.story()
    second = world.story("Bump idna from 3.4 to 3.7", "CVE")
    world.say("bob", first, "/approve")
    world.say("bob", second, "/approve")
    assert world.state(first) is State.DONE
    assert world.state(second) is State.FAILED
    assert "conflict" in world.status_comments(second)[0]
    files = world.act("alice").request("GET", f"/repos/{REPO}/contents/requirements.txt")
    assert files["size"] == len("idna==3.10\n")


def test_a_protected_base_ends_in_a_handover_that_says_so(world: World) -> None:
    number = world.story()
    said = {"message": "At least 1 approving review is required by reviewers with write access."}
    world.hub.faults.add(method="PUT", path="/merge$", status=405, times=0, body=said)
    world.say("bob", number, "/approve")
    assert world.state(number) is State.FAILED
    assert "At least 1 approving review" in world.status_comments(number)[0]
    assert BUMP[0] in world.act("alice").issue(REPO, number)["title"]
