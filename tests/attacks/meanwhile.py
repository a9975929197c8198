"""Something happens while a worker is in the middle of its work."""

from __future__ import annotations

from collections.abc import Callable

from bot.queue import jobs
from bot.queue.inbox import Inbox
from tests.world import World


class Meanwhile:
    """`act` happens once, just before an effect of `kind` is performed; handlers hear of it."""

    def __init__(self, world: World, kind: str, act: Callable[[], object]) -> None:
        self._world, self._kind, self._act = world, kind, act
        self.happened = False
        world.boundary = self._at

    def _at(self, name: str) -> None:
        if name != "before:perform" or self.happened or self._kind not in self._performing():
            return
        self.happened = True
        self._world.later()
        self._act()
        hear(self._world)

    def _performing(self) -> set[str]:
        journal = self._world.house.journal
        return {
            row.effect.kind
            for stream in journal.streams(kind="story")
            for row in journal.effects(stream.stream)
            if row.status == "performing"
        }


def hear(world: World) -> None:
    """Deliver and handle webhooks; no story is advanced."""
    world.hub.deliveries.settle()
    inbox = Inbox(world.redis, claim_after=world.claim_after)
    jobs.drain(inbox, world.house.dispatch)
