"""What of a backlog may be shown to everybody who can read the repository (B14).

Promises: in a public repository nothing is shown that comes from where only some can look: alerts,
advisories, another tracker, another system, our own audits. What is not known to be public is not.
No issue is opened there for a hole that nobody is to know of; nor with the words of a ticket, but
where a person asks for that very item or `backlog.jira.public` says that all may read them; nor by
itself with the words of another system.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Protocol

from bot.backlog.item import Item
from bot.backlog.sources import (
    advisories,
    document_sources,
    error_rate,
    github_issues,
    jira,
    secret_scanning,
    todo,
    update,
    workflow_runs,
)
from bot.backlog.store import Backlog as Store
from bot.backlog.store import NoItem
from bot.configuration.backlog import Backlog
from bot.story.vocabulary import Repository
from bot.texts import started as texts
from policies.leave import AUTOSTART, PERSON

_ON_GITHUB = frozenset({github_issues.NAME, todo.NAME, workflow_runs.NAME})
_UNDISCLOSED = frozenset({advisories.NAME, secret_scanning.NAME})
_TOLD_BY_OTHERS = frozenset({error_rate.NAME, update.NAME})


Shows = Callable[[Item], Item | None]
"""What of an item may be shown; None: nothing."""


class Reads(Protocol):
    """The read that this needs."""

    def about(self, repository: Repository) -> dict[str, Any]: ...


def audience(reads: Reads, repository: Repository, config: Backlog) -> Shows:
    """What of an item may be shown in the repository. Raises what reads of GitHub raise."""
    if _is_private(reads, repository):
        return lambda item: item
    public = _ON_GITHUB | set(document_sources())
    if config.jira.public:
        public |= {jira.NAME}
    return lambda item: _part(item, public)


def _part(item: Item, public: Collection[str]) -> Item | None:
    """The item by what sources tell that everybody can look at; None: no such source does."""
    told = [one for one in item.known if one.source in public]
    if not told or len(told) == len(item.known):
        return item if told else None
    reason = item.reason if item.held or not item.reason else texts.NOT_SHOWN
    return item.model_copy(update={"sightings": tuple(told), "reason": reason})


def reason_for_all(backlog: Store, repository: str, shows: Shows, what: str, reason: str) -> str:
    """The reason why `what` waits, without what only those can know who may see its ticket."""
    name, _, number = what.partition(" ")
    if name != "item" or not number.isdecimal() or reason in texts.DISCLOSING:
        return reason
    try:
        item = backlog.item(repository, int(number))
    except NoItem:
        return reason
    of_ticket = any(one.source == jira.NAME for one in item.known)
    return texts.NOT_SHOWN if of_ticket and shows(item) is not item else reason


def discloses(reads: Reads, repository: Repository, item: Item, config: Backlog, leave: str) -> str:
    """What everybody would be told by an issue of this item that they are not to know; '': nothing.

    `leave`: to begin it, of `policies.leave`. Raises what reads of GitHub raise.
    """
    known = {one.source for one in item.known}
    if known & _UNDISCLOSED:
        why = texts.UNDISCLOSED
    elif jira.NAME in known and leave != PERSON and not config.jira.public:
        why = texts.OF_A_TICKET
    elif known & _TOLD_BY_OTHERS and leave == AUTOSTART:
        why = texts.TOLD_BY_OTHERS
    else:
        return ""
    return "" if _is_private(reads, repository) else why


def _is_private(reads: Reads, repository: Repository) -> bool:
    return reads.about(repository).get("private") is True
