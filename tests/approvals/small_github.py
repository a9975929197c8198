"""A GitHub of a few dictionaries: what people did to one pull request, and when.

Times are whole seconds, as GitHub's are. Nothing here knows a rule of Towpath's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from bot.story.vocabulary import Person, Repository

REPOSITORY = Repository(
    id=9, full_name="o/r", default_branch="main", git_url="http://127.0.0.1/o/r", installation_id=7
)
BOT = Person(id=1, login="towpath[bot]", is_bot=True)
PEOPLE = {
    name: Person(id=number, login=name)
    for number, name in enumerate(("asker", "writer", "ann", "ben", "cat"), 2)
}
OTHER_BOT = Person(id=50, login="helpful[bot]", is_bot=True)
BRANCH = "feature/STORY-12/round-up"
ISSUE, PULL = 12, 13


def shape(person: Person) -> dict[str, Any]:
    """As GitHub tells somebody."""
    kind = "Bot" if person.is_bot else "User"
    return {"id": person.id, "login": person.login, "type": kind}


@dataclass
class Commit:
    """`tree`: what is in it. `claims`: whom it names as its author; anybody can be named."""

    sha: str
    tree: str
    pusher: Person
    claims: Person


@dataclass
class SmallGitHub:
    """The reads that judging an approval needs, from what is there now."""

    second: int = 0
    commits: list[Commit] = field(default_factory=list)
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    access: dict[int, str] = field(default_factory=dict)
    owners: str | None = None

    def at(self) -> datetime:
        return datetime(2026, 5, 4, tzinfo=UTC) + timedelta(seconds=self.second)

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    def tree_of(self, sha: str) -> str:
        return next((one.tree for one in self.commits if one.sha == sha), "")

    def push(self, pusher: Person, tree: str, claims: Person) -> Commit:
        made = Commit(f"{len(self.commits) + 1:040x}", tree, pusher, claims)
        self.commits.append(made)
        return made

    def write(self, person: Person, body: str) -> int:
        number = 1000 + len(self.comments) + len(self.reviews)
        at = self.at().isoformat()
        told = {"id": number, "user": shape(person), "body": body}
        self.comments[number] = {**told, "created_at": at, "updated_at": at}
        return number

    def submit(self, person: Person, state: str) -> int:
        number = 1000 + len(self.comments) + len(self.reviews)
        at = self.at().isoformat()
        told = {"id": number, "user": shape(person), "body": "", "submitted_at": at}
        self.reviews.append({**told, "state": state, "commit_id": self.head.sha})
        return number

    # -- what Towpath reads ---------------------------------------------------------------------

    def pull(self, repository: Repository, number: int) -> dict[str, Any]:
        return {
            "number": PULL,
            "state": "open",
            "user": shape(BOT),
            "mergeable": True,
            "head": {"sha": self.head.sha, "ref": BRANCH},
            "base": {"ref": "main"},
        }

    def check_runs(self, repository: Repository, sha: str) -> list[dict[str, Any]]:
        return []

    def recent_runs(self, repository: Repository) -> list[dict[str, Any]]:
        return []

    def identity(self) -> Any:
        return SimpleNamespace(bot=BOT)

    def permission(self, repository: Repository, login: str, person_id: int = 0) -> str:
        return self.access.get(person_id, "none")

    def comment(self, repository: Repository, comment_id: int) -> dict[str, Any] | None:
        return self.comments.get(comment_id)

    def review_comment(self, repository: Repository, comment_id: int) -> dict[str, Any] | None:
        return None

    def review(self, repository: Repository, pull: int, review_id: int) -> dict[str, Any] | None:
        return next((one for one in self.reviews if one["id"] == review_id), None)

    def pull_reviews(self, repository: Repository, number: int) -> list[dict[str, Any]]:
        return list(self.reviews)

    def pull_commits(self, repository: Repository, number: int) -> list[dict[str, Any]]:
        return [
            {
                "sha": one.sha,
                "author": shape(one.claims),
                "committer": shape(one.claims),
                "commit": {"message": "feat: x"},
            }
            for one in self.commits
        ]

    def pull_files(self, repository: Repository, number: int) -> list[dict[str, Any]]:
        return [{"filename": "a.py"}]

    def first_file(self, repository: Repository, paths: Sequence[str], branch: str) -> str | None:
        return self.owners if "CODEOWNERS" in paths else None

    def user(self, login: str, repository: Repository) -> dict[str, Any] | None:
        return shape(PEOPLE[login]) if login in PEOPLE else None

    def team_members(self, repository: Repository, team: str) -> list[dict[str, Any]]:
        return []

    def account_of_address(self, repository: Repository, address: str) -> dict[str, Any] | None:
        return None
