"""Whose backlog is meant, and what the person may do there (W14, P3).

Promises: for a repository on GitHub, GitHub says at every call what the person may do, and one that
they cannot read is not told from one that is not there; a backlog of this machine is whoever's runs
the process. Never: takes a repository's id for the name of a local backlog.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.outside.errors import NotFound, Refused
from bot.story.involved import person
from bot.story.journal import Journal
from bot.story.office import Office
from bot.story.repositories import repository_stream
from bot.story.vocabulary import Person, Repository
from bot.texts import mcp as texts
from policies.who_approves import at_least
from policies.who_commands import CommandFacts, decide

_NAME = re.compile(r"[A-Za-z0-9-]{1,39}/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}")
_ID = re.compile(r"[1-9][0-9]{0,17}")
_LOCAL = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def is_a_name(told: str) -> bool:
    """Whether `told` can name a backlog at all."""
    return any(form.fullmatch(told) for form in (_NAME, _ID, _LOCAL))


class Refusal(Exception):
    """Something that cannot be done; the text is a sentence for whoever asked."""


@dataclass(frozen=True)
class Place:
    """A backlog and who acts there. `repository` None: it is on this machine only."""

    key: str
    name: str
    login: str
    repository: Repository | None = None
    person: Person | None = None
    level: str = ""


class Places:
    """Finds backlogs. `office` None: no GitHub is configured. `user`: who runs the process."""

    def __init__(
        self,
        journal: Journal,
        office: Callable[[], Office] | None,
        login: str,
        user: str,
        default: str,
    ) -> None:
        self._journal, self._office = journal, office
        self._login, self._user, self._default = login, user, default

    def readable(self, told: str | None) -> Place:
        """The backlog that `told` names. Raises Refusal, and what the reads of GitHub raise."""
        name = self._default if told is None else told
        if _ID.fullmatch(name):
            name = self._name_of(name)
        if _LOCAL.fullmatch(name):
            return Place(key=name, name=name, login=self._user)
        if not _NAME.fullmatch(name):
            raise Refusal(texts.NO_REPOSITORY)
        if self._office is None:
            raise Refusal(texts.NO_GITHUB)
        if not self._login:
            raise Refusal(texts.NO_LOGIN)
        return self._on_github(name, self._office())

    def writable(self, told: str | None, command: str) -> Place:
        """The same, where the person may give `command` there now."""
        place = self.readable(told)
        if place.repository is None or place.person is None or self._office is None:
            return place
        if stopped := self._office().stopped(place.repository):
            raise Refusal(texts.stopped(stopped))
        verdict = decide(CommandFacts(command, place.person, place.level))
        if not verdict.allowed:
            raise Refusal(texts.may_not(place.login, place.name, verdict.reason))
        return place

    def _on_github(self, name: str, office: Office) -> Place:
        try:
            repository = office.github.repository(name)
        except (NotFound, Refused):
            raise Refusal(texts.NO_REPOSITORY) from None
        user = office.github.user(self._login, repository)
        if user is None or person(user).is_bot:
            raise Refusal(texts.no_person(self._login))
        who = person(user)
        level = office.github.permission(repository, who.login, who.id)
        if not at_least(level, "read"):
            raise Refusal(texts.NO_REPOSITORY)
        return Place(str(repository.id), repository.full_name, who.login, repository, who, level)

    def _name_of(self, repository_id: str) -> str:
        row = self._journal.stream(repository_stream(int(repository_id)))
        if row is None or "/" not in row.repository:
            raise Refusal(texts.NO_REPOSITORY)
        return row.repository
