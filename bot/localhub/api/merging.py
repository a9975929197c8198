"""Merging a pull request: merge, squash or rebase, bound to the head that the caller saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.localhub.calls import Answer, Call, Routes
from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.git_facts import GitFailed, Signature
from bot.localhub.mergeability import base_tip, commits_of, mergeability
from bot.localhub.moves import close_named_in, mark_merged, move_ref, ref_moved
from bot.localhub.records import Issue, Pull
from bot.localhub.shapes import commits as shapes
from bot.localhub.state import Account

if TYPE_CHECKING:
    from bot.localhub.hub import LocalHub

routes = Routes()
_MERGE = "/repos/<owner>/<repo>/pulls/<int:number>/merge"


def signed_by(hub: LocalHub, account: Account) -> Signature:
    return Signature(account.name, account.email, hub.now().isoformat())


@routes("GET", _MERGE, "pull_requests:read", "contents:read")
def is_merged(call: Call, number: int) -> Answer:
    _, pull = call.repo.pull(number)
    if not pull.merged:
        raise not_found()
    return Answer(204)


@routes("PUT", _MERGE, "contents:write")
def merge(call: Call, number: int) -> Any:
    issue, pull = call.repo.pull(number)
    method = call.choice("merge_method", "PullRequest", ("merge", "squash", "rebase"), "merge")
    sha = call.maybe_text("sha")
    if pull.merged or issue.state == "closed":
        raise ApiError(405, "Pull Request is not mergeable")
    if sha is not None and sha != pull.head_sha:
        raise ApiError(409, "Head branch was modified. Review and try the merge again.")
    if method not in call.repo.merge_methods:
        raise ApiError(405, f"{method.capitalize()} merges are not allowed on this repository.")
    _refuse_blocked(call, issue, pull)
    base, ref = base_tip(call.repo, pull), f"refs/heads/{pull.base_ref}"
    landed = _land(call, issue, pull, method)
    try:
        call.repo.git.update_ref(ref, landed, base)
    except GitFailed as error:  # a push won the race
        message = "Base branch was modified. Review and try the merge again."
        raise ApiError(409, message) from error
    pull.base_sha = base
    # Merged before the move is known: else the push would seem to have merged it.
    mark_merged(call.hub, issue, pull, landed, call.account)
    ref_moved(call.hub, call.repo, ref, base, landed, call.account)
    if pull.base_ref == call.repo.default_branch:
        for one in commits_of(call.repo, pull):
            close_named_in(call.hub, call.repo, one.message, call.account)
    if call.repo.delete_branch_on_merge and pull.head_repository is call.repo:
        head = f"refs/heads/{pull.head_ref}"
        if head in call.repo.refs:
            move_ref(call.hub, call.repo, head, None, call.account)
    return {"sha": landed, "merged": True, "message": "Pull Request successfully merged"}


def _refuse_blocked(call: Call, issue: Issue, pull: Pull) -> None:
    found = mergeability(call.hub.state, issue, pull)
    rules = call.repo.protections.get(pull.base_ref)
    by_admin = call.caller.user is not None and call.may("admin")
    if found.state in ("blocked", "behind") and by_admin and rules and not rules.enforce_admins:
        return
    if found.reasons:
        raise ApiError(405, found.reasons[0])


def _land(call: Call, issue: Issue, pull: Pull, method: str) -> str:
    """Write the commit (or commits) and answer the new tip of the base branch."""
    git, base = call.repo.git, base_tip(call.repo, pull)
    if method == "rebase":
        return _rebased(call, pull, base)
    tree = git.merged_tree(base, pull.head_sha)
    if tree is None:
        raise ApiError(405, "Pull Request is not mergeable")
    title, text = call.maybe_text("commit_title"), call.maybe_text("commit_message")
    who = signed_by(call.hub, call.account)
    if method == "merge":
        title = title or (
            f"Merge pull request #{issue.number} from {pull.head_owner}/{pull.head_ref}"
        )
        text = issue.title if text is None else text
        parents = [base, pull.head_sha]
        author = who
    else:
        title = title or f"{issue.title} (#{issue.number})"
        commits = commits_of(call.repo, pull)
        text = "\n\n".join(f"* {c.message}" for c in commits) if text is None else text
        parents = [base]
        opener = signed_by(call.hub, issue.user)
        author = opener
    message = f"{title}\n\n{text}".rstrip() + "\n"
    return git.write_commit(tree, parents, message, author, who)


def _rebased(call: Call, pull: Pull, base: str) -> str:
    """Each commit again on top of the base; the committer is who merges."""
    git, tip = call.repo.git, base
    who = signed_by(call.hub, call.account)
    for commit in commits_of(call.repo, pull):
        if len(commit.parents) != 1:
            raise ApiError(405, "This branch can't be rebased")
        # A stand-in for `tip` whose parent is the commit's own makes git's three-way merge
        # take the commit's parent as the common ancestor.
        stand_in = git.write_commit(git.commit(tip).tree, [commit.parents[0]], "stand-in", who)
        tree = git.merged_tree(stand_in, commit.sha)
        if tree is None:
            raise ApiError(405, "This branch can't be rebased due to conflicts")
        tip = git.write_commit(tree, [tip], commit.message + "\n", commit.author, who)
    return tip


@routes("POST", "/repos/<owner>/<repo>/merges", "contents:write")
def merge_branches(call: Call) -> Answer:
    """Merge one branch into another without a pull request; 204 when there is nothing to do."""
    base, head = call.text("base", "Merge"), call.text("head", "Merge")
    tip, other = call.repo.branch(base), call.repo.resolve(head)
    if tip is None or other is None:
        raise invalid("Merge", "base" if tip is None else "head")
    if call.repo.git.is_ancestor(other, tip):
        return Answer(204)
    tree = call.repo.git.merged_tree(tip, other)
    if tree is None:
        raise ApiError(409, "Merge conflict")
    message = call.maybe_text("commit_message") or f"Merge {head} into {base}"
    signed = signed_by(call.hub, call.account)
    sha = call.repo.git.write_commit(tree, [tip, other], message, signed)
    move_ref(call.hub, call.repo, f"refs/heads/{base}", sha, call.account)
    made = call.repo.git.commit(sha)
    return Answer(201, shapes.commit(call.urls, call.hub.state, call.repo, made))
