"""One file for each thing a person can see Towpath do.

Every handler file declares `EVENTS`, from `event.action` (or `event`) to a function of a delivery
and the office, and `COMMANDS`, what it obeys in comments. Nothing registers itself on import: this
list is all there is.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.story.office import Delivery, Office
from handlers import answer, approve, checks, comment, control, merge, status, story
from handlers.command import Command

Handler = Callable[[Delivery, Office], None]

COMMANDS: dict[str, Command] = {
    command.spec.name: command
    for module in (approve, answer, control, status)
    for command in module.COMMANDS
}

EVENTS: dict[str, Handler] = {
    **story.EVENTS,
    **merge.EVENTS,
    **checks.EVENTS,
    **comment.events(COMMANDS),
}


def handle(delivery: Delivery, office: Office) -> str:
    """Hand a delivery to its handler. Returns `handled`, or `ignored` where nothing cares."""
    handler = EVENTS.get(f"{delivery.event}.{delivery.action}") or EVENTS.get(delivery.event)
    if handler is None:
        return "ignored"
    handler(delivery, office)
    return "handled"
