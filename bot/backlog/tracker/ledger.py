"""What happened between a repository and its tracker, as the journal tells it (B7, B8).

Promises: pure; what we showed on a ticket is what Jira answered when it was read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.story.events import EffectFailed, EffectPerformed
from bot.story.ticket_events import (
    TicketClaimed,
    TicketReleased,
    TicketsInStep,
    TicketsRead,
    TicketYielded,
)
from bot.story.tickets import CLAIM
from policies.tickets import Shown


@dataclass(frozen=True, slots=True)
class Held:
    """A ticket that we work on. `status`, `category`, `assignee`: as we showed them last.

    `before`: the status it had; `asked`: what we asked to be moved to last; `left`: a person moved
    it on, so its status is theirs; `stopped`: a person ended the work, our claim has to go.
    """

    ticket: str
    item: int
    fence: int
    before: str
    status: str
    assignee: str
    since: datetime
    expires: datetime | None = None
    category: str = ""
    asked: str = ""
    left: bool = False
    stopped: bool = False

    @property
    def shown(self) -> Shown:
        """As we showed it last."""
        return Shown(self.status, self.category, False, self.assignee)


@dataclass(frozen=True)
class Ledger:
    """`fences`: the last one of each ticket; `changes`: how often it was moved or assigned.

    `moved`: the status that a ticket had before we moved it, and where we moved it, until released.
    `refused`: keys of effects that were refused for good; `read_at`, `whole_at`: when tickets were
    read for the question `fingerprint`; `in_step_at`: when all was looked after after an outage.
    """

    held: Mapping[str, Held] = field(default_factory=dict)
    fences: Mapping[str, int] = field(default_factory=dict)
    changes: Mapping[str, int] = field(default_factory=dict)
    moved: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    fingerprint: str = ""
    read_at: datetime | None = None
    whole_at: datetime | None = None
    in_step_at: datetime | None = None

    def before(self, ticket: str, status: str) -> str:
        """What a ticket in `status` was in before we came to it, in however many tries."""
        first, ours = self.moved.get(ticket, ("", ""))
        return first if ours == status else status


def fold(recorded: Iterable[Any]) -> Ledger:
    """The ledger that `recorded` (things with .at and .event, in order) tell of."""
    held: dict[str, Held] = {}
    fences: dict[str, int] = {}
    changes: dict[str, int] = {}
    expires: dict[str, datetime] = {}
    asked: dict[str, str] = {}
    moved: dict[str, tuple[str, str]] = {}
    refused: set[str] = set()
    read = Ledger()
    for record in recorded:
        event, at = record.event, record.at
        if isinstance(event, EffectPerformed):
            asked |= _asked(event)
            _moved(event, moved)
            _performed(event, held, fences, changes, expires)
        elif isinstance(event, EffectFailed) and event.final:
            refused.add(event.key)
        elif isinstance(event, TicketClaimed):
            held[event.ticket] = Held(
                event.ticket,
                event.item,
                event.fence,
                event.before,
                event.status,
                event.assignee,
                at,
                expires.get(event.ticket),
                asked=asked.get(event.ticket, ""),
            )
        elif isinstance(event, TicketReleased):
            held.pop(event.ticket, None)
            asked.pop(event.ticket, None)
            moved.pop(event.ticket, None)
        elif isinstance(event, TicketYielded) and event.ticket in held:
            held[event.ticket] = replace(
                held[event.ticket],
                status=event.status,
                assignee=event.assignee,
                left=True,
                stopped=event.stops,
            )
        elif isinstance(event, TicketsRead):
            same = event.fingerprint == read.fingerprint
            whole_at = at if event.whole else read.whole_at if same else None
            read = replace(read, fingerprint=event.fingerprint, read_at=at, whole_at=whole_at)
        elif isinstance(event, TicketsInStep):
            read = replace(read, in_step_at=at)
    return replace(
        read, held=held, fences=fences, changes=changes, moved=moved, refused=frozenset(refused)
    )


def _asked(event: EffectPerformed) -> dict[str, str]:
    if event.effect != "transition_ticket":
        return {}
    return {event.result["ticket"]: event.result["asked"]}


def _moved(event: EffectPerformed, moved: dict[str, tuple[str, str]]) -> None:
    if event.effect == "transition_ticket":
        ticket, before = event.result["ticket"], event.result["before"]
        first, ours = moved.get(ticket, (before, before))
        moved[ticket] = (first if ours == before else before, event.result["status"])


def _performed(
    event: EffectPerformed,
    held: dict[str, Held],
    fences: dict[str, int],
    changes: dict[str, int],
    expires: dict[str, datetime],
) -> None:
    result = event.result
    ticket = str(result.get("ticket", ""))
    ours = held.get(ticket)
    if event.effect in ("transition_ticket", "assign_ticket"):
        changes[ticket] = changes.get(ticket, 0) + 1
        names = {"status", "category", "asked", "assignee"} & set(result)
        if ours is not None:
            held[ticket] = replace(ours, **{name: result[name] for name in names})
    elif event.effect == "set_ticket_property" and str(result.get("name")).startswith(CLAIM):
        value = result.get("value")
        if not value:
            return
        fences[ticket] = max(fences.get(ticket, 0), int(value["fence"]))
        expires[ticket] = datetime.fromisoformat(value["expires"])
        if ours is not None:
            held[ticket] = replace(ours, expires=expires[ticket])
