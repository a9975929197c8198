"""Whether a pull request can be merged, and how big it is: asked of git, judged by the rules.

Promises facts about the branches as they are now. Never changes a record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.localhub.codeowners import owners_of
from bot.localhub.git_facts import Commit, FileChange
from bot.localhub.permissions import rank
from bot.localhub.records import Issue, Pull, Review
from bot.localhub.state import Protection, Repository, State


@dataclass(frozen=True)
class Mergeability:
    """`state` is clean, dirty, blocked, behind, unstable, draft or unknown.

    `reasons` say what blocks, in the words of GitHub's refusal to merge.
    """

    mergeable: bool | None
    state: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Size:
    commits: int
    additions: int
    deletions: int
    changed_files: int


def base_tip(repository: Repository, pull: Pull) -> str:
    """Where the base branch is now; after the merge, where it was."""
    if pull.merged:
        return pull.base_sha
    return repository.branch(pull.base_ref) or pull.base_sha


def commits_of(repository: Repository, pull: Pull) -> list[Commit]:
    """The commits of a pull request, oldest first."""
    base = base_tip(repository, pull)
    return list(reversed(repository.git.log(pull.head_sha, f"^{base}")))


def files_of(repository: Repository, pull: Pull) -> Sequence[FileChange]:
    base = base_tip(repository, pull)
    fork_point = repository.git.merge_base(base, pull.head_sha) or base
    return repository.git.diff(fork_point, pull.head_sha)


def size_of(repository: Repository, pull: Pull) -> Size:
    files = files_of(repository, pull)
    return Size(
        commits=repository.git.count(pull.head_sha, f"^{base_tip(repository, pull)}"),
        additions=sum(change.additions for change in files),
        deletions=sum(change.deletions for change in files),
        changed_files=len(files),
    )


def deciding_reviews(pull: Pull) -> dict[str, Review]:
    """The last review of each person that says yes or no (login -> review)."""
    deciding: dict[str, Review] = {}
    for one in pull.reviews:
        if one.state in ("APPROVED", "CHANGES_REQUESTED"):
            deciding[one.user.login] = one
        elif one.state == "DISMISSED" and deciding.get(one.user.login) is one:
            del deciding[one.user.login]
    return deciding


def check_conclusions(repository: Repository, sha: str) -> dict[str, str]:
    """Context or check name -> success, failure or pending, the newest of each."""
    found: dict[str, str] = {}
    for one in repository.statuses:
        if one.sha == sha:
            found[one.context] = "failure" if one.state == "error" else one.state
    for run in repository.runs.values():
        if run.head_sha == sha:
            good = run.conclusion in ("success", "neutral", "skipped")
            done = run.status == "completed"
            found[run.name] = ("success" if good else "failure") if done else "pending"
    return found


def mergeability(state: State, issue: Issue, pull: Pull) -> Mergeability:
    repository = issue.repository
    if pull.merged or issue.state == "closed":
        return Mergeability(None, "unknown")
    base = base_tip(repository, pull)
    if repository.git.merged_tree(base, pull.head_sha) is None:
        return Mergeability(False, "dirty", ("Pull Request is not mergeable",))
    if pull.draft:
        return Mergeability(True, "draft", ("Pull Request is still a draft",))
    conclusions = check_conclusions(repository, pull.head_sha)
    rules = repository.protections.get(pull.base_ref)
    if rules is not None:
        reasons = _blocks(state, issue, pull, rules, conclusions)
        if reasons:
            return Mergeability(True, "blocked", tuple(reasons))
        if rules.strict and not repository.git.is_ancestor(base, pull.head_sha):
            return Mergeability(True, "behind", ("Head branch is out of date",))
    if any(value != "success" for value in conclusions.values()):
        return Mergeability(True, "unstable")
    return Mergeability(True, "clean")


def _blocks(
    state: State, issue: Issue, pull: Pull, rules: Protection, conclusions: dict[str, str]
) -> list[str]:
    reasons = []
    for name in rules.required_checks:
        seen = conclusions.get(name)
        if seen is None:
            reasons.append(f'Required status check "{name}" is expected.')
        elif seen != "success":
            word = "failing" if seen == "failure" else "pending"
            reasons.append(f'Required status check "{name}" is {word}.')
    deciding = deciding_reviews(pull)
    counted = {
        login: one
        for login, one in deciding.items()
        if rank(state.level(one.user, issue.repository)) >= rank("write")
    }
    if any(one.state == "CHANGES_REQUESTED" for one in counted.values()):
        reasons.append("Changes were requested by a reviewer with write access.")
    approvers = {login for login, one in counted.items() if one.state == "APPROVED"}
    if len(approvers) < rules.required_approvals:
        reasons.append(
            f"At least {rules.required_approvals} approving review is required by reviewers "
            "with write access."
        )
    if rules.code_owner_reviews:
        missing = _paths_without_owner(state, issue, pull, approvers)
        if missing:
            reasons.append("Waiting on code owner review.")
    return reasons


def _paths_without_owner(state: State, issue: Issue, pull: Pull, approvers: set[str]) -> list[str]:
    missing = []
    for change in files_of(issue.repository, pull):
        owners = owners_of(state, issue.repository, pull.base_ref, change.path)
        if owners and not owners & approvers:
            missing.append(change.path)
    return missing
