"""Tickets of a project in Jira (B4, B8).

A status is a state by the repository's `backlog.jira.states`, by its own words, or by its category.
A ticket that somebody else has is theirs; what Towpath itself does to one changes no item.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.backlog.entry import Entry, Sightings
from bot.backlog.reading import Reading
from bot.backlog.words import field_of, state_of
from bot.configuration.jira import Jira
from bot.story.item_events import ItemState
from bot.story.tickets import Ticket
from bot.story.vocabulary import digest

NAME = "jira"
INPUTS = ("value", "time", "risk", "size")
RECENT = 14  # days that a ticket is still read after it was done

_BUSY = (ItemState.DOING, ItemState.PR)


@dataclass(frozen=True)
class Ours:
    """`account`: our own; `held`: keys of tickets that we claimed."""

    account: str
    held: Collection[str] = ()


def query(config: Jira, minutes: int | None = None, ticket: str = "") -> str:
    """The JQL of a reading: of all that is open, of what changed in the last `minutes`, of one.

    Relative times, because Jira reads others in the time zone of an account.
    """
    parts = [f'project = "{config.project}"']
    if config.label:
        label = config.label.replace("\\", "\\\\").replace('"', '\\"')
        parts.append(f'labels = "{label}"')
    if config.jql.strip():
        parts.append(f"({config.jql.strip()})")
    if ticket:
        parts.append(f'key = "{ticket}"')
    elif minutes is None:
        parts.append(f'(statusCategory != Done OR updated >= "-{RECENT}d")')
    else:
        parts.append(f'updated >= "-{minutes}m"')
    return f"{' AND '.join(parts)} ORDER BY key ASC"


def wanted(config: Jira, custom: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Our name → id of a field of the site, and what is wrong. `custom`: id → name.

    A field of a usual name ("Story Points") is taken where the configuration names none.
    """
    by_name = {name.casefold(): one for one, name in sorted(custom.items(), reverse=True)}
    found: dict[str, str] = {}
    faults: list[str] = []
    for name, told in config.fields.model_dump().items():
        if not told:
            continue
        if told not in custom and told.casefold() not in by_name:
            faults.append(f"no field “{told}” in Jira (backlog.jira.fields.{name})")
            continue
        found[name] = told if told in custom else by_name[told.casefold()]
    for one, label in sorted(custom.items()):
        name = field_of(label) or ""
        if name in (*INPUTS, "criteria") and name not in found:
            found[name] = one
    return found, faults


def read(
    tickets: Iterable[Ticket],
    config: Jira,
    ours: Ours,
    *,
    complete: bool = False,
    repository: str = "",
    faults: Sequence[str] = (),
) -> Reading:
    """What tickets say. One of another project is none of ours, whatever found it."""
    told = Sightings(NAME, config.project, repository)
    for fault in faults:
        told.fault(0, fault, loses=False)
    for ticket in sorted(tickets, key=lambda one: (len(one.key), one.key)):
        if ticket.project == config.project:
            told.add(_entry(ticket, config, ours))
    seen = [[one.key, one.digest] for one in told.found]
    return told.reading(digest(sorted(seen)), complete=complete)


def _entry(ticket: Ticket, config: Jira, ours: Ours) -> Entry:
    state, reason = state_in(ticket, config, ours)
    told = {name: value for name, value in ticket.fields.items() if value not in ("", None)}
    criteria = str(told.pop("criteria", "")).strip()
    body = f"{ticket.body}\n\n{criteria}" if criteria else ticket.body
    fields = {
        "family": ticket.type,
        "priority": ticket.priority,
        **told,
        "id": ticket.key,
        "url": ticket.url,
        "created": ticket.created,
        "due": ticket.due,
        "state": state.value if state else "",
        "reason": reason,
    }
    return Entry(ticket.summary, 0, body.strip(), fields, key=ticket.id, labels=ticket.labels)


def state_in(ticket: Ticket, config: Jira, ours: Ours) -> tuple[ItemState | None, str]:
    """The state that a ticket says its item is in, and why; None: nothing is in the way."""
    means = means_of(ticket, config)
    if means is ItemState.DONE:
        return means, ", ".join(one for one in (ticket.status, ticket.resolution) if one)
    if means is ItemState.BLOCKED:
        return means, f"{ticket.status} in Jira"
    if ticket.assignee not in ("", ours.account):
        return ItemState.DOING, f"assigned to {ticket.assignee_name or ticket.assignee}"
    if ticket.blocked_by:
        return ItemState.BLOCKED, f"blocked by {', '.join(ticket.blocked_by)}"
    if ticket.key in ours.held or (ours.account and ticket.assignee == ours.account):
        return None, ""
    if means in _BUSY:
        return means, f"{ticket.status} in Jira"
    return means, f"{ticket.status} in Jira" if means else ""


def means_of(ticket: Ticket, config: Jira) -> ItemState | None:
    """What a status means; None: nobody does anything about it yet."""
    status = ticket.status.casefold()
    for name, one in config.states.model_dump().items():
        if one and one.casefold() == status:
            return ItemState(name.upper())
    if ticket.category == "done":
        return ItemState.DONE
    means = state_of(ticket.status)
    if ticket.category == "indeterminate":
        return means if means in (*_BUSY, ItemState.BLOCKED) else ItemState.DOING
    return means if means in (ItemState.READY, ItemState.REFINED, ItemState.BLOCKED) else None
