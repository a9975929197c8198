"""What an adapter asks for before it does anything: the journalled verdict on its effect (P1).

Promises: a `Permit` is made of an allowing verdict as the journal holds it, and of nothing else; an
adapter of this house does nothing for another effect than the one that was judged, to the byte.
Never: judges. Who may make one is a rule of the house's tests: the `Performer`, and nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bot.story.effects import Effect
from bot.story.events import EffectProposed
from bot.story.journal import Recorded
from bot.story.vocabulary import digest


class NotPermitted(RuntimeError):
    """An effect without its own allowing verdict came to an adapter: a fault of ours."""


class Performs(Protocol):
    """What does the work, in its own room, once it is permitted."""

    def perform(self, effect: Any) -> dict[str, Any]: ...
    def look(self, effect: Any) -> dict[str, Any] | None: ...


class Permit:
    """The right to perform one effect once it was judged. `seq`: of the verdict in its stream."""

    __slots__ = ("_digest", "_key", "seq")

    def __init__(self, recorded: Recorded) -> None:
        """Raises NotPermitted where what is recorded is no allowing verdict."""
        event = recorded.event
        if not isinstance(event, EffectProposed) or not event.verdict.allowed:
            raise NotPermitted(f"no verdict that allows anything: {event.kind}")
        self._key, self._digest, self.seq = event.key, event.digest, recorded.seq

    def covers(self, effect: Effect) -> bool:
        """Whether it is this effect that was judged."""
        return effect.key == self._key and digest(effect.model_dump(mode="json")) == self._digest


class Permitted:
    """An adapter that performs nothing without a permit. Looking needs none: it changes nothing."""

    __slots__ = ("__adapter",)

    def __init__(self, adapter: Performs) -> None:
        self.__adapter = adapter

    @property
    def needs(self) -> Mapping[str, Mapping[str, str]]:
        """Permissions on GitHub by kind of effect; {} where it takes none."""
        return getattr(self.__adapter, "needs", {})

    def perform(self, effect: Any, permit: Permit) -> dict[str, Any]:
        """Do it; raises NotPermitted, or an error with `retryable` and `retry_after` (seconds)."""
        if not isinstance(permit, Permit) or not permit.covers(effect):
            raise NotPermitted(f"{effect.kind} came without a verdict of its own")
        return self.__adapter.perform(effect)

    def look(self, effect: Any) -> dict[str, Any] | None:
        """The result, if it is done already."""
        return self.__adapter.look(effect)
