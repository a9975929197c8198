"""Reactions, labels, comments and closing an issue on GitHub (W8, W9).

Promises: an unchanged issue gets no event; the status comment is one, whatever happened to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from bot.outside.errors import NotFound
from bot.outside.github_writes import Needs, Writes, ends_in, issue_of, marked, marker
from bot.story import effects as fx
from bot.story.claim_records import is_status
from bot.story.vocabulary import Repository

_TOLD = ("id", "updated_at")  # an approval is bound to the time at which a comment showed it


class Talk(Writes):
    """The `_do_` and `_look_` of each kind; see `bot.outside.github_effects`."""

    needs: ClassVar[Needs] = {
        "react": {"issues": "write"},
        "set_labels": {"issues": "write"},
        "post_comment": {"issues": "write"},
        "show_status": {"issues": "write"},
        "close_issue": {"issues": "write"},
        "open_issue": {"issues": "write"},
        "open_todo_issue": {"issues": "write"},
        "change_todo_issue": {"issues": "write"},
        "reply_to_review": {"pull_requests": "write"},
    }

    # Reactions: GitHub itself gives the one that is there when it is asked twice.

    def _do_react(self, effect: fx.React) -> dict[str, Any]:
        told = self._write(
            "POST", effect.repository, *_reactions(effect), body={"content": effect.content}
        )
        return {"id": told.get("id")}

    def _look_react(self, effect: fx.React) -> dict[str, Any] | None:
        for each in self._list(effect.repository, *_reactions(effect)):
            if each.get("content") == effect.content and self._is_ours(each):
                return {"id": each.get("id")}
        return None

    # Labels: compared first, so that an unchanged issue gets no event.

    def _do_set_labels(self, effect: fx.SetLabels) -> dict[str, Any]:
        have = self._labels(effect.repository, effect.issue)
        add = [label for label in effect.add if label.lower() not in have]
        if add:
            where = ("issues", effect.issue, "labels")
            self._write("POST", effect.repository, *where, body={"labels": add})
        for label in effect.remove:
            if label.lower() in have:
                self._remove_label(effect, label)
        return {"added": add}

    def _remove_label(self, effect: fx.SetLabels, label: str) -> None:
        try:
            self._write("DELETE", effect.repository, "issues", effect.issue, "labels", label)
        except NotFound:
            return  # somebody was faster: it is gone, as wanted

    def _look_set_labels(self, effect: fx.SetLabels) -> dict[str, Any] | None:
        have = self._labels(effect.repository, effect.issue)
        missing = {label.lower() for label in effect.add} - have
        left = {label.lower() for label in effect.remove} & have
        return None if missing or left else {"added": []}

    def _labels(self, repository: Repository, issue: int) -> set[str]:
        """Lower case: GitHub takes Bug and bug for one label."""
        told = self._list(repository, "issues", issue, "labels")
        return {str(each.get("name") or "").lower() for each in told}

    # Comments.

    def _do_post_comment(self, effect: fx.PostComment) -> dict[str, Any]:
        if (found := self._look_post_comment(effect)) is not None:
            return found
        return _comment(self._create(effect, marked(effect.body, effect.key)))

    def _look_post_comment(self, effect: fx.PostComment) -> dict[str, Any] | None:
        wanted = marker(effect.key)
        for each in self._own_comments(effect.repository, effect.issue):
            if ends_in(each, wanted):
                return _comment(each)
        return None

    # Threads of a review.

    def _do_reply_to_review(self, effect: fx.ReplyToReview) -> dict[str, Any]:
        if (found := self._look_reply_to_review(effect)) is not None:
            return found
        body = {"body": marked(effect.body, effect.key)}
        if effect.comment_id is None:
            where: tuple[str | int, ...] = ("issues", effect.number, "comments")
        else:
            where = ("pulls", effect.number, "comments", effect.comment_id, "replies")
        try:
            return _comment(self._write("POST", effect.repository, *where, body=body, needs=_TOLD))
        except NotFound:
            return {"comment_id": None, "url": "", "gone": True}  # with whom to talk, too

    def _look_reply_to_review(self, effect: fx.ReplyToReview) -> dict[str, Any] | None:
        thread = "issues" if effect.comment_id is None else "pulls"
        wanted = marker(effect.key)
        for each in self._list(effect.repository, thread, effect.number, "comments"):
            if ends_in(each, wanted) and self._is_ours(each):
                return _comment(each)
        return None

    def _do_show_status(self, effect: fx.ShowStatus) -> dict[str, Any]:
        body = marked(effect.body, effect.key, "status", effect.claim)
        comment_id = effect.comment_id
        if comment_id is not None:
            try:
                return _status(effect, self._edit(effect, comment_id, body))
            except NotFound:
                comment_id = None  # somebody deleted it: W9 wants it again
        found = self._find_status(effect)
        if found is not None:
            return _status(effect, self._edit(effect, found["id"], body))
        # A new comment bears no claim: who looked while there was none may have taken it.
        return _status(effect, self._create(effect, marked(effect.body, effect.key, "status")))

    def _look_show_status(self, effect: fx.ShowStatus) -> dict[str, Any] | None:
        found = None
        if effect.comment_id is not None:
            found = self._reads.comment(effect.repository, effect.comment_id)
        if found is None:
            found = self._find_status(effect)
        wanted = marker(effect.key, "status")
        if found is None or not ends_in(found, wanted):
            return None
        return _status(effect, found) if self._is_ours(found) else None

    def _find_status(self, effect: fx.ShowStatus) -> dict[str, Any] | None:
        for each in self._own_comments(effect.repository, effect.issue):
            if is_status(each):
                return each
        return None

    def _own_comments(self, repository: Repository, issue: int) -> Iterator[dict[str, Any]]:
        return filter(self._is_ours, self._list(repository, "issues", issue, "comments"))

    def _create(self, effect: fx.PostComment | fx.ShowStatus, body: str) -> dict[str, Any]:
        where = ("issues", effect.issue, "comments")
        return self._write("POST", effect.repository, *where, body={"body": body}, needs=_TOLD)

    def _edit(self, effect: fx.ShowStatus, comment_id: int, body: str) -> dict[str, Any]:
        where = ("issues", "comments", comment_id)
        return self._write("PATCH", effect.repository, *where, body={"body": body}, needs=_TOLD)

    # Issues.

    def _do_close_issue(self, effect: fx.CloseIssue) -> dict[str, Any]:
        body = {"state": "closed", "state_reason": effect.reason}
        told = self._write("PATCH", effect.repository, "issues", effect.issue, body=body)
        return {"state": told.get("state", "closed")}

    def _look_close_issue(self, effect: fx.CloseIssue) -> dict[str, Any] | None:
        state = self._reads.issue(effect.repository, effect.issue).get("state")
        return {"state": state} if state == "closed" else None

    # A part of a story.

    def _do_open_issue(self, effect: fx.OpenIssue) -> dict[str, Any]:
        body = {"title": effect.title, "body": marked(effect.body, effect.key)}
        needs = ("number", "html_url")
        return issue_of(self._write("POST", effect.repository, "issues", body=body, needs=needs))

    def _look_open_issue(self, effect: fx.OpenIssue) -> dict[str, Any] | None:
        return self._our_issue(effect)

    # The issue of a mark in a comment.

    def _do_open_todo_issue(self, effect: fx.OpenTodoIssue) -> dict[str, Any]:
        body = {"title": effect.title, "body": marked(effect.body, effect.key)}
        needs = ("number", "html_url")
        known = self._left_open(effect.repository, effect.title, effect.others)
        verb, where = ("PATCH", ("issues", known)) if known else ("POST", ("issues",))
        told = self._write(verb, effect.repository, *where, body=body, needs=needs)
        return _todo_issue(effect, issue_of(told), "open")

    def _look_open_todo_issue(self, effect: fx.OpenTodoIssue) -> dict[str, Any] | None:
        found = self._our_issue(effect)
        return _todo_issue(effect, found, "open") if found else None

    def _do_change_todo_issue(self, effect: fx.ChangeTodoIssue) -> dict[str, Any]:
        body: dict[str, Any] = {"state": effect.state}
        if effect.state == "closed":
            body["state_reason"] = "completed"
        else:
            opened = f"todo/{effect.repository.id}/open_todo_issue/{effect.mark}"
            body |= {"title": effect.title, "body": marked(effect.body, opened)}
        told = self._write("PATCH", effect.repository, "issues", effect.issue, body=body)
        found = {"number": effect.issue, "url": told.get("html_url") or ""}
        return _todo_issue(effect, found, effect.state)

    def _look_change_todo_issue(self, effect: fx.ChangeTodoIssue) -> dict[str, Any] | None:
        return None  # the same change twice is one change


def _todo_issue(
    effect: fx.OpenTodoIssue | fx.ChangeTodoIssue, found: dict[str, Any], state: str
) -> dict[str, Any]:
    return {**found, "mark": effect.mark, "state": state, "digest": effect.digest}


def _reactions(effect: fx.React) -> tuple[str | int, ...]:
    if effect.comment_id is None:
        return ("issues", effect.issue, "reactions")
    thread = "pulls" if effect.review_comment else "issues"
    return (thread, "comments", effect.comment_id, "reactions")


def _comment(told: dict[str, Any]) -> dict[str, Any]:
    return {"comment_id": told.get("id"), "url": told.get("html_url") or ""}


def _status(effect: fx.ShowStatus, told: dict[str, Any]) -> dict[str, Any]:
    return {
        **_comment(told),
        "shown_at": told.get("updated_at") or told.get("created_at"),
        "digest": effect.digest,
        "head_sha": effect.head_sha,
        "plan_digest": effect.plan_digest,
    }
