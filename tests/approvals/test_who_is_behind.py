"""Who is behind the names in CODEOWNERS, and what older journals tell (P3)."""

from __future__ import annotations

from typing import Any

import pytest

from bot.story.events import EVENT
from bot.story.involved import Asks, approval_rule
from bot.story.machine import Story, apply
from tests.approvals.small_github import PEOPLE, REPOSITORY, SmallGitHub, shape

ANN = PEOPLE["ann"]


class Known(SmallGitHub):
    """Teams and addresses that GitHub can tell of."""

    renamed: str | None = None

    def team_members(self, repository: Any, team: str) -> list[dict[str, Any]]:
        return [shape(ANN)] if team == "o/team" else []

    def account_of_address(self, repository: Any, address: str) -> dict[str, Any] | None:
        return shape(ANN) if address == "ann@o.example" else None

    def pull_files(self, repository: Any, number: int) -> list[dict[str, Any]]:
        return [{"filename": "a.py", "previous_filename": self.renamed or "a.py"}]


def owned(owners: str, **changed: Any) -> dict[str, frozenset[int]]:
    github = Known(owners=owners)
    for name, value in changed.items():
        setattr(github, name, value)
    story = Story("story:9:12", repository=REPOSITORY, pull_number=13)
    rule = approval_rule(github, story, True, Asks())
    return {one.path: one.ids for one in rule.owned}


@pytest.mark.parametrize(
    "name",
    ["@ann", "@o/team", "ann@o.example", f"{ANN.id}+ann@users.noreply.github.com"],
)
def test_a_login_a_team_and_an_address_are_the_person_behind_them(name: str) -> None:
    assert owned(f"* @ben\na.py {name}\n") == {"a.py": frozenset({ANN.id})}


@pytest.mark.parametrize("name", ["@nobody", "@o/gone", "who@o.example"])
def test_somebody_who_cannot_be_found_owns_it_all_the_same(name: str) -> None:
    assert owned(f"* {name}\n") == {"a.py": frozenset()}


def test_a_file_that_is_moved_away_asks_its_old_owner_and_its_new_one() -> None:
    found = owned("old/ @ann\n/a.py @ben\n", renamed="old/a.py")
    assert found == {"a.py": frozenset({PEOPLE["ben"].id}), "old/a.py": frozenset({ANN.id})}


OLD = [
    {
        "kind": "approved",
        "approval": {
            "gate": "pre_deploy",
            "person": {"id": 4, "login": "ann"},
            "head_sha": "a" * 40,
            "base_sha": "b" * 40,
            "plan_digest": "c" * 64,
            "comment_id": 70,
            "at": "2026-05-04T12:00:00Z",
        },
    },
    {"kind": "approval_withdrawn", "reason": "edited", "comment_id": 70},
]


def test_what_older_journals_tell_is_understood() -> None:
    story = Story("story:9:12", head_sha="a" * 40)
    given, withdrawn = (EVENT.validate_python(one) for one in OLD)
    apply(story, given, given.approval.at)
    assert story.approvals[0].demands is None
    apply(story, withdrawn, given.approval.at)
    assert story.approvals == []
    assert [(one.login, one.reason) for one in story.withdrawals] == [("ann", "edited")]
