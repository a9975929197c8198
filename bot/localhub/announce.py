"""What happened, told to every app that may know: the webhook payloads.

Promises GitHub's payload shapes, one delivery for each installation that covers the repository,
subscribed to the event and holds the permission for it. Never changes a record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.localhub.git_facts import EMPTY_TREE, NO_COMMIT, Commit, GitFailed
from bot.localhub.mergeability import mergeability, size_of
from bot.localhub.permissions import EVENT_NEEDS, holds
from bot.localhub.records import (
    CheckRun,
    CheckSuite,
    Comment,
    CommitStatus,
    Deployment,
    DeploymentStatus,
    Issue,
    Label,
    Pull,
    Review,
    ReviewComment,
)
from bot.localhub.shapes import checks, commits, issues, people, pulls, repositories
from bot.localhub.shapes.urls import Urls
from bot.localhub.state import Account, App, Installation, Repository

if TYPE_CHECKING:
    from bot.localhub.hub import LocalHub

Shape = dict[str, Any]
_PUSHED_COMMITS = 20  # GitHub lists up to 2,048; nobody here needs more than the newest


class Announcer:
    """One method for each kind of fact; `sender` is the account that caused it."""

    def __init__(self, hub: LocalHub) -> None:
        self._hub = hub

    @property
    def _urls(self) -> Urls:
        return self._hub.urls

    # -- issues and comments -----------------------------------------------------------------

    def issue(self, action: str, one: Issue, sender: Account, **more: Any) -> None:
        """`issues` or, for a pull request, `pull_request`."""
        if one.pull is not None:
            self.pull(action, one, one.pull, sender, **more)
            return
        body = {"action": action, "issue": issues.issue(self._urls, self._hub.state, one), **more}
        self._send("issues", body, one.repository, sender)

    def label_shape(self, repository: Repository, label: Label) -> Shape:
        return issues.label(self._urls, repository, label)

    def user_shape(self, account: Account) -> Shape:
        return people.simple_user(self._urls, account)

    def comment(self, action: str, one: Comment, sender: Account, **more: Any) -> None:
        state = self._hub.state
        body = {
            "action": action,
            "issue": issues.issue(self._urls, state, one.issue),
            "comment": issues.comment(self._urls, state, one),
            **more,
        }
        self._send("issue_comment", body, one.issue.repository, sender)

    # -- pull requests -----------------------------------------------------------------------

    def pull(self, action: str, issue: Issue, pull: Pull, sender: Account, **more: Any) -> None:
        state, repository = self._hub.state, issue.repository
        if not self._heard("pull_request", repository):
            return
        shape = pulls.pull_request(
            self._urls, state, issue, pull, mergeability(state, issue, pull),
            size_of(repository, pull),
        )  # fmt: skip
        body = {"action": action, "number": issue.number, "pull_request": shape, **more}
        self._send("pull_request", body, repository, sender)

    def review(self, action: str, issue: Issue, pull: Pull, one: Review, sender: Account) -> None:
        state = self._hub.state
        shape = pulls.review(self._urls, state, issue, one)
        shape = {**shape, "state": one.state.lower(), "body": one.body or None}
        shape.setdefault("submitted_at", None)
        body = {
            "action": action,
            "review": shape,
            "pull_request": pulls.pull_simple(self._urls, state, issue, pull),
        }
        self._send("pull_request_review", body, issue.repository, sender)

    def review_comment(
        self, action: str, issue: Issue, pull: Pull, one: ReviewComment, sender: Account,
        **more: Any,
    ) -> None:  # fmt: skip
        state = self._hub.state
        body = {
            "action": action,
            "comment": pulls.review_comment(self._urls, state, issue, one),
            "pull_request": pulls.pull_simple(self._urls, state, issue, pull),
            **more,
        }
        self._send("pull_request_review_comment", body, issue.repository, sender)

    def review_thread(
        self, action: str, issue: Issue, pull: Pull, thread: list[ReviewComment], sender: Account
    ) -> None:
        """`resolved` or `unresolved`."""
        state = self._hub.state
        shown = [pulls.review_comment(self._urls, state, issue, one) for one in thread]
        body = {
            "action": action,
            "thread": {"node_id": people.node_id("PRRT", thread[0].id), "comments": shown},
            "pull_request": pulls.pull_simple(self._urls, state, issue, pull),
        }
        self._send("pull_request_review_thread", body, issue.repository, sender)

    # -- git ---------------------------------------------------------------------------------

    def push(
        self,
        repository: Repository,
        ref: str,
        before: str | None,
        after: str | None,
        sender: Account,
    ) -> None:
        if not self._heard("push", repository):
            return
        state, git, urls = self._hub.state, repository.git, self._urls
        listed = []
        if after is not None and git.type_of(after) == "commit":
            known = (
                [f"^{before}"]
                if before
                else [
                    f"^{repository.refs[r]}"
                    for r in repository.refs
                    if r != ref and r.startswith("refs/heads/")
                ]
            )
            try:
                listed = git.log(after, *known, limit=_PUSHED_COMMITS)
            except GitFailed:  # `before` was removed by a forced push from elsewhere
                listed = git.log(after, limit=1)
        shown = [
            commits.pushed_commit(urls, state, repository, one, git.diff(_parent(one), one.sha))
            for one in reversed(listed)
        ]
        head = shown[-1] if shown else None
        if head is None and after is not None and git.type_of(after) == "commit":
            tip = git.commit(after)
            files = git.diff(_parent(tip), tip.sha)
            head = commits.pushed_commit(urls, state, repository, tip, files)
        forced = bool(before and after) and not _contains(repository, str(before), str(after))
        page = urls.page(repository, "compare")
        body = {
            "ref": ref,
            "before": before or NO_COMMIT,
            "after": after or NO_COMMIT,
            "base_ref": None,
            "created": before is None,
            "deleted": after is None,
            "forced": forced,
            "compare": f"{page}/{(before or NO_COMMIT)[:12]}...{(after or NO_COMMIT)[:12]}",
            "commits": shown,
            "head_commit": head,
            "pusher": {"name": sender.login, "email": sender.email},
        }
        self._send("push", body, repository, sender)

    def ref(self, event: str, repository: Repository, ref: str, sender: Account) -> None:
        """`create` or `delete`."""
        _, kind, name = ref.split("/", 2)
        body: Shape = {
            "ref": name,
            "ref_type": "tag" if kind == "tags" else "branch",
            "pusher_type": "user",
        }
        if event == "create":
            body["master_branch"] = repository.default_branch
            body["description"] = repository.description
        self._send(event, body, repository, sender)

    # -- checks, statuses, deployments -------------------------------------------------------

    def check_run(
        self, action: str, repository: Repository, one: CheckRun, sender: Account, **more: Any
    ) -> None:
        body = {
            "action": action,
            "check_run": checks.check_run_event(self._urls, repository, one),
            **more,
        }
        only = one.suite.app if action in ("rerequested", "requested_action") else None
        self._send("check_run", body, repository, sender, only=only)

    def check_suite(
        self, action: str, repository: Repository, one: CheckSuite, sender: Account
    ) -> None:
        shape = checks.suite_event(self._urls, repository, one)
        only = one.app if action in ("requested", "rerequested") else None
        body = {"action": action, "check_suite": shape}
        self._send("check_suite", body, repository, sender, only=only)

    def status(self, repository: Repository, one: CommitStatus, sender: Account) -> None:
        urls, state = self._urls, self._hub.state
        commit = repository.git.commit(one.sha)
        branches = [
            {
                "name": ref.removeprefix("refs/heads/"),
                "commit": {"sha": sha, "url": urls.repo(repository, "commits", sha)},
                "protected": ref.removeprefix("refs/heads/") in repository.protections,
            }
            for ref, sha in repository.refs.items()
            if ref.startswith("refs/heads/") and sha == one.sha
        ]
        shape = checks.simple_status(urls, repository, one)
        body = {
            "id": one.id,
            "sha": one.sha,
            "name": repository.full_name,
            "target_url": one.target_url,
            "avatar_url": shape["avatar_url"],
            "context": one.context,
            "description": one.description,
            "state": one.state,
            "commit": commits.commit(urls, state, repository, commit),
            "branches": branches,
            "created_at": shape["created_at"],
            "updated_at": shape["updated_at"],
        }
        self._send("status", body, repository, sender)

    def deployment(self, repository: Repository, one: Deployment, sender: Account) -> None:
        body = {
            "action": "created",
            "deployment": checks.deployment(self._urls, repository, one),
            "workflow": None,
            "workflow_run": None,
        }
        self._send("deployment", body, repository, sender)

    def deployment_status(
        self, repository: Repository, owner: Deployment, one: DeploymentStatus, sender: Account
    ) -> None:
        body = {
            "action": "created",
            "deployment": checks.deployment(self._urls, repository, owner),
            "deployment_status": checks.deployment_status(self._urls, repository, owner, one),
            "check_run": None,
            "workflow": None,
            "workflow_run": None,
        }
        self._send("deployment_status", body, repository, sender)

    # -- labels, repositories, installations -------------------------------------------------

    def label(
        self, action: str, repository: Repository, one: Label, sender: Account, **more: Any
    ) -> None:
        body = {"action": action, "label": self.label_shape(repository, one), **more}
        self._send("label", body, repository, sender)

    def repository(self, action: str, one: Repository, sender: Account, **more: Any) -> None:
        self._send("repository", {"action": action, **more}, one, sender)

    def installation_target(self, one: Installation, before: str) -> None:
        """The account of an installation was renamed."""
        account = people.simple_user(self._urls, one.account)
        body = {
            "action": "renamed",
            "account": account,
            "changes": {"login": {"from": before}},
            "installation": {"id": one.id, "node_id": people.node_id("IN", one.id)},
            "target_type": one.account.type,
            "sender": account,
        }
        self._deliver(one.app, "installation_target", body, one, None)

    def installation(self, action: str, one: Installation, sender: Account) -> None:
        covered = people.covered(one, list(self._hub.state.repositories.values()))
        body = {
            "action": action,
            "installation": people.installation(self._urls, one),
            "repositories": [repositories.short_repository(each) for each in covered],
            "requester": None,
            "sender": people.simple_user(self._urls, sender),
        }
        self._deliver(one.app, "installation", body, one, None)

    def installation_repositories(
        self,
        one: Installation,
        added: list[Repository],
        removed: list[Repository],
        sender: Account,
    ) -> None:
        body = {
            "action": "added" if added else "removed",
            "installation": people.installation(self._urls, one),
            "repository_selection": "all" if one.repositories is None else "selected",
            "repositories_added": [repositories.short_repository(each) for each in added],
            "repositories_removed": [repositories.short_repository(each) for each in removed],
            "requester": None,
            "sender": people.simple_user(self._urls, sender),
        }
        self._deliver(one.app, "installation_repositories", body, one, None)

    # -- inside ------------------------------------------------------------------------------

    def _receivers(self, event: str, repository: Repository) -> list[Installation]:
        need = EVENT_NEEDS[event]
        return [
            one
            for one in self._hub.state.installations.values()
            if one.covers(repository)
            and one.suspended_at is None
            and event in one.events
            and (need is None or holds(one.permissions, f"{need}:read"))
        ]

    def _heard(self, event: str, repository: Repository) -> bool:
        """Whether anybody would receive it: building a payload asks git a lot."""
        return not self._hub.muted and bool(self._receivers(event, repository))

    def _send(
        self,
        event: str,
        body: Shape,
        repository: Repository,
        sender: Account,
        *,
        only: App | None = None,
    ) -> None:
        place = repositories.repository(self._urls, repository)
        if event == "push":
            place = repositories.push_repository(self._urls, repository)
        body = {**body, "repository": place, "sender": people.simple_user(self._urls, sender)}
        if repository.owner.type == "Organization":
            body["organization"] = people.organization(self._urls, repository.owner)
        for one in self._receivers(event, repository):
            if only is None or one.app is only:
                short = {"id": one.id, "node_id": people.node_id("IN", one.id)}
                self._deliver(one.app, event, {**body, "installation": short}, one, repository)

    def _deliver(
        self,
        app: App,
        event: str,
        body: Shape,
        installation: Installation,
        repository: Repository | None,
    ) -> None:
        if self._hub.muted or not app.webhook_url:
            return
        self._hub.deliveries.enqueue(
            app, event, body, installation=installation, repository=repository
        )


def _parent(commit: Commit) -> str:
    """What a commit is compared with."""
    return commit.parents[0] if commit.parents else EMPTY_TREE


def _contains(repository: Repository, before: str, after: str) -> bool:
    try:
        return repository.git.is_ancestor(before, after)
    except GitFailed:
        return False
