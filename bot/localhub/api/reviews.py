"""Reviews of pull requests, their dismissal, and requests for review."""

from __future__ import annotations

from typing import Any

from bot.localhub.api.review_comments import add_comment
from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.records import Issue, Pull, Review
from bot.localhub.shapes import people, pulls

routes = Routes()
_REVIEWS = "/repos/<owner>/<repo>/pulls/<int:number>/reviews"
_REVIEW = f"{_REVIEWS}/<int:review>"
_REQUESTED = "/repos/<owner>/<repo>/pulls/<int:number>/requested_reviewers"
_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def _show(call: Call, issue: Issue, one: Review) -> Any:
    return pulls.review(call.urls, call.hub.state, issue, one)


def _find(call: Call, number: int, review: int) -> tuple[Issue, Pull, Review]:
    issue, pull = call.repo.pull(number)
    for one in pull.reviews:
        if one.id == review:
            return issue, pull, one
    raise not_found()


@routes("GET", _REVIEWS, "pull_requests:read")
def list_reviews(call: Call, number: int) -> Page:
    issue, pull = call.repo.pull(number)
    visible = [x for x in pull.reviews if x.state != "PENDING" or x.user is call.caller.account]
    return Page(visible, lambda one: _show(call, issue, one))


@routes("GET", _REVIEW, "pull_requests:read")
def show_review(call: Call, number: int, review: int) -> Any:
    issue, _, one = _find(call, number, review)
    return _show(call, issue, one)


@routes("POST", _REVIEWS, "pull_requests:write", role="read")
def create_review(call: Call, number: int) -> Any:
    issue, pull = call.repo.pull(number)
    commit_id = call.maybe_text("commit_id") or pull.head_sha
    if call.repo.resolve(commit_id) is None:
        raise invalid("PullRequestReview", "commit_id")
    body = call.maybe_text("body") or ""
    one = Review(next(call.hub.ids), call.account, body, "PENDING", commit_id, None)
    event = call.choice("event", "PullRequestReview", _STATES, "")
    if event:
        _check_event(call, issue, event, body)
    comments = call.json().get("comments") or []
    if not isinstance(comments, list) or not all(isinstance(each, dict) for each in comments):
        raise invalid("PullRequestReview", "comments")
    made = [add_comment(call, pull, one, each) for each in comments]
    pull.reviews.append(one)
    pull.review_comments += made
    if event:
        _submit(call, issue, pull, one, event)
        for each in made:
            call.hub.announce.review_comment("created", issue, pull, each, call.account)
    return _show(call, issue, one)


def _check_event(call: Call, issue: Issue, event: str, body: str) -> None:
    if event in ("APPROVE", "REQUEST_CHANGES") and issue.user is call.account:
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise ApiError(
            422, "Unprocessable Entity", errors=[f"Can not {verb} your own pull request"]
        )
    if event == "REQUEST_CHANGES" and not body:
        raise ApiError(422, "Unprocessable Entity", errors=["Body is required"])


def _submit(call: Call, issue: Issue, pull: Pull, one: Review, event: str) -> None:
    one.state, one.submitted_at = _STATES[event], call.hub.now()
    issue.updated_at = call.hub.now()
    if one.user in pull.requested_reviewers:
        pull.requested_reviewers.remove(one.user)
    call.hub.announce.review("submitted", issue, pull, one, call.account)


@routes("POST", f"{_REVIEW}/events", "pull_requests:write", role="read")
def submit_review(call: Call, number: int, review: int) -> Any:
    issue, pull, one = _find(call, number, review)
    if one.user is not call.account or one.state != "PENDING":
        raise ApiError(422, "Unprocessable Entity", errors=["The review is not pending"])
    event = call.choice("event", "PullRequestReview", _STATES, "")
    if not event:
        raise invalid("PullRequestReview", "event", "missing_field")
    one.body = call.maybe_text("body") or one.body
    _check_event(call, issue, event, one.body)
    _submit(call, issue, pull, one, event)
    return _show(call, issue, one)


@routes("PUT", _REVIEW, "pull_requests:write", role="read")
def change_review(call: Call, number: int, review: int) -> Any:
    issue, pull, one = _find(call, number, review)
    if one.user is not call.account:
        raise ApiError(403, "Only the author of a review may change it.")
    one.body = call.text("body", "PullRequestReview")
    call.hub.announce.review("edited", issue, pull, one, call.account)
    return _show(call, issue, one)


@routes("PUT", f"{_REVIEW}/dismissals", "pull_requests:write")
def dismiss_review(call: Call, number: int, review: int) -> Any:
    issue, pull, one = _find(call, number, review)
    call.text("message", "PullRequestReview")
    if one.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise ApiError(422, "Unprocessable Entity", errors=["Can not dismiss this review"])
    one.state = "DISMISSED"
    call.hub.announce.review("dismissed", issue, pull, one, call.account)
    return _show(call, issue, one)


@routes("DELETE", _REVIEW, "pull_requests:write", role="read")
def delete_review(call: Call, number: int, review: int) -> Any:
    issue, pull, one = _find(call, number, review)
    if one.state != "PENDING" or one.user is not call.account:
        raise ApiError(422, "Unprocessable Entity", errors=["Can not delete a submitted review"])
    pull.reviews.remove(one)
    pull.review_comments = [each for each in pull.review_comments if each.review is not one]
    return _show(call, issue, one)


@routes("GET", _REQUESTED, "pull_requests:read")
def requested_reviewers(call: Call, number: int) -> Any:
    _, pull = call.repo.pull(number)
    return {
        "users": [people.simple_user(call.urls, one) for one in pull.requested_reviewers],
        "teams": [people.team(call.urls, one) for one in pull.requested_teams],
    }


@routes("POST", _REQUESTED, "pull_requests:write")
def request_review(call: Call, number: int) -> Answer:
    issue, pull = call.repo.pull(number)
    for login in call.names("reviewers"):
        one = call.hub.state.accounts.get(login.lower())
        if one is None or call.hub.state.level(one, call.repo) == "none":
            raise ApiError(422, "Reviews may only be requested from collaborators.")
        if one is issue.user:
            raise ApiError(422, "Review cannot be requested from pull request author.")
        if one not in pull.requested_reviewers:
            pull.requested_reviewers.append(one)
            shape = call.hub.announce.user_shape(one)
            call.hub.announce.pull(
                "review_requested", issue, pull, call.account, requested_reviewer=shape
            )
    for slug in call.names("team_reviewers"):
        team = call.hub.state.team(call.repo.owner.login, slug)
        if team not in pull.requested_teams:
            pull.requested_teams.append(team)
    return Answer(201, _simple(call, issue, pull))


@routes("DELETE", _REQUESTED, "pull_requests:write")
def unrequest_review(call: Call, number: int) -> Any:
    issue, pull = call.repo.pull(number)
    gone = {login.lower() for login in call.names("reviewers")}
    for one in [x for x in pull.requested_reviewers if x.login.lower() in gone]:
        pull.requested_reviewers.remove(one)
        shape = call.hub.announce.user_shape(one)
        call.hub.announce.pull(
            "review_request_removed", issue, pull, call.account, requested_reviewer=shape
        )
    slugs = call.names("team_reviewers")
    pull.requested_teams = [one for one in pull.requested_teams if one.slug not in slugs]
    return _simple(call, issue, pull)


def _simple(call: Call, issue: Issue, pull: Pull) -> Any:
    return pulls.pull_simple(call.urls, call.hub.state, issue, pull)
