"""A claim that was broken off, and ran out before anybody came back, leaves no second comment."""

from __future__ import annotations

from contextlib import suppress
from itertools import count

import pytest

from bot.outside.errors import Unavailable
from handlers.story import start
from tests.dispatch.conftest import person, repository
from tests.dispatch.test_two_towpaths import WAITS, open_story
from tests.world import REPO, World


@pytest.mark.parametrize("after", [False, True], ids=["not-done", "done-without-an-answer"])
@pytest.mark.parametrize("deleted", [False, True], ids=["first", "after-its-comment-was-deleted"])
def test_wherever_it_broke_off_one_status_comment_is_left(
    world: World, after: bool, deleted: bool
) -> None:
    world.act("alice").push(REPO, "main", WAITS, "wait for leave")
    world.settle()
    for which in count():
        number = open_story(world)
        start(world.house.office, repository(world.house), number, person(world, "alice"), "told")
        if deleted:
            world.house.advance(world.stream(number))
            (said,) = world.act("alice").comments(REPO, number)
            world.act("alice").request("DELETE", f"/repos/{REPO}/issues/comments/{said['id']}")
        path = rf"/issues/({number}\b|comments/)"
        world.hub.faults.add(path=path, status=502, times=0, skip=which, after=after)
        with suppress(Unavailable):
            world.settle() if deleted else world.house.advance(world.stream(number))
        hit = bool(world.hub.faults.fired)
        world.hub.faults.clear()
        world.hub.faults.fired.clear()
        for _ in range(3):  # a day in which nobody could prolong it, then calm
            world.later(25 * 3600)
            world.house.advance(world.stream(number))
        held = world.tale(number).claim
        assert held is not None, (which, world.tale(number).withheld)
        assert held.expires > world.now(), which
        said = world.act("alice").comments(REPO, number)
        assert [each["id"] for each in said] == [world.tale(number).status_comment_id], which
        assert "towpath:claim" in said[0]["body"], which
        if not hit:
            break  # there was nothing left to be broken off
    assert which > 4
