"""What the API works with: handed in by the wiring, so that the door imports no handler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from redis import Redis

from bot.settings import Settings
from bot.story.batches import Batch
from bot.story.journal import Journal
from bot.story.machine import Story
from bot.story.office import Office
from bot.story.vocabulary import Person, Repository, State


class Answer(Protocol):
    """What came of an order."""

    @property
    def ok(self) -> bool: ...
    @property
    def text(self) -> str: ...
    @property
    def rule(self) -> str: ...


class Handlers(Protocol):
    """What the API asks of the handlers; see `handlers.api` and `handlers.batch`."""

    def obey(
        self, command: str, person: Person, story: Story, request: str, values: Any
    ) -> Answer: ...
    def request(
        self,
        batch_id: str,
        repository: Repository,
        person: Person,
        items: Any,
        in_order: bool,
        at_once: int,
    ) -> Batch: ...
    def batch(self, stream: str) -> Batch: ...
    def states(self, batch: Batch) -> dict[str, State | None]: ...


@dataclass(frozen=True)
class Rooms:
    """One process' way to everything the API needs."""

    settings: Settings
    redis: Redis
    journal: Journal
    office: Office
    handlers: Handlers
    clock: Callable[[], datetime]
