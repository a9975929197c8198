"""What is known of repositories: the fold of their streams, and what holds for each (W6, P2).

Promises: the journal is asked at every question, so that what one process was told holds for all;
the last good configuration stays in force while a broken one is mended. Where none was ever good,
Towpath is off there. Never: reads GitHub.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from functools import singledispatch
from typing import Any

from pydantic import ValidationError

from bot.configuration.in_force import Operator, in_force
from bot.configuration.schema import RepositoryConfig
from bot.story import repository_events as e
from bot.story.journal import Journal
from bot.story.vocabulary import Repository

log = logging.getLogger(__name__)

KIND = "repository"
Files = tuple[tuple[str, str], ...]


def repository_stream(repository_id: int) -> str:
    """The name of a repository's journal; it survives a rename."""
    return f"repository/{repository_id}"


@dataclass(frozen=True)
class RepositoryFacts:
    """A repository as its journal tells it. `told` None: its configuration was never readable.

    `files`: (path, blob) of what was looked at last, None before the first look; `broken`: what is
    wrong with that, None where nothing is. `since`: when the configuration in force was read.
    """

    repository: Repository | None = None
    told: RepositoryConfig | None = None
    files: Files | None = None
    sha: str = ""
    since: datetime | None = None
    broken: e.ConfigurationBroken | None = None
    version: int = 0


def apply(facts: RepositoryFacts, event: Any, at: datetime) -> RepositoryFacts:
    """The facts with one more event."""
    return _apply(event, facts, at)


@singledispatch
def _apply(event: Any, facts: RepositoryFacts, at: datetime) -> RepositoryFacts:
    return facts  # evidence, or the business of another view of this stream


@_apply.register
def _(event: e.ConfigurationRead, facts: RepositoryFacts, at: datetime) -> RepositoryFacts:
    return replace(
        facts,
        repository=event.repository,
        told=_told(event),
        files=event.files,
        sha=event.sha,
        since=at,
        broken=None,
    )


def _told(event: e.ConfigurationRead) -> RepositoryConfig:
    try:
        return RepositoryConfig.model_validate(event.told)
    except ValidationError:  # written by another version of Towpath: it is read again soon
        log.warning("a journalled configuration is not understood", extra={"sha": event.sha})
        return RepositoryConfig(mode="off")


@_apply.register
def _(event: e.ConfigurationBroken, facts: RepositoryFacts, at: datetime) -> RepositoryFacts:
    return replace(
        facts, repository=event.repository, files=event.files, sha=event.sha, broken=event
    )


class Repositories:
    """The facts of all repositories, kept in step with the journal."""

    def __init__(self, journal: Journal, operator: Operator | None = None) -> None:
        self._journal, self.operator = journal, operator or Operator()
        self._known: dict[int, RepositoryFacts] = {}
        self._lock = threading.Lock()

    def facts(self, repository_id: int) -> RepositoryFacts:
        """All that the journal tells of a repository by now."""
        with self._lock:
            known = self._known.get(repository_id, RepositoryFacts())
            for record in self._journal.load(repository_stream(repository_id), known.version):
                known = replace(apply(known, record.event, record.at), version=record.seq)
            self._known[repository_id] = known
            return known

    def configuration(self, repository: Repository) -> RepositoryConfig:
        """What holds now: the files' last good word inside the operator's bounds."""
        facts = self.facts(repository.id)
        if facts.told is not None:
            return in_force(facts.told, self.operator)
        never_good = RepositoryConfig(mode="off") if facts.broken else RepositoryConfig()
        return in_force(never_good, self.operator)
