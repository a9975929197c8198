"""What a tracker is to the rest of the house (B7, B8): its tickets, and who claims them.

Promises: plain values, every text cut and in Markdown; a missing field is '' or None. What a
tracker says is untrusted text. Never: talks to one (`bot.outside.jira` does).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

CLAIM = "towpath.claim."  # and who holds it: each holder writes a property of its own
SERVICE = "jira"  # the name of the tracker among the services


def stream_of(repository_id: int) -> str:
    """The stream of what happens between a repository and its tracker."""
    return f"tracker/{repository_id}"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as the tracker has it now.

    `category`: new | indeterminate | done; `assignee`: the id of an account, '' for nobody;
    `fields`: what was asked for, by our names; `blocked_by`: keys of unfinished tickets.
    """

    id: str
    key: str
    project: str
    summary: str
    url: str
    status: str
    category: str
    body: str = ""
    resolution: str = ""
    assignee: str = ""
    assignee_name: str = ""
    labels: tuple[str, ...] = ()
    priority: str = ""
    type: str = ""
    created: str = ""
    updated: str = ""
    due: str = ""
    blocked_by: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """What a holder wrote on a ticket. Not `held`: it only means to take it."""

    name: str  # of the property
    holder: str
    fence: int
    expires: datetime
    held: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Who changed a field last, and when; '' where the tracker does not tell."""

    by: str = ""
    account: str = ""
    at: str = ""


class TrackerError(Exception):
    """A failed call. `kind`: not_found | unauthorized | forbidden | rate_limited | unavailable |
    conflict | refused; `retryable`: trying again can help, after `retry_after` seconds."""

    kind = "refused"
    retryable = False
    retry_after: float | None = None


class Tracker(Protocol):
    """The reads. All of them raise TrackerError."""

    url: str

    def allows(self, repository: str, project: str) -> bool:
        """Whether the operator lets a repository (full name) exchange with a project."""

    def us(self) -> str:
        """The id of our account."""

    def custom_fields(self) -> Mapping[str, str]:
        """id → name of the fields that the site added."""

    def search(self, jql: str, fields: Mapping[str, str]) -> Iterator[Sequence[Ticket]]:
        """The tickets that a query finds, by pages. `fields`: our name → id."""

    def ticket(self, key: str, fields: Mapping[str, str]) -> Ticket | None:
        """A ticket by its key, also by the one that it had before a move; None: not there."""

    def records(self, key: str) -> tuple[Record, ...]:
        """All claims written on a ticket, also those that expired."""

    def last_change(self, key: str, field: str) -> Change:
        """Who changed a field (status, assignee) last."""
