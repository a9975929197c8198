"""Whose word a new story stands on, by what GitHub says of them now (B7, W7).

Promises: of a story that a person asks for, that person; of one that no person asks for, at an
issue of somebody else's, whoever wrote the issue: it is their words that would be worked on.
Never: decides (`policies.leave`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bot.story.involved import person
from bot.story.vocabulary import Person, Repository
from policies.leave import PERSON
from policies.who_commands import START, CommandFacts


class GitHub(Protocol):
    """The reads that this needs; `bot.outside.ports` has the contracts."""

    def identity(self) -> Any: ...
    def permission(self, repository: Repository, login: str, person_id: int = 0) -> str: ...


def asker_of(
    github: GitHub,
    repository: Repository,
    leave: str,
    requester: Person,
    issue: Mapping[str, Any] | None,
) -> CommandFacts | None:
    """None: it stands on nobody's word but the operator's or the repository's own."""
    who = requester if leave == PERSON else None
    if leave != PERSON and issue is not None:
        who = person(issue.get("user"))
        bot = github.identity().bot
        if who == bot or (not bot.id and who.login == bot.login):
            return None
    if who is None:
        return None
    permission = github.permission(repository, who.login, who.id)
    return CommandFacts(command=START, person=who, permission=permission)
