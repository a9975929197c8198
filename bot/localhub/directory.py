"""Who and what is there: accounts, teams, collaborators, repositories and their rules."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bot.localhub.git import GitRepository
from bot.localhub.git_facts import Signature
from bot.localhub.moves import announced_refs, move_ref
from bot.localhub.permissions import LEVELS
from bot.localhub.state import Account, Protection, Repository, State, Team, slug_of

if TYPE_CHECKING:
    from bot.localhub.hub import LocalHub

Files = Mapping[str, str | bytes]


class Directory:
    """The part of `LocalHub` that makes people and places. ValueError for bad names."""

    root: Path
    lock: threading.RLock
    ids: Iterator[int]
    state: State

    def now(self) -> datetime:
        """The time of records."""
        raise NotImplementedError

    # -- people ------------------------------------------------------------------------------

    def add_user(self, login: str, type: str = "User", *, email: str = "") -> Account:
        """`type`: User, Organization or Bot. An existing account is answered as it is."""
        with self.lock:
            known = self.state.accounts.get(login.lower())
            if known is not None:
                return known
            number = next(self.ids)
            address = email or f"{number}+{login}@users.noreply.localhub"
            account = Account(number, login, type, self.now(), login, address)
            self.state.accounts[login.lower()] = account
            return account

    def add_org(self, login: str, *, admins: tuple[str, ...] = ()) -> Account:
        organization = self.add_user(login, "Organization")
        for admin in admins:
            organization.members[self.state.account(admin).login] = "admin"
        return organization

    def add_member(self, organization: str, login: str, role: str = "member") -> None:
        """`role`: member or admin."""
        with self.lock:
            owner = self.state.account(organization)
            owner.members[self.state.account(login).login] = role

    def add_team(
        self,
        organization: str,
        name: str,
        members: list[str],
        repos: Mapping[str, str] | None = None,
    ) -> Team:
        """A team with members and {"org/repo": level}."""
        with self.lock:
            owner = self.state.account(organization)
            team = Team(next(self.ids), owner, slug_of(name), name)
            for login in members:
                account = self.state.account(login)
                owner.members.setdefault(account.login, "member")
                team.members[account.login] = "member"
            for full_name, level in (repos or {}).items():
                team.repositories[self.state.repository(full_name).id] = _level(level)
            self.state.teams.append(team)
            return team

    def add_collaborator(self, repo: str, login: str, permission: str = "write") -> None:
        """`permission`: none, read, triage, write, maintain or admin; none removes."""
        with self.lock:
            account = self.state.account(login)
            place = self.state.repository(repo)
            if _level(permission) == "none":
                place.collaborators.pop(account.login, None)
            else:
                place.collaborators[account.login] = permission

    # -- repositories ------------------------------------------------------------------------

    def create_repository(
        self,
        full_name: str,
        source: str | Path | Files | None = None,
        *,
        private: bool = False,
        default_branch: str = "main",
        description: str | None = None,
    ) -> Repository:
        """A repository from a local git repository (a path), from files, or empty (None)."""
        owner_name, _, name = full_name.partition("/")
        with self.lock:
            owner = self.state.account(owner_name)
            if full_name.lower() in self.state.repositories:
                raise ValueError(f"{full_name} exists")
            if not name or not all(c.isalnum() or c in "._-" for c in name) or name in (".", ".."):
                raise ValueError(f"{full_name!r} is no repository name")
            number = next(self.ids)
            path = self.root / "repositories" / f"{number}.git"
            if isinstance(source, str | Path):
                git, default_branch = GitRepository.copy_of(source, path, self.root)
            else:
                git = GitRepository.create(path, self.root, default_branch)
                if source:
                    signed = Signature(owner.name, owner.email, self.now().isoformat())
                    git.import_files(default_branch, source, "Initial commit", signed)
            now = self.now()
            made = Repository(
                number, owner, name, private, git, default_branch, now, now, now, description
            )
            made.refs = announced_refs(made)
            self.state.repositories[full_name.lower()] = made
            return made

    def rename_repository(self, full_name: str, new: str) -> Repository:
        """Another owner or name, without a webhook; the old name answers nothing any more."""
        owner, _, name = new.partition("/")
        with self.lock:
            place = self.state.repositories.pop(full_name.lower())
            place.owner, place.name = self.state.account(owner), name
            self.state.repositories[new.lower()] = place
            return place

    def move_repository(self, full_name: str, new: str) -> Repository:
        """Rename a repository or give it to another owner, as `rename_repository`, and tell it."""
        hub, before = cast("LocalHub", self), self.state.repository(full_name)
        owner, name = before.owner, before.name
        with self.lock:
            place = self.rename_repository(full_name, new)
            moved = place.owner is not owner
            told = {"owner": {"from": {}}} if moved else {"repository": {"name": {"from": name}}}
            action = "transferred" if moved else "renamed"
            hub.announce.repository(action, place, place.owner, changes=told)
            return place

    def archive_repository(self, full_name: str, archived: bool = True) -> None:
        """Make a repository read-only, or not any more."""
        with self.lock:
            place = self.state.repository(full_name)
            place.archived = archived
            action = "archived" if archived else "unarchived"
            cast("LocalHub", self).announce.repository(action, place, place.owner)

    def delete_repository(self, full_name: str) -> None:
        """It answers nothing any more, and no installation covers it."""
        with self.lock:
            place = self.state.repository(full_name)
            cast("LocalHub", self).announce.repository("deleted", place, place.owner)
            del self.state.repositories[full_name.lower()]
            for one in self.state.installations.values():
                if one.repositories is not None:
                    one.repositories.pop(place.id, None)

    def fork_repository(self, full_name: str, owner: str) -> Repository:
        """A fork under another account, with all branches."""
        with self.lock:
            parent = self.state.repository(full_name)
            fork = self.create_repository(
                f"{owner}/{parent.name}", parent.git.path, private=parent.private
            )
            fork.fork_of = parent
            return fork

    def repository(self, full_name: str) -> Repository:
        return self.state.repository(full_name)

    def protect_branch(self, repo: str, branch: str, **rules: Any) -> None:
        """Rules by the fields of `Protection` (required_checks=("tests",), ...)."""
        with self.lock:
            place = self.state.repository(repo)
            place.protections[branch] = Protection(**rules)
            refused = [f"refs/heads/{b}" for b, r in place.protections.items() if r.rejects_pushes]
            place.git.refuse_pushes(refused)

    def mark_ready(self, repo: str, number: int, sender: str) -> None:
        """End the draft of a pull request, which GitHub's REST cannot do."""
        with self.lock:
            issue, pull = self.state.repository(repo).pull(number)
            pull.draft = False
            hub = cast("LocalHub", self)
            hub.announce.pull("ready_for_review", issue, pull, self.state.account(sender))

    def force_ref(self, repo: str, ref: str, sha: str | None, sender: str) -> None:
        """Move any reference as `sender`, past all permissions (a force push by an admin)."""
        with self.lock:
            place = self.state.repository(repo)
            move_ref(cast("LocalHub", self), place, ref, sha, self.state.account(sender))


def _level(name: str) -> str:
    if name not in LEVELS:
        raise ValueError(f"{name!r} is none of {', '.join(LEVELS)}")
    return name
