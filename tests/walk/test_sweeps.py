"""What GitHub never told, or told to a worker that died, is found and answered once (W3, W7)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.queue import jobs
from bot.queue.inbox import Inbox
from bot.story.vocabulary import State
from tests.world import REPO, World


def sweeps(world: World, times: int = 2) -> None:
    for _ in range(times):
        world.later(61)
        world.sweep()


def test_a_command_that_no_webhook_told_of_is_obeyed_once(world: World) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    silent = world.act("bob", silently=True)
    for times, place in enumerate(["issue", "pull request", "line"], start=1):
        world.later()
        if place == "line":
            body = {
                "body": "/pause",
                "path": "requirements.txt",
                "line": 1,
                "side": "RIGHT",
                "commit_id": world.pull(pull)["head"]["sha"],
            }
            silent.request("POST", f"/repos/{REPO}/pulls/{pull}/comments", body)
        else:
            comment = silent.comment(REPO, number if place == "issue" else pull, "/pause")
        world.settle()
        assert world.tale(number).pause is None, place
        sweeps(world, 3)
        assert world.events(number).count("pause_requested") == times, place
        if place != "line":
            assert sorted(world.reactions(comment)) == ["+1", "eyes"]
        world.say("alice", number, "/resume")


def test_a_lost_retry_of_a_story_that_ended_is_found(world: World) -> None:
    number = world.story()
    world.say("bob", number, "/cancel")
    assert world.state(number) is State.CANCELLED
    world.later()
    world.act("bob", silently=True).comment(REPO, number, "/retry")
    sweeps(world)
    assert world.state(number) is State.WAITING


def test_a_command_that_was_obeyed_and_never_answered_is_answered(world: World) -> None:
    number = world.story()
    world.hub.faults.add(method="POST", path="/reactions", times=0, status=500)
    comment = world.say("bob", number, "/pause")
    assert world.tale(number).pause
    assert world.reactions(comment) == []
    world.hub.faults.clear()
    world.redis.flushall()  # whatever still wanted to answer it is gone
    world.later(1200)
    sweeps(world)
    assert "+1" in world.reactions(comment)
    assert world.events(number).count("pause_requested") == 1


def test_a_lost_review_with_a_command_is_not_obeyed_but_answered(world: World) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    world.later()
    world.act("bob", silently=True).review(REPO, pull, "COMMENT", "/approve")
    sweeps(world)
    assert world.state(number) is State.WAITING
    (said,) = world.comments(pull)
    assert "was lost" in said


def test_a_command_of_long_before_the_story_is_not_one_of_its(world: World) -> None:
    number = world.act("alice").open_issue(REPO, "Bump idna from 3.4 to 3.10", "CVE")
    world.act("alice", silently=True).comment(REPO, number, "/cancel")
    world.later(3600)
    world.act("alice").label(REPO, number, "story")
    world.settle()
    sweeps(world)
    assert world.state(number) is State.WAITING


def test_a_delivery_is_asked_for_less_and_less_often_then_given_up_on_visibly(
    world: World,
) -> None:
    number = world.story()
    asked = world.house.github.redeliver
    times: list[int] = []
    world.house.github.redeliver = lambda n: times.append(n) or asked(n)  # type: ignore
    world.later()
    door = world.door.post

    def shut(path: str, **request: Any) -> Any:
        """A proxy in front of us that lets no comment through."""
        comment = request["headers"]["X-GitHub-Event"] == "issue_comment"
        said = comment and json.loads(request["data"])["action"] == "created"
        return door("/nowhere" if said else path, **request)

    world.door.post = shut  # type: ignore[method-assign]
    world.act("bob").comment(REPO, number, "what do you think?")
    world.settle()
    for _ in range(16):
        world.later(3600)
        world.sweep()
    assert 2 <= len(times) <= 5
    said = [c for c in world.comments(number) if "could not be delivered" in c]
    assert len(said) == 1
    world.new_house()
    sweeps(world)
    assert len([c for c in world.comments(number) if "could not be delivered" in c]) == 1


def test_what_kills_every_worker_is_buried_with_a_word_to_whoever_wrote_it(world: World) -> None:
    number = world.story()
    world.later()

    class Killed(BaseException):
        pass

    def dies(*_: object) -> None:
        raise Killed

    comment = world.act("bob").comment(REPO, number, "/pause")
    world.hub.deliveries.settle()
    inbox = Inbox(world.redis, claim_after=0.0)
    for _ in range(inbox.attempts):
        with pytest.raises(Killed):
            jobs.drain(inbox, dies)  # type: ignore[arg-type]
    jobs.drain(inbox, world.house.dispatch, given_up=world.house.given_up)
    assert inbox.counts().dead == 1
    world.settle()
    (said,) = [c for c in world.comments(number) if "not tried again by itself" in c]
    assert inbox.dead()[0].guid in said
    sweeps(world)
    assert world.tale(number).pause is None
    assert "confused" in world.reactions(comment)


def test_a_wait_is_reminded_of_once_and_ends_visibly(world: World) -> None:
    number = world.story()
    pull = world.tale(number).pull_number
    assert "Waiting since" in world.status_comments(number)[0]
    world.later(16 * 86_400)
    sweeps(world)
    (said,) = world.comments(pull)
    assert "handed over to people on" in said
    assert world.state(number) is State.WAITING
    world.later(15 * 86_400)
    sweeps(world)
    assert world.state(number) is State.FAILED
    assert "nobody answered" in world.status_comments(number)[0]
    assert len(world.comments(pull)) == 1
    world.say("bob", number, "/retry")
    assert world.state(number) is State.WAITING


def test_labels_that_were_moved_unseen_are_put_right(world: World) -> None:
    number = world.story()
    silent = world.act("bob", silently=True)
    silent.unlabel(REPO, number, "towpath:review")
    silent.label(REPO, number, "towpath:done")
    sweeps(world)
    assert world.labels(number) & {"towpath:review", "towpath:done"} == {"towpath:review"}
    events = len(world.events(number))
    sweeps(world)
    assert len(world.events(number)) == events
    assert world.state(number) is State.WAITING
