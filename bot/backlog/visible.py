"""What of a backlog may be shown to everybody who can read the repository (B14).

Promises: in a public repository nothing is shown that comes from where only some can look: alerts,
advisories, another tracker, another system, our own audits. What is not known to be public is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from bot.backlog.item import Item
from bot.backlog.sources import (
    advisories,
    document_sources,
    github_issues,
    secret_scanning,
    todo,
    workflow_runs,
)
from bot.story.vocabulary import Repository

_ON_GITHUB = frozenset({github_issues.NAME, todo.NAME, workflow_runs.NAME})
_UNDISCLOSED = frozenset({advisories.NAME, secret_scanning.NAME})


class Reads(Protocol):
    """The read that this needs."""

    def about(self, repository: Repository) -> dict[str, Any]: ...


def audience(reads: Reads, repository: Repository) -> Callable[[Item], bool]:
    """Whether an item may be shown in the repository. Raises what reads of GitHub raise."""
    if reads.about(repository).get("private") is True:
        return lambda item: True
    return is_public


def is_public(item: Item) -> bool:
    """Whether the words of an item are from where everybody can look."""
    public = _ON_GITHUB | set(document_sources())
    told = item.origins
    return {told["title"].source, told["body"].source} <= public


def discloses(reads: Reads, repository: Repository, item: Item) -> bool:
    """Whether an issue of this item would tell everybody of a hole that nobody is to know of yet.

    Raises what reads of GitHub raise.
    """
    hidden = any(one.source in _UNDISCLOSED for one in item.known)
    return hidden and reads.about(repository).get("private") is not True
