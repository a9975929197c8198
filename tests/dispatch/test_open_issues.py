"""Many issues are read by the list, few one by one, none twice."""

from __future__ import annotations

from typing import Any

import pytest

from bot.backlog.open_issues import FEW, OpenIssues
from bot.outside.errors import Forbidden, NotFound
from bot.story.vocabulary import Repository

PLACE = Repository(
    id=1,
    full_name="acme/shop",
    default_branch="main",
    git_url="http://hub.test/acme/shop.git",
    installation_id=1,
)


class Reads:
    """A GitHub with open issues 1 to 3 and a closed one, that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def issue(self, repository: Repository, number: int) -> dict[str, Any]:
        self.asked.append(f"issue {number}")
        if number == 403:
            raise Forbidden("no")
        if number > 4:
            raise NotFound("no such issue")
        return {"number": number, "state": "closed" if number == 4 else "open"}

    def open_issues(self, repository: Repository) -> list[dict[str, Any]]:
        self.asked.append("list")
        return [{"number": number, "state": "open"} for number in (1, 2, 3)]


def test_many_are_read_by_the_list_and_what_is_not_in_it_is_asked_for_once() -> None:
    reads = Reads()
    issues = OpenIssues(reads, PLACE, FEW + 1)
    assert [issues.is_open(number) for number in (1, 2, 3, 4, 5, 4, 5)] == [True] * 3 + [False] * 4
    assert issues.listed(2) is not None
    assert issues.listed(4) is None
    assert reads.asked == ["list", "issue 4", "issue 5"]


def test_few_are_asked_for_one_by_one_and_a_refusal_is_no_answer() -> None:
    reads = Reads()
    issues = OpenIssues(reads, PLACE, FEW)
    assert issues.listed(1) is None
    assert [issues.is_open(number) for number in (1, 4, 1)] == [True, False, True]
    assert reads.asked == ["issue 1", "issue 4"]
    with pytest.raises(Forbidden):
        issues.is_open(403)
