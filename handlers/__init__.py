"""One file for each thing a person can see Towpath do.

Every handler file declares `EVENTS`, from `event.action` (or `event`) to a function of a delivery
and the office, and `COMMANDS`, what it obeys in comments. Nothing registers itself on import: this
list is all there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.story.office import Delivery, Office
from handlers import answer, approve, checks, comment, control, merge, review, status, story
from handlers.command import Command

Handler = Callable[[Delivery, Office], None]

COMMANDS: dict[str, Command] = {
    command.spec.name: command
    for module in (approve, answer, control, status)
    for command in module.COMMANDS
}


def _each(handlers: Sequence[Handler]) -> Handler:
    """Several handlers of one event, in order; each can hear it again when a later one fails."""

    def every(delivery: Delivery, office: Office) -> None:
        for handler in handlers:
            handler(delivery, office)

    return every


def _together(*parts: Mapping[str, Handler]) -> dict[str, Handler]:
    found: dict[str, list[Handler]] = {}
    for part in parts:
        for name, handler in part.items():
            found.setdefault(name, []).append(handler)
    return {name: _each(handlers) for name, handlers in found.items()}


EVENTS: dict[str, Handler] = _together(
    story.EVENTS,
    merge.EVENTS,
    checks.EVENTS,
    comment.events(COMMANDS),
    review.events(COMMANDS),
)


def handle(delivery: Delivery, office: Office) -> str:
    """Hand a delivery to its handler. Returns `handled`, or `ignored` where nothing cares."""
    handler = EVENTS.get(f"{delivery.event}.{delivery.action}") or EVENTS.get(delivery.event)
    if handler is None:
        return "ignored"
    handler(delivery, office)
    return "handled"
