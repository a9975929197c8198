"""One file for each thing a person can see Towpath do.

Every handler file declares `EVENTS`, from `event.action` (or `event`) to a function of a delivery
and the office, and `COMMANDS`, what it obeys in comments. Nothing registers itself on import: this
list is all there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.story.office import Delivery, Office
from handlers import (
    answer,
    approve,
    checks,
    comment,
    configuration,
    control,
    merge,
    status,
    story,
)
from handlers.command import Command

Handler = Callable[[Delivery, Office], None]

COMMANDS: dict[str, Command] = {
    command.spec.name: command
    for module in (approve, answer, control, status)
    for command in module.COMMANDS
}

# What holds for a repository is known before anything is done by it: configuration comes first.
_ALL: tuple[Mapping[str, Handler], ...] = (
    configuration.EVENTS,
    story.EVENTS,
    merge.EVENTS,
    checks.EVENTS,
    comment.events(COMMANDS),
)
EVENTS: dict[str, tuple[Handler, ...]] = {
    name: tuple(each[name] for each in _ALL if name in each)
    for name in dict.fromkeys(name for each in _ALL for name in each)
}


def handle(delivery: Delivery, office: Office) -> str:
    """Hand a delivery to its handlers, in their order.

    Returns `handled`, or `ignored` where nothing cares.
    """
    name = f"{delivery.event}.{delivery.action}"
    caring = EVENTS.get(name) or EVENTS.get(delivery.event) or ()
    for handler in caring:
        handler(delivery, office)
    return "handled" if caring else "ignored"
