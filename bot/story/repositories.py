"""What is known of repositories: the fold of their streams, and what holds for each (W6, P2).

Promises: the journal is asked at every question, so that what one process was told holds for all;
the last good configuration stays in force while a broken one is mended. Where none was ever good,
Towpath is off there. Never: reads GitHub.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import singledispatch
from typing import Any

from pydantic import ValidationError

from bot.configuration.files import Told
from bot.configuration.in_force import MODES, EffectiveConfig, Operator, in_force
from bot.configuration.schema import Mode, RepositoryConfig
from bot.configuration.scope_file import ScopeFile
from bot.story import installations
from bot.story import repository_events as e
from bot.story.installations import InstallationFacts
from bot.story.journal import Journal
from bot.story.vocabulary import Repository
from policies.standing import GRANTED, Standing, missing

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
    told: Told | None = None
    files: Files | None = None
    sha: str = ""
    since: datetime | None = None
    broken: e.ConfigurationBroken | None = None
    broken_since: datetime | None = None
    mended: bool = False  # what was broken before is not any more
    installation: InstallationFacts = field(default_factory=InstallationFacts)
    version: int = 0

    @property
    def trouble(self) -> tuple[str, datetime | None] | None:
        """What is wrong with the configuration, and since when."""
        if self.broken is None:
            return None
        first = self.broken.problems[0]
        return f"{first.path}:{first.line}: {first.message}", self.broken_since


def apply(facts: RepositoryFacts, event: Any, at: datetime) -> RepositoryFacts:
    """The facts with one more event."""
    found = installations.apply(facts.installation, event, at)
    return replace(_apply(event, facts, at), installation=found)


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
        mended=facts.mended or facts.broken is not None,
    )


def _told(event: e.ConfigurationRead) -> Told:
    try:
        scope = None if event.scope is None else ScopeFile.model_validate(event.scope)
        return Told(RepositoryConfig.model_validate(event.told), scope)
    except ValidationError:  # written by another version of Towpath: it is read again soon
        log.warning("a journalled configuration is not understood", extra={"sha": event.sha})
        return Told(RepositoryConfig(mode="off"))


@_apply.register
def _(event: e.ConfigurationBroken, facts: RepositoryFacts, at: datetime) -> RepositoryFacts:
    return replace(
        facts,
        repository=event.repository,
        files=event.files,
        sha=event.sha,
        broken=event,
        broken_since=at,
    )


class Repositories:
    """The facts of all repositories, kept in step with the journal."""

    def __init__(
        self,
        journal: Journal,
        operator: Operator | None = None,
        onboarding: bool = False,
        needed: Mapping[str, str] | None = None,
    ) -> None:
        """`onboarding`: repositories without a configuration rehearse until they get one.

        `needed`: permissions that the app takes, name → level.
        """
        self._journal, self.operator = journal, operator or Operator()
        self._onboarding, self._needed = onboarding, needed or {}
        self._known: dict[int, RepositoryFacts] = {}
        self._in_force: dict[int, tuple[RepositoryFacts, EffectiveConfig]] = {}
        self.supposed: Told | None = None  # said instead of every repository's own files
        self._lock = threading.Lock()

    def facts(self, repository_id: int) -> RepositoryFacts:
        """All that the journal tells of a repository by now."""
        with self._lock:
            known = self._known.get(repository_id, RepositoryFacts())
            for record in self._journal.load(repository_stream(repository_id), known.version):
                known = replace(apply(known, record.event, record.at), version=record.seq)
            self._known[repository_id] = known
            return known

    def configuration(self, repository: Repository) -> EffectiveConfig:
        """What holds now: the files' last good word inside the operator's bounds."""
        return self._of(repository.id, self.facts(repository.id))

    def _of(self, repository_id: int, facts: RepositoryFacts) -> EffectiveConfig:
        """Put together once for the same facts: every effect is judged by it."""
        known = self._in_force.get(repository_id)
        if known is None or known[0] is not facts:
            known = self._in_force[repository_id] = (facts, self._put_together(facts))
        return known[1]

    def _put_together(self, facts: RepositoryFacts) -> EffectiveConfig:
        if self.supposed is not None:
            return in_force(self.supposed.config, self.operator, self.supposed.scope)
        operator = self._operator_for(facts)
        if facts.told is not None:
            return in_force(facts.told.config, operator, facts.told.scope)
        never_good = RepositoryConfig(mode="off") if facts.broken else RepositoryConfig()
        return in_force(never_good, operator)

    def _operator_for(self, facts: RepositoryFacts) -> Operator:
        """Without a configuration: a rehearsal, or nothing where people declined to have one."""
        if not self._onboarding or facts.files:
            return self.operator
        quiet: Mode = "off" if facts.installation.outcome == "declined" else "dry_run"
        return replace(self.operator, mode=min(quiet, self.operator.mode, key=MODES.index))

    def configured(self, repository: Repository) -> bool:
        """Whether the repository has a configuration of its own, good or broken."""
        return bool(self.facts(repository.id).files)

    def standing(self, repository: Repository) -> Standing:
        """How Towpath stands with a repository: what it may do at all (W5)."""
        facts = self.facts(repository.id)
        found, granted = facts.installation, facts.installation.permissions
        return Standing(
            access=found.access or GRANTED,
            mode=self._of(repository.id, facts).mode,
            granted=granted,
            lacks=() if granted is None else missing(granted, self._needed),
            since=found.since,
        )

    def known(self) -> dict[int, InstallationFacts]:
        """The repositories that the app ever saw, by their ids."""
        rows = self._journal.streams(kind=KIND, limit=100_000)
        at = {int(row.stream.partition("/")[2]): row.version for row in rows}
        with self._lock:
            same = {one: self._known[one] for one in at.keys() & self._known.keys()}
        return {
            one: facts.installation
            if (facts := same.get(one)) and facts.version == version
            else self.facts(one).installation
            for one, version in at.items()
        }
