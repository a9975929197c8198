"""An issue that may not be there any more."""

from __future__ import annotations

from typing import Any, Protocol

from bot.story.vocabulary import Repository


class Reads(Protocol):
    """`bot.outside.ports` has the contract."""

    def issue(self, repository: Repository, number: int) -> dict[str, Any]: ...


def issue_if_there(github: Reads, repository: Repository, number: int) -> dict[str, Any] | None:
    """None where it was deleted, or is hidden from us. Raises what else the read raises."""
    try:
        return github.issue(repository, number)
    except Exception as error:
        if getattr(error, "kind", "") == "not_found":
            return None
        raise
