"""GitHub refuses what we want to say: the work goes on, and GitHub is not hammered."""

from __future__ import annotations

import pytest

from bot.story.vocabulary import State
from tests.world import BUMP, REPO, World

MOST_TRIES = 40


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/comments$"), ("PATCH", "/issues/comments/"), ("POST", "/labels$")],
)
def test_a_view_that_github_refuses_is_not_shown_for_ever(
    world: World, method: str, path: str
) -> None:
    number = world.act("alice").open_issue(REPO, *BUMP)
    body = {"message": "Unable to create comment because issue is locked."}
    world.hub.faults.add(method=method, path=path, status=403, times=MOST_TRIES, body=body)
    world.act("alice").label(REPO, number, "story")
    world.settle()
    assert len(world.hub.faults.fired) < MOST_TRIES, "hammered"
    world.hub.faults.clear()
    world.say("carol", number, "/pause")
    world.say("carol", number, "/resume")
    assert world.state(number) is State.WAITING
    assert len(world.status_comments(number)) == 1
    assert "waiting for approval" in world.status_comments(number)[0]


def test_a_deleted_issue_ends_its_story_quietly(world: World) -> None:
    number = world.story()
    world.hub.faults.add(path=f"/issues/{number}(/|$)", status=404, times=MOST_TRIES)
    world.act("bob").comment(REPO, world.tale(number).pull_number, "/cancel")
    world.settle()
    assert world.state(number) is State.CANCELLED
    assert len(world.hub.faults.fired) < MOST_TRIES, "hammered"
