"""Each write of a walk is done, and then its answer is lost: the end is the same, nothing twice."""

from __future__ import annotations

import pytest

from bot.story.vocabulary import State
from tests.world import REPO, World

# One on the way to the pull request, and one on the way from the approval to the end.
WRITES = [
    [("POST", "/issues/1/reactions$"), ("POST", "/issues/comments/.*/reactions$")],
    [("POST", "/issues/1/labels$"), ("PUT", "/merge$")],
    [("DELETE", "/issues/1/labels/"), ("PATCH", "/issues/1$")],
    [("POST", "/issues/1/comments$"), ("DELETE", "/git/refs/")],
    [("PATCH", "/issues/comments/")],
    [("POST", "/pulls$")],
]


@pytest.mark.parametrize("writes", WRITES, ids=lambda writes: " ".join(map(" ".join, writes)))
def test_a_write_whose_answer_was_lost_is_not_done_twice(
    world: World, writes: list[tuple[str, str]]
) -> None:
    for method, path in writes:
        world.hub.faults.add(method=method, path=path, after=True, drop=True)
    number = world.story()
    world.later(100)
    world.sweep()
    approval = world.say("bob", number, "/approve")
    for _ in range(2):
        world.later(100)
        world.sweep()
    assert len(world.hub.faults.fired) == len(writes)
    assert world.state(number) is State.DONE, world.tale(number).failure_reason
    assert [p["merged_at"] is not None for p in world.pulls()] == [True]
    assert world.branches() == ["main"]
    assert len(world.comments(number)) == 1
    assert sorted(world.reactions(approval)) == ["+1", "eyes"]
    assert world.labels(number) == {"story", "towpath:done"}
    assert world.act("alice").issue(REPO, number)["state"] == "closed"
    assert world.house.journal.verify() == []
