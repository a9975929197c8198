"""Issues of one run of a lane, with as few requests as will do (B6).

Promises: few are asked for one by one, many by the list of what is open; each at most once.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

from bot.story.issues import Reads as OneIssue
from bot.story.issues import issue_if_there
from bot.story.vocabulary import Repository

FEW = 10  # issues that are cheaper one by one than a list of unknown length


class Reads(OneIssue, Protocol):
    """`bot.outside.ports` has the contracts."""

    def open_issues(self, repository: Repository) -> list[dict[str, Any]]: ...


class OpenIssues:
    """`wanted`: how many somebody may ask for."""

    def __init__(self, reads: Reads, repository: Repository, wanted: int) -> None:
        self._reads, self._repository, self._many = reads, repository, wanted > FEW
        self._asked: dict[int, dict[str, Any] | None] = {}

    def listed(self, number: int) -> dict[str, Any] | None:
        """The issue as the list has it; None where it is not open, or there is no list."""
        return self._list.get(number) if self._many else None

    def is_open(self, number: int) -> bool:
        """Whether it is open; one that is not there (any more) is not."""
        if self.listed(number) is not None:
            return True
        if number not in self._asked:
            self._asked[number] = issue_if_there(self._reads, self._repository, number)
        found = self._asked[number]
        return found is not None and found.get("state") == "open"

    @cached_property
    def _list(self) -> dict[int, dict[str, Any]]:
        told = self._reads.open_issues(self._repository)
        return {int(one["number"]): one for one in told if one.get("number")}
