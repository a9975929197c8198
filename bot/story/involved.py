"""Who had a hand in a change, and who owns what it touches, as GitHub says now (P3).

Promises: facts for `policies.who_approves`, read from the base branch and the pull request's own
commits. Never: decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from bot.story.machine import Story
from bot.story.vocabulary import Person, Repository
from policies.codeowners import OWNERS_FILES, owners_of
from policies.who_approves import ApprovalRule, Involved, OwnedPath

_CO_AUTHOR = re.compile(r"^co-authored-by:\s*(.+?)\s*<([^>]*)>\s*$", re.IGNORECASE | re.MULTILINE)
_NOREPLY = re.compile(r"(\d+)\+[^@]+@users\.noreply\.")


class GitHub(Protocol):
    """The reads that this needs."""

    def pull_commits(self, repository: Repository, number: int) -> list[dict[str, Any]]: ...
    def pull_files(self, repository: Repository, number: int) -> list[dict[str, Any]]: ...
    def file(self, repository: Repository, path: str, ref: str) -> str | None: ...
    def user(self, login: str, repository: Repository) -> dict[str, Any] | None: ...
    def team_members(self, repository: Repository, team: str) -> list[dict[str, Any]]: ...


def person(told: Mapping[str, Any] | None) -> Person:
    """Somebody as GitHub tells them; identity is the id."""
    told = told or {}
    login = told.get("login") or "ghost"
    is_bot = told.get("type") == "Bot" or login.endswith("[bot]")
    return Person(id=told.get("id") or 0, login=login, is_bot=is_bot)


def involved(github: GitHub, story: Story, pull: Mapping[str, Any] | None) -> Involved:
    """Everybody with a hand in the change. Our own commits are the bot's."""
    ids: set[int] = set()
    unknown: list[str] = []
    ours = {commit.sha for commit in story.commits}
    if pull is not None and story.foreign_head:
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


def approval_rule(
    github: GitHub, story: Story, has_pull: bool, quorum: int, second_person_required: bool
) -> ApprovalRule:
    """Quorum, second person, and the owners of the touched paths by the base's CODEOWNERS."""
    return ApprovalRule(
        quorum=quorum,
        second_person_required=second_person_required,
        owned=_owned(github, story) if has_pull else (),
    )


def _owned(github: GitHub, story: Story) -> tuple[OwnedPath, ...]:
    repository = story.repository
    texts = (github.file(repository, place, repository.default_branch) for place in OWNERS_FILES)
    text = next((t for t in texts if t is not None), None)
    if text is None:
        return ()
    found = []
    resolved: dict[str, frozenset[int]] = {}
    for told in github.pull_files(repository, story.pull_number):
        # A rename takes a file away from its owner: they are asked too.
        paths = {told["filename"], told.get("previous_filename") or told["filename"]}
        names = sorted({name for path in paths for name in owners_of(text, path)})
        for name in names:
            if name not in resolved:
                resolved[name] = _ids(github, repository, name)
        if names:
            ids = frozenset().union(*(resolved[name] for name in names))
            found.append(OwnedPath(path=told["filename"], ids=ids, names=tuple(names)))
    return tuple(found)


def _ids(github: GitHub, repository: Repository, name: str) -> frozenset[int]:
    """The people behind an owner: a login, or a team's members."""
    bare = name.removeprefix("@")
    if "/" in bare:
        return frozenset(m["id"] for m in github.team_members(repository, bare))
    if "@" in bare:
        return frozenset()
    user = github.user(bare, repository)
    return frozenset([user["id"]]) if user else frozenset()
