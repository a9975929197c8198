"""A ticket changed in Jira: what it says now becomes an item, and a person's side counts (B8).

The webhook is a hint: the ticket is read again. Which repositories it is for, their configuration
says. Never: believes the payload more than the key in it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

from bot.backlog.store import Backlog
from bot.backlog.tracker.rounds import heard
from bot.story.office import Delivery, Office
from bot.story.tickets import TrackerError
from bot.story.vocabulary import Repository

log = logging.getLogger(__name__)

_KEY = re.compile(r"([A-Z][A-Z0-9_]{0,49})-[1-9][0-9]{0,8}")


def changed(delivery: Delivery, office: Office) -> None:
    """Look at the ticket for every repository that exchanges with its project."""
    issue = delivery.payload.get("issue")
    key = issue.get("key") if isinstance(issue, dict) else None
    found = _KEY.fullmatch(key) if isinstance(key, str) else None
    if found is None or office.tracker is None:
        return
    for repository in _repositories(office, found[1]):
        try:
            heard(office, Backlog(office.journal), repository, found[0])
        except TrackerError as error:
            if error.retryable:
                raise
            where = {"ticket": found[0], "repository": repository.full_name}
            log.warning("a ticket cannot be read: %s", error, extra=where)


def _repositories(office: Office, project: str) -> Iterator[Repository]:
    for number in sorted(office.repositories.known()):
        repository = office.repositories.facts(number).repository
        if repository is None or office.stopped(repository):
            continue
        told = office.configuration(repository).backlog.jira
        if told.enabled and told.project == project:
            yield repository


OURS = {"jira": changed}
