"""The promises that make it safe to leave Towpath alone; the names say them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.story.vocabulary import State
from tests.world import REPO, World


def test_a_lost_push_webhook_never_merges_unapproved_code(world: World) -> None:
    number = world.story()
    story = world.tale(number)
    world.later()
    world.act("carol", silently=True).push(
        REPO, story.branch, {"evil.py": "import os\n"}, "feat: more"
    )
    world.say("bob", number, "/approve")
    assert not world.pull(story.pull_number)["merged"]
    assert world.state(number) is not State.DONE


def test_a_push_after_the_approval_withdraws_it(world: World) -> None:
    number = world.story()
    story = world.tale(number)
    gates: list[str] = []

    def push_before_merge(name: str) -> None:
        if name != "before:perform" or gates:
            return
        if world.tale(number).approvals and world.state(number) is State.DEPLOYING:
            gates.append(name)
            world.later()
            world.act("carol", silently=True).push(
                REPO, story.branch, {"evil.py": "import os\n"}, "feat: more"
            )

    world.boundary = push_before_merge
    world.say("bob", number, "/approve")
    assert gates, "the push came between the verdict and the merge call"
    assert not world.pull(story.pull_number)["merged"]


def test_the_same_delivery_three_times_acts_once(world: World) -> None:
    world.hub.deliveries.duplicate(3)
    number = world.story()
    world.hub.deliveries.duplicate(3)
    world.say("bob", number, "/status")
    assert world.events(number).count("story_received") == 1
    assert world.events(number).count("command_handled") == 1
    assert len(world.pulls()) == 1
    assert len(world.status_comments(number)) == 2  # the sticky one, and the answer to /status


def test_two_guids_for_one_comment_act_once(world: World) -> None:
    number = world.story()
    world.say("bob", number, "/status")
    told = [d for d in world.hub.deliveries.log if d.event == "issue_comment"][-1]
    headers = {**told.headers, "X-GitHub-Delivery": "11111111-2222-3333-4444-555555555555"}
    before = world.comments(number)
    answer = world.door.post("/webhook", data=told.body, headers=headers)
    assert answer.status_code == 202
    world.settle()
    assert world.comments(number) == before
    assert world.events(number).count("command_handled") == 1


def test_an_edited_comment_never_approves(world: World) -> None:
    number = world.story()
    comment = world.say("bob", number, "Looks fine to me.")
    world.later()
    world.act("bob").edit_comment(REPO, comment, "/approve")
    world.settle()
    assert world.state(number) is State.WAITING
    assert not world.tale(number).approvals
    assert any("Edited comments command nothing" in c for c in world.comments(number))


def test_an_edited_approval_is_withdrawn(world: World) -> None:
    number = world.story()
    world.say("alice", number, "/pause")
    comment = world.say("bob", number, "/approve")
    assert [a.person.login for a in world.tale(number).approvals] == ["bob"]
    world.later()
    world.act("bob").edit_comment(REPO, comment, "not sure")
    world.settle()
    assert world.tale(number).approvals == []
    world.say("alice", number, "/resume")
    assert world.state(number) is State.WAITING


def test_a_label_added_by_hand_is_not_an_approval(world: World) -> None:
    number = world.story()
    world.act("bob").label(REPO, number, "towpath:done", "approved", "lgtm")
    world.settle()
    assert world.state(number) is State.WAITING
    assert "towpath:done" not in world.labels(number), "our labels are put right"
    assert not world.pulls()[0]["merged_at"]


def test_author_and_requester_cannot_approve(world: World) -> None:
    number = world.story(by="alice")
    comment = world.say("alice", number, "/approve")
    assert "confused" in world.reactions(comment)
    assert world.state(number) is State.WAITING
    assert "somebody else with write access has to approve" in world.comments(number)[-1]


def test_a_committer_and_a_co_author_cannot_approve_alone(world: World) -> None:
    number = world.story()
    story = world.tale(number)
    world.later()
    dave = world.hub.add_user("dave")
    world.hub.add_collaborator(REPO, "dave", "write")
    message = f"feat: more\n\nCo-authored-by: Dave <{dave.id}+dave@users.noreply.github.com>"
    world.act("carol").push(REPO, story.branch, {"more.py": "x = 1\n"}, message)
    world.settle()
    assert world.state(number) is State.WAITING
    for login in ("carol", "dave"):
        comment = world.say(login, number, "/approve")
        assert "confused" in world.reactions(comment), login
    assert world.state(number) is State.WAITING
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE


def test_a_push_between_reading_and_approve_is_refused(world: World) -> None:
    number = world.story()
    story = world.tale(number)
    world.later()
    world.act("carol", silently=True).push(
        REPO, story.branch, {"evil.py": "import os\n"}, "feat: more"
    )
    comment = world.say("bob", number, "/approve")
    assert "confused" in world.reactions(comment)
    refusal = next(c for c in world.comments(number) if "has changed since it was shown" in c)
    assert story.head_sha[:10] in refusal


def test_a_full_sha_approves_exactly_that_commit(world: World) -> None:
    number = world.story()
    head = world.tale(number).head_sha
    world.say("bob", number, f"/approve {'0' * 40}")
    assert world.state(number) is State.WAITING
    world.say("bob", number, f"/approve {head[:12]}")
    assert world.state(number) is State.WAITING
    world.say("bob", number, f"/approve {head}")
    assert world.state(number) is State.DONE


def test_only_write_access_starts_and_approves(world: World) -> None:
    number = world.story()
    for login in ("tom", "rita"):
        comment = world.say(login, number, "/approve")
        assert "confused" in world.reactions(comment), login
        assert world.state(number) is State.WAITING, login


def test_triage_may_label_but_not_start_a_story(world: World) -> None:
    number = world.act("alice").open_issue(REPO, "Bump idna from 3.4 to 3.10", "")
    world.act("tom").label(REPO, number, "story")
    world.settle()
    assert world.events(number).count("story_received") == 0
    assert "needs write access" in world.comments(number)[-1]


def test_a_quoted_or_fenced_command_is_not_obeyed(world: World) -> None:
    number = world.story()
    for text in (
        "> /approve",
        "```\n/approve\n```",
        "    /approve",
        "see `/approve`",
        "<!--\n/approve\n-->",
    ):
        comment = world.say("bob", number, text)
        assert world.reactions(comment) == [], text
    assert world.state(number) is State.WAITING


def test_a_dead_worker_still_ends_in_a_visible_answer(world: World) -> None:
    class Killed(BaseException):
        """The process is gone."""

    number = world.story()

    def die(name: str) -> None:
        if name == "before:perform":
            raise Killed

    world.boundary = die
    world.later()
    comment = world.act("bob").comment(REPO, number, "/status")
    with pytest.raises(Killed):
        world.settle()
    world.boundary = lambda name: None
    world.new_house()
    world.later(120)
    world.claim_after = 0.0
    world.sweep()
    assert sorted(world.reactions(comment)) == ["+1", "eyes"]
    assert "waiting for approval" in world.comments(number)[-1]


def test_a_deleted_status_comment_comes_back_once(world: World) -> None:
    number = world.story()
    world.later()
    told = world.act("alice").comments(REPO, number)
    world.act("alice").delete_comment(REPO, told[0]["id"])
    world.settle()
    assert len(world.status_comments(number)) == 1


def test_what_was_lost_while_nobody_listened_is_caught_up(world: World) -> None:
    silent = world.act("alice", silently=True)
    number = silent.open_issue(REPO, "Bump idna from 3.4 to 3.10", "")
    silent.label(REPO, number, "story")
    world.settle()
    assert world.events(number) == []
    world.later(120)
    world.sweep()
    assert world.state(number) is State.WAITING
    world.act("alice", silently=True).close_issue(REPO, number)
    world.later(120)
    world.sweep()
    assert world.state(number) is State.CANCELLED


def test_an_approval_that_could_not_be_delivered_is_asked_for_again(world: World) -> None:
    number = world.story()
    world.later()
    world.redis.config_set("min-replicas-to-write", 3)  # the queue refuses writes: 503
    comment = world.act("bob").comment(REPO, number, "/approve")
    world.hub.deliveries.settle()
    world.redis.config_set("min-replicas-to-write", 0)
    world.settle()
    assert world.state(number) is State.WAITING
    assert world.reactions(comment) == []
    world.later(120)
    world.sweep()
    assert world.state(number) is State.DONE
    assert sorted(world.reactions(comment)) == ["+1", "eyes"]


def test_a_quorum_of_two_takes_two_people(new_world: Callable[..., World]) -> None:
    world = new_world(quorum=2)
    world.repository()
    number = world.story()
    world.say("bob", number, "/approve")
    assert world.state(number) is State.WAITING
    world.say("bob", number, "/approve")
    assert world.state(number) is State.WAITING, "the same person twice is one person"
    world.say("carol", number, "/approve")
    assert world.state(number) is State.DONE


def test_where_no_second_person_is_required_one_may_approve_their_own_story(
    new_world: Callable[..., World],
) -> None:
    world = new_world(second_person_required=False)
    world.repository()
    number = world.story(by="alice")
    world.say("alice", number, "/approve")
    assert world.state(number) is State.DONE
