"""GitHub answers late, wrongly, or not at all."""

from __future__ import annotations

import pytest

from bot.story.vocabulary import State
from tests.world import BUMP, REPO, World


def test_an_outage_of_ten_minutes_gives_no_story_away(world: World) -> None:
    number = world.act("alice").open_issue(REPO, *BUMP)
    world.settle()
    world.hub.faults.add(method="GET", path=f"/issues/{number}$", skip=2, status=502, times=0)
    world.act("alice").label(REPO, number, "story")
    world.settle()
    assert world.state(number) is State.ANALYZING
    for _ in range(6):
        world.later(100)
        world.sweep()
    assert world.state(number) is State.ANALYZING
    world.hub.faults.clear()
    world.later(600)
    world.sweep()
    assert world.state(number) is State.WAITING, world.tale(number).failure_reason


def test_a_long_rate_limit_in_the_middle_of_the_work_is_waited_for(world: World) -> None:
    number = world.act("alice").open_issue(REPO, *BUMP)
    limit = world.hub.faults.secondary_limit(path=f"/issues/{number}$", times=1, retry_after=1800)
    limit.skip = 2  # the handler's own look, and the claim's
    world.act("alice").label(REPO, number, "story")
    world.settle()
    world.later(1000)
    world.sweep()
    assert world.state(number) is State.ANALYZING
    assert len(world.hub.faults.fired) == 1
    world.later(1000)
    world.sweep()
    world.later(60)
    world.sweep()
    assert world.state(number) is State.WAITING, world.tale(number).failure_reason


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/issues/1/comments$"),
        ("PATCH", "/issues/comments/"),
        ("POST", "/pulls$"),
        ("PUT", "/merge$"),
    ],
)
def test_a_good_answer_that_says_nothing_is_looked_after(
    world: World, method: str, path: str
) -> None:
    world.hub.faults.add(method=method, path=path, status=200, after=True, body={})
    number = world.story()
    world.later(60)
    world.sweep()
    world.say("bob", number, "/approve")
    world.later(60)
    world.sweep()
    assert world.hub.faults.fired
    assert world.state(number) is State.DONE, world.tale(number).failure_reason
    assert len(world.status_comments(number)) == 1
    assert len(world.pulls()) == 1


@pytest.mark.parametrize("until", [State.ANALYZING, State.WAITING])
def test_a_repository_that_gets_another_name_takes_its_stories_along(
    world: World, until: State
) -> None:
    if until is State.ANALYZING:
        world.hub.faults.add(method="GET", path="/issues/1$", skip=2, status=502, times=0)
    number = world.story()
    assert world.state(number) is until
    world.hub.rename_repository(REPO, "acme/store")
    world.hub.faults.clear()
    for _ in range(4):
        world.later(300)
        world.sweep()
    assert world.state(number) is State.WAITING, world.tale(number).failure_reason
    world.act("bob").comment("acme/store", number, "/approve")
    world.settle()
    assert world.state(number) is State.DONE, world.tale(number).failure_reason
    assert len(world.place.pulls()) == 1
