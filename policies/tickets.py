"""May this be done to a ticket, and whose side counts when a person changed it? (B7, B8, P1)

Promises: pure; nothing is written to a ticket of another project, by a repository that exchanges
with none, or to what belongs to people (their assignments, properties that are not ours). Never:
looks anything up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.story.vocabulary import Verdict, deny

OURS = "towpath."
LONGEST = 10_000  # characters of a comment
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,49}-[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class TicketFacts:
    """`repository`: its id; `project`: the key that it exchanges with, '' for none.

    `allowed`: the operator lets it; `statuses`: those it may move tickets to, casefolded: the
    configured ones, and where a ticket of ours was before.
    """

    repository: int
    project: str = ""
    allowed: bool = True
    statuses: frozenset[str] = frozenset()
    us: str = ""


def decide(effect: Any, facts: TicketFacts | None) -> Verdict | None:
    """None where nothing is against it."""
    if facts is None or effect.repository.id != facts.repository:
        return deny("own_repository", "the effect is for the tickets of another repository")
    if not facts.project:
        return deny("tracker_on", "the configuration exchanges nothing (backlog.jira)")
    if not facts.allowed:
        return deny("tracker_allowed", f"the operator keeps this repository from {facts.project}")
    if not _KEY.fullmatch(effect.ticket) or effect.ticket.rpartition("-")[0] != facts.project:
        return deny("own_project", f"{effect.ticket[:60]!r} is no ticket of {facts.project}")
    return _of_kind(effect, facts)


def _of_kind(effect: Any, facts: TicketFacts) -> Verdict | None:
    kind = effect.kind
    if kind == "transition_ticket" and effect.status.casefold() not in facts.statuses:
        return deny("known_status", f"{effect.status[:60]!r} is none of backlog.jira.states")
    if kind == "assign_ticket" and effect.expected not in ("", facts.us):
        return deny("person_assigned", "somebody is assigned; that is theirs to change")
    if kind == "set_ticket_property" and not effect.name.startswith(OURS):
        return deny("own_property", f"{effect.name[:60]!r} is not ours")
    if kind == "comment_ticket" and not 0 < len(effect.body) <= LONGEST:
        return deny("comment_size", f"a comment has up to {LONGEST} characters")
    if kind == "link_ticket" and not effect.url.startswith(("https://", "http://")):
        return deny("web_link", "only addresses of the web are linked")
    return None


class Side(StrEnum):
    """Whose word counts."""

    OURS = "ours"  # nobody else changed anything
    LEFT = "left"  # a person moved it on: the status is theirs from now, the work goes on
    STOPS = "stops"  # a person ended it, took it or gave it back: the work ends


@dataclass(frozen=True)
class Shown:
    """A ticket: its status and that one's category, what it means here, and who has it."""

    status: str
    category: str = ""  # new | indeterminate | done
    blocked: bool = False
    assignee: str = ""


@dataclass(frozen=True)
class Sided:
    """The side, and why: status | done | blocked | withdrawn | taken | unassigned."""

    side: Side
    why: str = ""


def side(ours: Shown, now: Shown, us: str) -> Sided:
    """Who is to be followed where the ticket was `ours` when we wrote it last and is `now`."""
    if now.assignee not in ("", us) and now.assignee != ours.assignee:
        return Sided(Side.STOPS, "taken")
    moved = now.status.casefold() != ours.status.casefold()
    if moved and now.category == "done":
        return Sided(Side.STOPS, "done")
    if moved and now.blocked:
        return Sided(Side.STOPS, "blocked")
    if moved and now.category == "new":
        return Sided(Side.STOPS, "withdrawn")
    if us and ours.assignee == us and not now.assignee:
        return Sided(Side.STOPS, "unassigned")
    if moved:
        return Sided(Side.LEFT, "status")
    return Sided(Side.OURS)
