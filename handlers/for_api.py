"""What the REST API may ask of the handlers, bound to one office."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bot.story.api_events import RequestedStory
from bot.story.batches import Batch
from bot.story.machine import Story
from bot.story.office import Office
from bot.story.vocabulary import Person, Repository, State
from handlers import batch as batches
from handlers.api import Answer, Order, obey


class ForApi:
    """`bot.door.api.rooms.Handlers`."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def obey(
        self,
        command: str,
        person: Person,
        story: Story,
        request: str,
        values: Mapping[str, str | Decimal],
    ) -> Answer:
        return obey(self._office, Order(command, person, story.stream, request, values))

    def request(
        self,
        batch_id: str,
        repository: Repository,
        person: Person,
        items: tuple[RequestedStory, ...],
        in_order: bool,
        at_once: int,
    ) -> Batch:
        return batches.request(self._office, batch_id, repository, person, items, in_order, at_once)

    def batch(self, stream: str) -> Batch:
        return batches.load(self._office, stream)

    def states(self, batch: Batch) -> dict[str, State | None]:
        return batches.states(self._office, batch)
