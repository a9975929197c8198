"""Who had a hand in a change, and who owns what it touches, as GitHub says now (P3).

Promises: facts for `policies.who_approves`, read from the base branch and the pull request's own
commits. Never: decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.configuration.schema import RepositoryConfig
from bot.story.machine import Story
from bot.story.vocabulary import Demands, Gate, Person, Repository
from policies.approvals import ApprovalRule, Involved, OwnedPath, Teams
from policies.checkpoints import Ground, checkpoints
from policies.codeowners import OWNERS_FILES, owners_of

_CO_AUTHOR = re.compile(r"^co-authored-by:\s*(.+?)\s*<([^>]*)>\s*$", re.IGNORECASE | re.MULTILINE)
_NOREPLY = re.compile(r"(\d+)\+[^@]+@users\.noreply\.")


class GitHub(Protocol):
    """The reads that this needs."""

    def pull_commits(self, repository: Repository, number: int) -> list[dict[str, Any]]: ...
    def pull_files(self, repository: Repository, number: int) -> list[dict[str, Any]]: ...
    def first_file(
        self, repository: Repository, paths: Sequence[str], branch: str
    ) -> str | None: ...
    def user(self, login: str, repository: Repository) -> dict[str, Any] | None: ...
    def team_members(self, repository: Repository, team: str) -> list[dict[str, Any]]: ...
    def account_of_address(self, repository: Repository, address: str) -> dict[str, Any] | None: ...


def person(told: Mapping[str, Any] | None) -> Person:
    """Somebody as GitHub tells them; identity is the id."""
    told = told or {}
    login = told.get("login") or "ghost"
    is_bot = told.get("type") == "Bot" or login.endswith("[bot]")
    return Person(id=told.get("id") or 0, login=login, is_bot=is_bot)


def is_us(bot: Person, who: Person) -> bool:
    """Whether it is our own account: by its id; by its reserved login where a server knows none."""
    return who.id == bot.id if bot.id else who.login == bot.login


def involved(github: GitHub, story: Story, pull: Mapping[str, Any] | None) -> Involved:
    """Everybody with a hand in the change. Our own commits are the bot's."""
    ids: set[int] = set()
    unknown: list[str] = []
    ours = {commit.sha for commit in story.commits}
    if pull is not None and (story.foreign_head or story.adopted_sha):
        for commit in github.pull_commits(story.repository, story.pull_number):
            if commit.get("sha") not in ours:
                _contributors(commit, ids, unknown)
    for sha, pusher in story.pushers.items():  # a commit can name anybody as its author
        if pusher is None:
            unknown.append(f"whoever pushed {sha[:10]}")
        else:
            ids.add(pusher.id)
    return Involved(
        requester=story.requester,
        issue_author=story.author,
        pull_author=person(pull["user"]) if pull and pull.get("user") else None,
        contributors=frozenset(ids),
        unknown_contributors=tuple(unknown),
        editors=frozenset(story.editors),
    )


def _contributors(commit: Mapping[str, Any], ids: set[int], unknown: list[str]) -> None:
    for role in ("author", "committer"):
        account = commit.get(role)
        if account and account.get("id"):
            ids.add(account["id"])
        else:
            unknown.append(((commit.get("commit") or {}).get(role) or {}).get("name") or role)
    message = (commit.get("commit") or {}).get("message") or ""
    for name, email in _CO_AUTHOR.findall(message):
        known = _NOREPLY.match(email)
        if known:
            ids.add(int(known.group(1)))
        else:
            unknown.append(name)


def demands_of(config: RepositoryConfig, gate: Gate) -> Demands:
    """What the configuration asks of the approvals of `gate`, whatever the change touches."""
    return asks_of(config, gate).demands


@dataclass(frozen=True)
class Asks:
    """What the configuration asks of the approvals of a gate.

    `teams`: as `org/team`. `grounds`: (kind, patterns, teams) of its checkpoints.
    """

    quorum: int = 1
    second_person: bool = True
    teams: tuple[str, ...] = ()
    grounds: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()
    config_digest: str = ""

    @property
    def demands(self) -> Demands:
        """Without what the touched paths add."""
        return Demands(
            quorum=max(1, self.quorum),
            second_person=self.second_person,
            teams=tuple(sorted(self.teams)),
        )


def asks_of(config: RepositoryConfig, gate: Gate) -> Asks:
    """What the configuration in force asks of the approvals of `gate`."""
    return Asks(
        quorum=config.quorum(gate),
        second_person=config.second_person(gate),
        teams=config.teams(gate),
        grounds=tuple(
            (one.kind, one.patterns, tuple(team.removeprefix("@") for team in one.teams))
            for one in config.approvals.checkpoints
        ),
        config_digest=config.digest,
    )


def approval_rule(github: GitHub, story: Story, has_pull: bool, asks: Asks) -> ApprovalRule:
    """Quorum, second person and teams; the owners of the touched paths by the base's CODEOWNERS,
    and what those paths ask to be looked at."""
    people = _People(github, story.repository)
    touched = _touched(github, story) if has_pull else []
    paths = dict.fromkeys(path for paths in touched for path in paths)
    grounds = [
        Ground(kind, patterns, people.teams(teams)) for kind, patterns, teams in asks.grounds
    ]
    return ApprovalRule(
        quorum=asks.quorum,
        second_person_required=asks.second_person,
        owned=_owned(github, story, touched, people),
        teams=people.teams(asks.teams),
        checkpoints=checkpoints(paths, grounds),
        config_digest=asks.config_digest,
    )


def touched_paths(github: GitHub, story: Story) -> tuple[str, ...]:
    """All paths that the pull request changes, as GitHub says now."""
    return tuple(dict.fromkeys(path for paths in _touched(github, story) for path in paths))


def _touched(github: GitHub, story: Story) -> list[tuple[str, ...]]:
    """The paths of each changed file: a rename takes a file away from its owner, too."""
    told = github.pull_files(story.repository, story.pull_number)
    return [
        tuple(dict.fromkeys((one["filename"], one.get("previous_filename") or one["filename"])))
        for one in told
    ]


def _owned(
    github: GitHub, story: Story, touched: list[tuple[str, ...]], people: _People
) -> tuple[OwnedPath, ...]:
    repository = story.repository
    if not touched:
        return ()
    text = github.first_file(repository, OWNERS_FILES, repository.default_branch)
    if text is None:
        return ()
    found = []
    for paths in touched:
        for path in paths:
            if names := owners_of(text, path):
                ids = frozenset().union(*(people.ids(name) for name in names))
                found.append(OwnedPath(path=path, ids=ids, names=names))
    return tuple(found)


class _People:
    """Who is behind the names that files use, each asked once."""

    def __init__(self, github: GitHub, repository: Repository) -> None:
        self._github, self._repository = github, repository
        self._known: dict[str, frozenset[int]] = {}

    def ids(self, name: str) -> frozenset[int]:
        """The people behind an owner: a login, or a team's members."""
        if name not in self._known:
            self._known[name] = _ids(self._github, self._repository, name)
        return self._known[name]

    def teams(self, names: tuple[str, ...]) -> Teams | None:
        """Teams with their members; None where none is named."""
        if not names:
            return None
        return Teams(names, frozenset().union(*(self.ids(f"@{name}") for name in names)))


def _ids(github: GitHub, repository: Repository, name: str) -> frozenset[int]:
    """The people behind an owner: a login, or a team's members."""
    bare = name.removeprefix("@")
    if "/" in bare:
        return frozenset(m["id"] for m in github.team_members(repository, bare))
    if "@" in bare:
        return _ids_of_address(github, repository, bare)
    user = github.user(bare, repository)
    return frozenset([user["id"]]) if user else frozenset()


def _ids_of_address(github: GitHub, repository: Repository, address: str) -> frozenset[int]:
    """Whose address it is, as GitHub itself says: by its own addresses, else by a commit."""
    if own := _NOREPLY.match(address):
        return frozenset([int(own.group(1))])
    account = github.account_of_address(repository, address)
    return frozenset([account["id"]]) if account and account.get("id") else frozenset()
