"""The same walk with the journal in PostgreSQL (X1)."""

from __future__ import annotations

from collections.abc import Callable

from bot.story.vocabulary import State
from tests.world import World


def test_the_walk_is_the_same_on_postgresql(
    new_world: Callable[..., World], postgresql: Callable[..., str]
) -> None:
    world = new_world(database_url=postgresql())
    world.repository()
    number = world.story()
    world.say("bob", number, "/approve")
    assert world.state(number) is State.DONE
    assert len(world.comments(number)) == 1
    assert world.house.journal.verify() == []
