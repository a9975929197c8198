"""Comments on issues and pull requests, and reactions to anything."""

from __future__ import annotations

from typing import Any

from bot.localhub.api.issues import (
    EITHER_READ,
    EITHER_WRITE,
    checked_body,
    discussed,
)
from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.records import Comment, Reaction
from bot.localhub.shapes import issues as shapes

routes = Routes()
_ISSUE = "/repos/<owner>/<repo>/issues/<int:number>"
_COMMENT = "/repos/<owner>/<repo>/issues/comments/<int:number>"
_REVIEW_COMMENT = "/repos/<owner>/<repo>/pulls/comments/<int:number>"


def _show(call: Call, one: Comment) -> Any:
    return shapes.comment(call.urls, call.hub.state, one)


def _comment(call: Call, number: int, level: str) -> Comment:
    found = call.repo.comment(number)
    discussed(call, found.issue.number, level)
    return found


@routes("GET", f"{_ISSUE}/comments", *EITHER_READ)
def list_comments(call: Call, number: int) -> Page:
    issue, since = discussed(call, number, "read"), call.query.get("since", "")
    found = [one for one in issue.comments if one.updated_at.isoformat() >= since.rstrip("Z")]
    return Page(found, lambda one: _show(call, one))


@routes("GET", "/repos/<owner>/<repo>/issues/comments", *EITHER_READ)
def all_comments(call: Call) -> Page:
    since = call.query.get("since", "").rstrip("Z")
    found = [
        one
        for issue in call.repo.issues.values()
        for one in issue.comments
        if one.updated_at.isoformat() >= since
    ]
    found.sort(key=lambda one: (one.updated_at, one.id))
    if call.query.get("direction") == "desc":
        found.reverse()
    return Page(found, lambda one: _show(call, one))


@routes("POST", f"{_ISSUE}/comments", *EITHER_WRITE, role="read")
def create_comment(call: Call, number: int) -> Answer:
    issue = discussed(call, number, "write")
    body = checked_body(call.text("body", "IssueComment"), "IssueComment") or ""
    if issue.locked and not call.may("write"):
        raise ApiError(403, "Unable to create comment because issue is locked.")
    now = call.hub.now()
    made = Comment(next(call.hub.ids), issue, call.account, body, now, now, call.caller.via_app)
    issue.comments.append(made)
    issue.updated_at = now
    call.hub.announce.comment("created", made, call.account)
    answer = _show(call, made)
    return Answer(201, answer, {"Location": answer["url"]})


@routes("GET", _COMMENT, *EITHER_READ)
def show_comment(call: Call, number: int) -> Any:
    return _show(call, _comment(call, number, "read"))


def _refuse_others(call: Call, one: Comment) -> None:
    if one.user is not call.account and not call.may("write"):
        raise ApiError(403, "Must have write access to the repository.")


@routes("PATCH", _COMMENT, *EITHER_WRITE, role="read")
def edit_comment(call: Call, number: int) -> Any:
    one = _comment(call, number, "write")
    _refuse_others(call, one)
    body = checked_body(call.text("body", "IssueComment"), "IssueComment") or ""
    before, one.body = one.body, body
    one.updated_at = one.issue.updated_at = call.hub.now()
    changes = {"body": {"from": before}}
    call.hub.announce.comment("edited", one, call.account, changes=changes)
    return _show(call, one)


@routes("DELETE", _COMMENT, *EITHER_WRITE, role="read")
def delete_comment(call: Call, number: int) -> Answer:
    one = _comment(call, number, "write")
    _refuse_others(call, one)
    one.issue.comments.remove(one)
    one.issue.updated_at = call.hub.now()
    call.hub.announce.comment("deleted", one, call.account)
    return Answer(204)


# -- reactions -----------------------------------------------------------------------------------


def _page(call: Call, reactions: list[Reaction]) -> Page:
    content = call.query.get("content")
    found = [one for one in reactions if content in (None, one.content)]
    return Page(found, lambda one: shapes.reaction(call.urls, one))


def _react(call: Call, reactions: list[Reaction]) -> Answer:
    """201, or 200 with the one that this account already left."""
    content = call.text("content", "Reaction")
    if content not in shapes.REACTIONS:
        raise invalid("Reaction", "content")
    for one in reactions:
        if one.user is call.account and one.content == content:
            return Answer(200, shapes.reaction(call.urls, one))
    made = Reaction(next(call.hub.ids), call.account, content, call.hub.now())
    reactions.append(made)
    return Answer(201, shapes.reaction(call.urls, made))


def _unreact(call: Call, reactions: list[Reaction], reaction: int) -> Answer:
    for one in reactions:
        if one.id == reaction:
            if one.user is not call.account:
                raise ApiError(403, "Only the person who reacted may take it back.")
            reactions.remove(one)
            return Answer(204)
    raise not_found()


@routes("GET", f"{_ISSUE}/reactions", *EITHER_READ)
def issue_reactions(call: Call, number: int) -> Page:
    return _page(call, discussed(call, number, "read").reactions)


@routes("POST", f"{_ISSUE}/reactions", *EITHER_WRITE, role="read")
def react_to_issue(call: Call, number: int) -> Answer:
    return _react(call, discussed(call, number, "write").reactions)


@routes("DELETE", f"{_ISSUE}/reactions/<int:reaction>", *EITHER_WRITE, role="read")
def unreact_to_issue(call: Call, number: int, reaction: int) -> Answer:
    return _unreact(call, discussed(call, number, "write").reactions, reaction)


@routes("GET", f"{_COMMENT}/reactions", *EITHER_READ)
def comment_reactions(call: Call, number: int) -> Page:
    return _page(call, _comment(call, number, "read").reactions)


@routes("POST", f"{_COMMENT}/reactions", *EITHER_WRITE, role="read")
def react_to_comment(call: Call, number: int) -> Answer:
    return _react(call, _comment(call, number, "write").reactions)


@routes("DELETE", f"{_COMMENT}/reactions/<int:reaction>", *EITHER_WRITE, role="read")
def unreact_to_comment(call: Call, number: int, reaction: int) -> Answer:
    return _unreact(call, _comment(call, number, "write").reactions, reaction)


def _of_review_comment(call: Call, number: int) -> list[Reaction]:
    for _, pull in call.repo.pulls():
        for one in pull.review_comments:
            if one.id == number:
                return one.reactions
    raise not_found()


@routes("GET", f"{_REVIEW_COMMENT}/reactions", "pull_requests:read")
def review_comment_reactions(call: Call, number: int) -> Page:
    return _page(call, _of_review_comment(call, number))


@routes("POST", f"{_REVIEW_COMMENT}/reactions", "pull_requests:write", role="read")
def react_to_review_comment(call: Call, number: int) -> Answer:
    return _react(call, _of_review_comment(call, number))
