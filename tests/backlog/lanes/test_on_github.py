"""The lanes in the real app: sources on GitHub and in the tree become a ranking (B4, B6)."""

from __future__ import annotations

from collections.abc import Callable

from bot.backlog.lanes.history import history, stream_of
from bot.backlog.store import Backlog
from bot.story.lane_events import LaneEnded
from tests.world import FILES, REPO, World

TREE = FILES | {
    ".github/towpath.yml": "backlog:\n  sources: [issues, todo, backlog_md, backlog_yml]\n",
    "BACKLOG.md": "- [ ] Log-in times out (value: 8)\n- [x] Done long ago\n",
    "plans/backlog.yml": "- title: Export as CSV\n  size: 2\n- {title: [\n",
    "shop/cart.py": "# FIXME: rounding is wrong for yen\nX = 1\n",
}


def ended(world: World, lane: str) -> LaneEnded:
    found = history(world.house.journal, stream_of(world.place.id, lane)).ended
    assert found is not None
    return found


def test_what_sources_say_is_taken_in_refined_and_ranked(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.repository(TREE)
    issue = world.act("alice").open_issue(REPO, "Search is slow", "It takes seconds.")
    world.settle()
    world.house.run_lanes()
    intake = ended(world, "intake")
    backlog = Backlog(world.house.journal)
    titles = {one.title for one in backlog.items(str(world.place.id))}
    assert {"Log-in times out", "Search is slow", "Export as CSV"} <= titles, intake
    assert any("yen" in title for title in titles)
    assert any("plans/backlog.yml" in why for _, why, _ in intake.waits)
    world.later(400)
    world.say("alice", issue, "/wsjf value=13 size=1")
    world.later(400)
    world.house.run_lanes()
    item = backlog.item(
        str(world.place.id), backlog.with_key(str(world.place.id), f"issue:{issue}") or 0
    )
    assert (item.given.value.number, item.given.size.number) == (13, 1)
