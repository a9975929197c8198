"""One file for each thing a person can see Towpath do.

Every handler file declares `EVENTS`, from `event.action` (or `event`) to a function of a delivery
and the office, and `COMMANDS`, what it obeys in comments. Nothing registers itself on import: this
list is all there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.story.office import Delivery, Office
from handlers import (
    answer,
    approve,
    backlog,
    checks,
    ci,
    comment,
    configuration,
    control,
    dashboard,
    install,
    jira,
    merge,
    onboarding,
    published,
    review,
    review_approves,
    status,
    story,
    todo,
)
from handlers.command import Command

Handler = Callable[[Delivery, Office], None]

COMMANDS: dict[str, Command] = {
    command.spec.name: command
    for module in (approve, answer, control, status)
    for command in module.COMMANDS
}


def _all(*declared: Mapping[str, Handler]) -> dict[str, Handler]:
    """Several files may care for one event: each hears of it, in this order.

    One that fails has the delivery handled again, so what was told before is told once (`once`).
    """
    heard: dict[str, list[Handler]] = {}
    for events in declared:
        for name, handler in events.items():
            heard.setdefault(name, []).append(handler)
    return {name: _each(found) for name, found in heard.items()}


def _each(found: Sequence[Handler]) -> Handler:
    def hear(delivery: Delivery, office: Office) -> None:
        for handler in found:
            handler(delivery, office)

    return found[0] if len(found) == 1 else hear


# What holds for a repository is known before anything is done by it: configuration comes first.
EVENTS: dict[str, Handler] = _all(
    install.EVENTS,
    onboarding.EVENTS,
    configuration.EVENTS,
    story.EVENTS,
    merge.EVENTS,
    checks.EVENTS,
    todo.EVENTS,
    dashboard.EVENTS,
    published.EVENTS,
    ci.EVENTS,
    comment.events(COMMANDS),
    review_approves.EVENTS,
    review.events(COMMANDS),
)


# Not events of GitHub's.
OURS: dict[str, Handler] = {**backlog.OURS, **jira.OURS}


def handle(delivery: Delivery, office: Office) -> str:
    """Hand a delivery to its handler. Returns `handled`, or `ignored` where nothing cares."""
    handler = EVENTS.get(f"{delivery.event}.{delivery.action}") or EVENTS.get(delivery.event)
    handler = handler or OURS.get(delivery.event)
    if handler is None:
        return "ignored"
    handler(delivery, office)
    return "handled"


def given_up(delivery: Delivery, office: Office, error_id: str) -> None:
    """Tell whoever wrote a command that the delivery of it is not tried any more."""
    comment.given_up(delivery, office, COMMANDS, error_id)
