"""Code owners, read from the base branch as GitHub reads them.

Promises that the file of the base decides, never the one of a pull request's head.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codeowners import CodeOwners

from bot.localhub.errors import ApiError
from bot.localhub.permissions import rank
from bot.localhub.state import Account, Repository, State

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


@dataclass(frozen=True)
class OwnersError:
    line: int
    column: int
    kind: str
    message: str
    path: str
    source: str


def owners_file(repository: Repository, ref: str) -> tuple[str, str] | None:
    """(path, text) of the CODEOWNERS file that counts on a branch or commit."""
    sha = repository.resolve(ref)
    if sha is None:
        return None
    for path in PLACES:
        entry = repository.git.entry(sha, path)
        if entry is not None and entry.type == "blob":
            return path, repository.git.blob(entry.sha).decode("utf-8", errors="replace")
    return None


def owners_of(state: State, repository: Repository, ref: str, path: str) -> set[str]:
    """Logins that own `path` on the branch `ref`, teams resolved to their members."""
    found = owners_file(repository, ref)
    if found is None:
        return set()
    logins: set[str] = set()
    for kind, name in CodeOwners(found[1]).of(path):
        if kind == "USERNAME":
            logins.add(name.lstrip("@"))
        elif kind == "TEAM":
            organization, _, slug = name.lstrip("@").partition("/")
            for team in state.teams:
                if (team.organization.login, team.slug) == (organization, slug):
                    logins |= set(team.members)
        else:
            account = state.by_email(name)
            if account is not None:
                logins.add(account.login)
    return logins


def owners_errors(state: State, repository: Repository, ref: str) -> list[OwnersError]:
    """Owners in the file that GitHub would refuse: unknown, or without write access."""
    found = owners_file(repository, ref)
    if found is None:
        return []
    path, text = found
    errors = []
    for number, line in enumerate(text.splitlines(), start=1):
        rule = re.sub(r"(^|\s)#.*", "", line).strip()
        for owner in rule.split()[1:]:
            if not _accepted(state, repository, owner):
                column = line.index(owner) + 1
                message = f"Unknown owner on line {number}: make sure {owner} exists and has write"
                errors.append(OwnersError(number, column, "Unknown owner", message, path, line))
    return errors


def _accepted(state: State, repository: Repository, owner: str) -> bool:
    name = owner.lstrip("@")
    if "/" in name:
        organization, _, slug = name.partition("/")
        try:
            team = state.team(organization, slug)
        except ApiError:
            return False
        return rank(team.repositories.get(repository.id, "none")) >= rank("write")
    account: Account | None = (
        state.accounts.get(name.lower()) if owner.startswith("@") else state.by_email(name)
    )
    return account is not None and rank(state.level(account, repository)) >= rank("write")
