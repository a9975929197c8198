"""What follows when a reference moves: events, pull requests, check suites, closed issues.

Promises the same consequences whether a reference moved by REST, by `git push` or by a merge.
Called with the server's lock held.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.localhub.errors import ApiError
from bot.localhub.git_facts import GitFailed
from bot.localhub.mergeability import deciding_reviews
from bot.localhub.permissions import holds
from bot.localhub.records import CheckSuite, Issue, Pull
from bot.localhub.state import Account, Repository

if TYPE_CHECKING:
    from bot.localhub.hub import LocalHub

_CLOSING = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:([\w.-]+/[\w.-]+))?#(\d+)\b", re.I
)
_HEADS = "refs/heads/"


def move_ref(
    hub: LocalHub,
    repository: Repository,
    ref: str,
    new: str | None,
    sender: Account,
) -> None:
    """Set or delete a reference and let everything follow; GitFailed when it moved meanwhile."""
    before = repository.refs.get(ref)
    repository.git.update_ref(ref, new, before)
    ref_moved(hub, repository, ref, before, new, sender)


def after_push(hub: LocalHub, repository: Repository, sender: Account) -> list[str]:
    """Find out what a `git push` moved; answers the names of the references."""
    now = announced_refs(repository)
    changed = sorted(
        ref for ref in {*now, *repository.refs} if now.get(ref) != repository.refs.get(ref)
    )
    for ref in changed:
        ref_moved(hub, repository, ref, repository.refs.get(ref), now.get(ref), sender)
    return changed


def announced_refs(repository: Repository) -> dict[str, str]:
    refs = repository.git.refs()
    return {ref: sha for ref, sha in refs.items() if not ref.startswith("refs/pull/")}


def ref_moved(
    hub: LocalHub,
    repository: Repository,
    ref: str,
    before: str | None,
    after: str | None,
    sender: Account,
) -> None:
    """Git has moved `ref` already: remember it and let everything follow."""
    if after is None:
        repository.refs.pop(ref, None)
    else:
        repository.refs[ref] = after
    repository.pushed_at = repository.updated_at = hub.now()
    if not ref.startswith((_HEADS, "refs/tags/")):
        return
    if before is None:
        hub.announce.ref("create", repository, ref, sender)
    if after is None:
        hub.announce.ref("delete", repository, ref, sender)
    hub.announce.push(repository, ref, before, after, sender)
    if not ref.startswith(_HEADS):
        return
    branch = ref.removeprefix(_HEADS)
    _follow_heads(hub, repository, branch, before, after, sender)
    if after is None:
        _close_pulls_into(hub, repository, branch, sender)
        return
    _request_suites(hub, repository, branch, before, after, sender)
    _merge_contained(hub, repository, branch, after, sender)
    if branch == repository.default_branch and before is not None:
        _close_by_commits(hub, repository, before, after, sender)


def _follow_heads(
    hub: LocalHub,
    repository: Repository,
    branch: str,
    before: str | None,
    after: str | None,
    sender: Account,
) -> None:
    for target in hub.state.repositories.values():
        for issue, pull in target.pulls():
            ours = pull.head_repository is repository and pull.head_ref == branch
            if not ours or issue.state != "open":
                continue
            if after is None:
                close_issue(hub, issue, sender)
            elif pull.head_sha != after:
                synchronize(hub, issue, pull, after, sender, before=before)


def synchronize(
    hub: LocalHub,
    issue: Issue,
    pull: Pull,
    after: str,
    sender: Account,
    *,
    before: str | None = None,
) -> None:
    """The head of a pull request moved."""
    old = before or pull.head_sha
    pull.head_sha = after
    record_head(issue, pull)
    pull.base_sha = issue.repository.branch(pull.base_ref) or pull.base_sha
    pull.reads_before_mergeability = hub.mergeability_lag
    issue.updated_at = hub.now()
    rules = issue.repository.protections.get(pull.base_ref)
    if rules is not None and rules.dismiss_stale_reviews:
        for one in deciding_reviews(pull).values():
            if one.state == "APPROVED":
                one.state = "DISMISSED"
                hub.announce.review("dismissed", issue, pull, one, sender)
    hub.announce.pull("synchronize", issue, pull, sender, before=old, after=after)


def record_head(issue: Issue, pull: Pull) -> None:
    """Make `refs/pull/N/head`, fetching the commit when it lives in a fork."""
    target, source = issue.repository, pull.head_repository
    if source is not None and source is not target:
        target.git.fetch_from(source.git, pull.head_sha)
    target.git.update_ref(f"refs/pull/{issue.number}/head", pull.head_sha)


def _close_pulls_into(hub: LocalHub, repository: Repository, branch: str, sender: Account) -> None:
    for issue, pull in repository.pulls():
        if pull.base_ref == branch and issue.state == "open":
            close_issue(hub, issue, sender)


def _merge_contained(
    hub: LocalHub, repository: Repository, branch: str, tip: str, sender: Account
) -> None:
    """A push that contains the head of an open pull request merges it, as on GitHub."""
    for issue, pull in repository.pulls():
        if pull.base_ref != branch or issue.state != "open" or pull.head_sha == pull.base_sha:
            continue
        if repository.git.is_ancestor(pull.head_sha, tip):
            mark_merged(hub, issue, pull, tip, sender)


def mark_merged(hub: LocalHub, issue: Issue, pull: Pull, sha: str, sender: Account) -> None:
    pull.merged, pull.merged_at, pull.merged_by = True, hub.now(), sender
    pull.merge_commit_sha = sha
    close_issue(hub, issue, sender)
    if pull.base_ref == issue.repository.default_branch:
        close_named_in(hub, issue.repository, f"{issue.title}\n{issue.body or ''}", sender)


def close_issue(
    hub: LocalHub, issue: Issue, sender: Account, *, reason: str | None = "completed"
) -> None:
    if issue.state == "closed":
        return
    issue.state = "closed"
    issue.state_reason = reason if issue.pull is None else None
    issue.closed_at = issue.updated_at = hub.now()
    issue.closed_by = sender
    hub.announce.issue("closed", issue, sender)


def reopen_issue(hub: LocalHub, issue: Issue, sender: Account) -> None:
    if issue.state == "open":
        return
    issue.state, issue.closed_at, issue.closed_by = "open", None, None
    issue.state_reason = "reopened" if issue.pull is None else None
    issue.updated_at = hub.now()
    hub.announce.issue("reopened", issue, sender)


def close_named_in(hub: LocalHub, repository: Repository, text: str, sender: Account) -> None:
    """Close the issues that "Fixes #12" and its like name, in this or another repository."""
    for place, number in _CLOSING.findall(text):
        try:
            target = hub.state.repository(place) if place else repository
        except ApiError:
            continue  # names a repository that is not here
        issue = target.issues.get(int(number))
        if issue is not None and issue.pull is None:
            close_issue(hub, issue, sender)


def _close_by_commits(
    hub: LocalHub, repository: Repository, before: str, after: str, sender: Account
) -> None:
    try:
        landed = repository.git.log(after, f"^{before}", limit=50)
    except GitFailed:
        return  # a forced push away from `before`: nothing is known to have landed
    for commit in reversed(landed):
        close_named_in(hub, repository, commit.message, sender)


def suite_for(
    hub: LocalHub,
    repository: Repository,
    app_id: int,
    sha: str,
    *,
    branch: str | None = None,
    before: str | None = None,
) -> CheckSuite:
    """The suite of an app on a commit, made when it is missing."""
    for one in repository.suites:
        if one.app.id == app_id and one.head_sha == sha:
            return one
    if branch is None:
        heads = (r for r, at in repository.refs.items() if at == sha and r.startswith(_HEADS))
        branch = next((ref.removeprefix(_HEADS) for ref in heads), None)
    now = hub.now()
    made = CheckSuite(next(hub.ids), hub.state.apps[app_id], sha, branch, before, now, now)
    repository.suites.append(made)
    return made


def _request_suites(
    hub: LocalHub,
    repository: Repository,
    branch: str,
    before: str | None,
    after: str,
    sender: Account,
) -> None:
    for held in list(hub.state.installations.values()):
        if held.covers(repository) and holds(held.permissions, "checks:write"):
            known = len(repository.suites)
            suite = suite_for(hub, repository, held.app.id, after, branch=branch, before=before)
            if len(repository.suites) > known:
                hub.announce.check_suite("requested", repository, suite, sender)
