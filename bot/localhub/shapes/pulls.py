"""Shapes of pull requests, reviews and review comments."""

from __future__ import annotations

from typing import Any

from bot.localhub.mergeability import Mergeability, Size
from bot.localhub.records import Issue, Pull, Review, ReviewComment
from bot.localhub.shapes.issues import association, label, milestone, rollup
from bot.localhub.shapes.people import maybe_user, simple_user, team
from bot.localhub.shapes.repositories import repository
from bot.localhub.shapes.urls import Urls, maybe_stamp, node_id, stamp
from bot.localhub.state import State

Shape = dict[str, Any]


def _links(urls: Urls, issue: Issue, pull: Pull) -> dict[str, str]:
    place = issue.repository
    me = urls.repo(place, "pulls", issue.number)
    discussion = urls.repo(place, "issues", issue.number)
    return {
        "self": me,
        "html": urls.page(place, "pull", issue.number),
        "issue": discussion,
        "comments": f"{discussion}/comments",
        "review_comments": f"{me}/comments",
        "review_comment": f"{urls.repo(place, 'pulls', 'comments')}{{/number}}",
        "commits": f"{me}/commits",
        "statuses": urls.repo(place, "statuses", pull.head_sha),
    }


def pull_simple(urls: Urls, state: State, issue: Issue, pull: Pull) -> Shape:
    """A pull request as lists show it: without mergeability and sizes."""
    place = issue.repository
    links = _links(urls, issue, pull)
    head = pull.head_repository
    head_owner = state.accounts.get(pull.head_owner.lower())
    return {
        "url": links["self"],
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "html_url": links["html"],
        "diff_url": f"{links['html']}.diff",
        "patch_url": f"{links['html']}.patch",
        "issue_url": links["issue"],
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "number": issue.number,
        "state": issue.state,
        "locked": issue.locked,
        "active_lock_reason": None,
        "title": issue.title,
        "user": simple_user(urls, issue.user),
        "body": issue.body,
        "labels": [label(urls, place, each) for each in issue.labels],
        "milestone": milestone(urls, place, issue.milestone) if issue.milestone else None,
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": maybe_stamp(issue.closed_at),
        "merged_at": maybe_stamp(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": maybe_user(urls, issue.assignees[0] if issue.assignees else None),
        "assignees": [simple_user(urls, each) for each in issue.assignees],
        "requested_reviewers": [simple_user(urls, each) for each in pull.requested_reviewers],
        "requested_teams": [team(urls, each) for each in pull.requested_teams],
        "draft": pull.draft,
        "head": {
            "label": f"{pull.head_owner}:{pull.head_ref}",
            "ref": pull.head_ref,
            "sha": pull.head_sha,
            "user": maybe_user(urls, head_owner),
            "repo": _repository(urls, head) if head is not None else None,
        },
        "base": {
            "label": f"{place.owner.login}:{pull.base_ref}",
            "ref": pull.base_ref,
            "sha": pull.base_sha,
            "user": simple_user(urls, place.owner),
            "repo": _repository(urls, place),
        },
        "_links": {name: {"href": address} for name, address in links.items()},
        "author_association": association(state, issue.user, place),
        "auto_merge": None,
    }


def _repository(urls: Urls, one: Any) -> Shape:
    return {
        **repository(urls, one),
        "allow_squash_merge": "squash" in one.merge_methods,
        "allow_merge_commit": "merge" in one.merge_methods,
        "allow_rebase_merge": "rebase" in one.merge_methods,
        "allow_auto_merge": False,
        "allow_update_branch": False,
        "delete_branch_on_merge": one.delete_branch_on_merge,
    }


def pull_request(
    urls: Urls, state: State, issue: Issue, pull: Pull, merging: Mergeability, size: Size
) -> Shape:
    return {
        **pull_simple(urls, state, issue, pull),
        "merged": pull.merged,
        "mergeable": merging.mergeable,
        "rebaseable": merging.mergeable,
        "mergeable_state": merging.state,
        "merged_by": maybe_user(urls, pull.merged_by),
        "comments": len(issue.comments),
        "review_comments": len(pull.review_comments),
        "maintainer_can_modify": False,
        "commits": size.commits,
        "additions": size.additions,
        "deletions": size.deletions,
        "changed_files": size.changed_files,
    }


def review(urls: Urls, state: State, issue: Issue, one: Review) -> Shape:
    address = urls.repo(issue.repository, "pulls", issue.number)
    page = f"{urls.page(issue.repository, 'pull', issue.number)}#pullrequestreview-{one.id}"
    shape = {
        "id": one.id,
        "node_id": node_id("PRR", one.id),
        "user": simple_user(urls, one.user),
        "body": one.body,
        "state": one.state,
        "html_url": page,
        "pull_request_url": address,
        "_links": {"html": {"href": page}, "pull_request": {"href": address}},
        "commit_id": one.commit_id,
        "author_association": association(state, one.user, issue.repository),
    }
    if one.submitted_at is not None:  # absent while the review is pending
        shape["submitted_at"] = stamp(one.submitted_at)
    return shape


def review_comment(urls: Urls, state: State, issue: Issue, one: ReviewComment) -> Shape:
    place = issue.repository
    me = urls.repo(place, "pulls", "comments", one.id)
    address = urls.repo(place, "pulls", issue.number)
    page = f"{urls.page(place, 'pull', issue.number)}#discussion_r{one.id}"
    shape = {
        "url": me,
        "pull_request_review_id": one.review.id if one.review else None,
        "id": one.id,
        "node_id": node_id("PRRC", one.id),
        "diff_hunk": one.diff_hunk,
        "path": one.path,
        "position": one.line,
        "original_position": one.line or 1,
        "commit_id": one.commit_id,
        "original_commit_id": one.original_commit_id,
        "user": simple_user(urls, one.user),
        "body": one.body,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "html_url": page,
        "pull_request_url": address,
        "author_association": association(state, one.user, place),
        "_links": {
            "self": {"href": me},
            "html": {"href": page},
            "pull_request": {"href": address},
        },
        "start_line": one.start_line,
        "original_start_line": one.start_line,
        "start_side": one.start_side,
        "line": one.line,
        "original_line": one.line,
        "side": one.side,
        "subject_type": one.subject_type,
        "reactions": rollup(me, one.reactions),
    }
    if one.in_reply_to is not None:
        shape["in_reply_to_id"] = one.in_reply_to
    return shape
