"""Comments on lines of a pull request's difference."""

from __future__ import annotations

from typing import Any

from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.mergeability import files_of
from bot.localhub.records import Issue, Pull, Review, ReviewComment
from bot.localhub.shapes import pulls

routes = Routes()
_OF_PULL = "/repos/<owner>/<repo>/pulls/<int:number>/comments"
_ONE = "/repos/<owner>/<repo>/pulls/comments/<int:number>"


def _show(call: Call, issue: Issue, one: ReviewComment) -> Any:
    return pulls.review_comment(call.urls, call.hub.state, issue, one)


def add_comment(
    call: Call, pull: Pull, review: Review | None, given: dict[str, Any]
) -> ReviewComment:
    """A comment from {path, line | position, side, body}; 422 off the difference."""
    path, body = given.get("path"), given.get("body")
    change = next((c for c in files_of(call.repo, pull) if c.path == path), None)
    if change is None:
        raise invalid("PullRequestReviewComment", "path")
    if not isinstance(body, str) or not body:
        raise invalid("PullRequestReviewComment", "body", "missing_field")
    line = given.get("line", given.get("position"))
    whole_file = given.get("subject_type") == "file"
    if not whole_file and (not isinstance(line, int) or line < 1):
        raise invalid("PullRequestReviewComment", "line", "missing_field")
    now = call.hub.now()
    commit = given.get("commit_id") or pull.head_sha
    return ReviewComment(
        next(call.hub.ids), review, call.account, body, change.path, commit, commit,
        (change.patch or "")[:2000], now, now,
        line=None if whole_file else line,
        side=given.get("side") or "RIGHT",
        start_line=given.get("start_line"),
        start_side=given.get("start_side"),
        subject_type="file" if whole_file else "line",
    )  # fmt: skip


@routes("GET", _OF_PULL, "pull_requests:read")
def list_comments(call: Call, number: int) -> Page:
    issue, pull = call.repo.pull(number)
    return Page(pull.review_comments, lambda one: _show(call, issue, one))


@routes(
    "GET",
    "/repos/<owner>/<repo>/pulls/<int:number>/reviews/<int:review>/comments",
    "pull_requests:read",
)
def comments_of_review(call: Call, number: int, review: int) -> Page:
    issue, pull = call.repo.pull(number)
    found = [one for one in pull.review_comments if one.review and one.review.id == review]
    return Page(found, lambda one: _show(call, issue, one))


@routes("POST", _OF_PULL, "pull_requests:write", role="read")
def create_comment(call: Call, number: int) -> Answer:
    issue, pull = call.repo.pull(number)
    given = call.json()
    if given.get("in_reply_to") is not None:
        return _reply(call, issue, pull, given["in_reply_to"], call.text("body", "Comment"))
    made = add_comment(call, pull, None, given)
    return _publish(call, issue, pull, made)


def _publish(call: Call, issue: Issue, pull: Pull, made: ReviewComment) -> Answer:
    if made.review is None:  # a single comment is a review of its own
        state, now = "COMMENTED", call.hub.now()
        made.review = Review(next(call.hub.ids), call.account, "", state, made.commit_id, now)
        pull.reviews.append(made.review)
        call.hub.announce.review("submitted", issue, pull, made.review, call.account)
    pull.review_comments.append(made)
    issue.updated_at = call.hub.now()
    call.hub.announce.review_comment("created", issue, pull, made, call.account)
    answer = _show(call, issue, made)
    return Answer(201, answer, {"Location": answer["url"]})


def _reply(call: Call, issue: Issue, pull: Pull, to: Any, body: str) -> Answer:
    parent = next((one for one in pull.review_comments if one.id == to), None)
    if parent is None:
        raise not_found()
    now = call.hub.now()
    made = ReviewComment(
        next(call.hub.ids), None, call.account, body, parent.path, parent.commit_id,
        parent.original_commit_id, parent.diff_hunk, now, now,
        line=parent.line, side=parent.side, subject_type=parent.subject_type,
        in_reply_to=parent.in_reply_to or parent.id,
    )  # fmt: skip
    return _publish(call, issue, pull, made)


@routes("POST", f"{_OF_PULL}/<int:comment>/replies", "pull_requests:write", role="read")
def reply(call: Call, number: int, comment: int) -> Answer:
    issue, pull = call.repo.pull(number)
    return _reply(call, issue, pull, comment, call.text("body", "Comment"))


def _find(call: Call, number: int) -> tuple[Issue, Pull, ReviewComment]:
    for issue, pull in call.repo.pulls():
        for one in pull.review_comments:
            if one.id == number:
                return issue, pull, one
    raise not_found()


@routes("GET", _ONE, "pull_requests:read")
def show_comment(call: Call, number: int) -> Any:
    issue, _, one = _find(call, number)
    return _show(call, issue, one)


def _refuse_others(call: Call, one: ReviewComment) -> None:
    if one.user is not call.account and not call.may("write"):
        raise ApiError(403, "Must have write access to the repository.")


@routes("PATCH", _ONE, "pull_requests:write", role="read")
def edit_comment(call: Call, number: int) -> Any:
    issue, pull, one = _find(call, number)
    _refuse_others(call, one)
    before, one.body = one.body, call.text("body", "PullRequestReviewComment")
    one.updated_at = call.hub.now()
    changes = {"body": {"from": before}}
    call.hub.announce.review_comment("edited", issue, pull, one, call.account, changes=changes)
    return _show(call, issue, one)


@routes("DELETE", _ONE, "pull_requests:write", role="read")
def delete_comment(call: Call, number: int) -> Answer:
    issue, pull, one = _find(call, number)
    _refuse_others(call, one)
    pull.review_comments.remove(one)
    call.hub.announce.review_comment("deleted", issue, pull, one, call.account)
    return Answer(204)
