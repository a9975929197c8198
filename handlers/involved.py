"""Who had a hand in a change, and who owns what it touches, as GitHub says now (P3).

Never: decides; `policies.who_approves` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.story.machine import Story
from bot.story.office import Office, person
from policies.codeowners import OWNERS_FILES, owners_of
from policies.who_approves import ApprovalRule, Involved, OwnedPath

_CO_AUTHOR = re.compile(r"^co-authored-by:\s*(.+?)\s*<([^>]*)>\s*$", re.IGNORECASE | re.MULTILINE)
_NOREPLY = re.compile(r"(\d+)\+[^@]+@users\.noreply\.")


def involved(office: Office, story: Story, pull: Mapping[str, Any] | None) -> Involved:
    """Everybody with a hand in the change. Our own commits are the bot's."""
    ids: set[int] = set()
    unknown: list[str] = []
    ours = {commit.sha for commit in story.commits} | {story.pushed_sha}
    if pull is not None and story.foreign_head:
        for commit in office.github.pull_commits(story.repository, story.pull_number):
            if commit.get("sha") not in ours:
                _contributors(commit, ids, unknown)
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


def approval_rule(office: Office, story: Story, pull: Mapping[str, Any] | None) -> ApprovalRule:
    """Quorum, second person, and the owners of the touched paths by the base's CODEOWNERS."""
    settings = office.settings
    owned = () if pull is None else _owned(office, story)
    return ApprovalRule(
        quorum=settings.quorum,
        second_person_required=settings.second_person_required,
        owned=owned,
    )


def _owned(office: Office, story: Story) -> tuple[OwnedPath, ...]:
    github, repository = office.github, story.repository
    text = None
    for place in OWNERS_FILES:
        text = github.file(repository, place, repository.default_branch)
        if text is not None:
            break
    if text is None:
        return ()
    files = [f["filename"] for f in github.pull_files(repository, story.pull_number)]
    found = []
    resolved: dict[str, frozenset[int]] = {}
    for path in files:
        names = owners_of(text, path)
        if not names:
            continue
        for name in names:
            if name not in resolved:
                resolved[name] = _ids(office, story, name)
        ids = frozenset().union(*(resolved[name] for name in names))
        found.append(OwnedPath(path=path, ids=ids, names=tuple(names)))
    return tuple(found)


def _ids(office: Office, story: Story, name: str) -> frozenset[int]:
    """The people behind an owner: a login, or a team's members."""
    if not name.startswith("@"):
        return frozenset()
    if "/" in name:
        members = office.github.team_members(story.repository, name[1:])
        return frozenset(m["id"] for m in members)
    user = office.github.user(name[1:], story.repository)
    return frozenset([user["id"]]) if user else frozenset()
