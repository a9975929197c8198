"""A start that is broken off at any request, and taken up a day later: one issue, one story."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from bot.backlog.start import OPERATOR, start
from bot.outside.errors import Unavailable
from bot.story.vocabulary import State
from tests.dispatch.conftest import backlog, entry, items, repository
from tests.world import REPO, World


def begin(world: World, number: int) -> bool:
    house = world.house
    with suppress(Unavailable):
        return start(house.office, backlog(house), repository(house), number, None, OPERATOR).begun
    return False


def named(world: World, title: str) -> list[dict[str, Any]]:
    told = world.act("alice").request("GET", f"/repos/{REPO}/issues?state=all&per_page=100")
    return [one for one in told if one["title"] == title]


@pytest.mark.parametrize("after", [False, True], ids=["not-done", "done-without-an-answer"])
@pytest.mark.parametrize("closed", [False, True], ids=["calm", "closed-by-a-person"])
def test_wherever_it_broke_off_there_is_one_issue_and_its_story(
    world: World, after: bool, closed: bool
) -> None:
    for which in count():
        title = f"Round the totals of page {which}"
        number = max(items(world.house, entry(title), place=f"{which}.yml"))
        repository(world.house)
        world.hub.faults.add(path=f"^/repos/{REPO}/", status=502, times=0, skip=which, after=after)
        begin(world, number)
        hit = bool(world.hub.faults.fired)
        world.hub.faults.clear()
        world.hub.faults.fired.clear()
        opened = named(world, title)
        if closed and opened:
            world.act("alice").close_issue(REPO, opened[0]["number"], "not_planned")
        world.later(25 * 3600)
        world.new_house()
        begun = begin(world, number)
        world.settle()
        (issue,) = named(world, title)
        tale = world.tale(issue["number"])
        if closed and opened:
            assert tale.state in (State.CANCELLED, State.RECEIVED), which
            said = world.comments(issue["number"])  # once, where it had begun before
            assert len(said) <= 1, which
            assert all("closed the issue" in each for each in said), which
        else:
            assert begun, which
            assert tale.terminal or tale.state is State.WAITING, which
            assert len(world.status_comments(issue["number"])) == 1, which
        if not hit:
            break
    assert which > 2
