"""The lanes in the real app: sources on GitHub and in the tree become a ranking (B4, B6)."""

from __future__ import annotations

from collections.abc import Callable

from bot.backlog.item import Item
from bot.backlog.lanes.history import history, stream_of
from bot.backlog.store import Backlog
from bot.story.item_events import ItemState
from bot.story.lane_events import LaneEnded
from tests.world import FILES, REPO, World

TREE = FILES | {
    ".github/towpath.yml": (
        "backlog:\n"
        "  sources: [issues, todo, backlog_md, backlog_yml]\n"
        "  wsjf: [{label: 'area:*', risk: 13}]\n"
    ),
    "BACKLOG.md": "- [ ] Log-in times out (value: 8)\n- [x] Done long ago\n",
    "plans/backlog.yml": "- title: Export as CSV\n  size: 2\n- {title: [\n",
    "shop/cart.py": "# FIXME: rounding is wrong for yen\nX = 1\n",
}


def ended(world: World, lane: str) -> LaneEnded:
    found = history(world.house.journal, stream_of(world.place.id, lane)).ended
    assert found is not None
    return found


def items(world: World) -> dict[str, Item]:
    found = Backlog(world.house.journal).items(str(world.place.id))
    return {one.title: one for one in found}


def later(world: World) -> None:
    world.later(3700)
    world.house.run_lanes()


def test_what_sources_say_is_taken_in_refined_and_ranked(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.repository(TREE)
    issue = world.act("alice").open_issue(REPO, "Search is slow", "It takes seconds.")
    world.act("alice").label(REPO, issue, "area: search")
    world.settle()
    world.house.run_lanes()
    found = items(world)
    assert {"Log-in times out", "Search is slow", "Export as CSV"} <= found.keys()
    assert any("yen" in title for title in found)
    assert found["Done long ago"].state is ItemState.DONE
    assert found["Search is slow"].state is ItemState.READY
    assert found["Search is slow"].inputs.risk.number == 13
    assert any("plans/backlog.yml" in why for _, why, _ in ended(world, "intake").waits)
    assert ended(world, "rank").decisions[0][1].startswith("rank ")
    # Nothing changed: nothing is read again, and what is broken is still told.
    world.later(400)
    world.house.run_lanes()
    assert ended(world, "intake").idle == 1
    assert any("plans/backlog.yml" in why for _, why, _ in ended(world, "intake").waits)
    # What people say and do is heard at the usual pace again.
    world.later(400)
    world.say("alice", issue, "/wsjf value=13 size=1")
    later(world)
    given = items(world)["Search is slow"].given
    assert (given.value.number, given.size.number) == (13, 1)
    world.act("alice").close_issue(REPO, issue)
    world.settle()
    later(world)
    assert items(world)["Search is slow"].state is ItemState.DONE


def test_a_source_that_is_away_waits_and_the_others_go_on(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.repository(TREE)
    world.act("alice").open_issue(REPO, "Search is slow", "It takes seconds.")
    world.settle()
    world.hub.faults.add(path=r"/issues\?", times=0, status=502)
    world.house.run_lanes()
    [wait] = [one for one in ended(world, "intake").waits if one[0] == "issues"]
    assert "Search is slow" not in items(world)
    assert "Log-in times out" in items(world)
    world.hub.faults.clear()
    for _ in range(3):
        later(world)
    assert "issues" not in [one[0] for one in ended(world, "intake").waits]
    assert "Search is slow" in items(world)
    assert wait[1]
