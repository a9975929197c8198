"""Performing effects on GitHub, each once (P1, S6, W9, W12).

Promises: what can be told from GitHub to be done already is found (`look`), never done again;
a comment of ours is known by a marker at its very end and by its author, so that nobody's words,
not even those that we quote, can pass for it. A write is sent once: after an error with
`maybe_done` the caller looks before it tries again.
Never: force, another commit than the one named, or a branch that moved on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from bot.outside.errors import Conflict, GitHubError, NotFound, Refused
from bot.outside.github_http import GitHubHttp
from bot.outside.github_reads import Reads, quoted, repo_path
from bot.story import effects as fx
from bot.story.vocabulary import Repository

_PREFIX = "<!-- towpath:"
_STATUS = re.compile(r"<!-- towpath:status key=[0-9a-f]{16} -->\s*\Z", re.ASCII)
_METHODS = frozenset({"merge", "squash", "rebase"})


def marker(key: str, role: str = "") -> str:
    """The hidden last line of what an effect with this key wrote. `role`: '' or 'status'."""
    short = hashlib.sha256(key.encode()).hexdigest()[:16]
    return f"{_PREFIX}{role + ' ' if role else ''}key={short} -->"


def marked(body: str, key: str, role: str = "") -> str:
    """A body that ends in our marker; any marker inside (quoted from somebody) is broken."""
    return f"{body.replace(_PREFIX, '<!-- towpath ')}\n\n{marker(key, role)}"


class Effects:
    """Adapter of the kinds that GitHub's API does; PushBranch is git's and not among them."""

    kinds = (
        "react",
        "set_labels",
        "post_comment",
        "show_status",
        "open_pull_request",
        "edit_pull_request",
        "merge_pull_request",
        "close_issue",
        "close_pull_request",
        "delete_branch",
    )

    def __init__(self, http: GitHubHttp, reads: Reads) -> None:
        self._http, self._reads = http, reads

    def perform(self, effect: Any) -> dict[str, Any]:
        """Do it, once; its result is described at the effect's type."""
        self._known(effect)
        result: dict[str, Any] = getattr(self, f"_do_{effect.kind}")(effect)
        return result

    def look(self, effect: Any) -> dict[str, Any] | None:
        """The result where the effect is done already, else None."""
        self._known(effect)
        result: dict[str, Any] | None = getattr(self, f"_look_{effect.kind}")(effect)
        return result

    def _known(self, effect: Any) -> None:
        if effect.kind not in self.kinds:
            raise Refused(f"GitHub's API does not do {effect.kind}")

    def _write(
        self, verb: str, repository: Repository, *parts: str | int, body: Any = None
    ) -> dict[str, Any]:
        path = repo_path(repository.full_name, *parts)
        told = self._http.write(verb, path, repository.installation_id, body)
        return told if isinstance(told, dict) else {}

    def _list(self, repository: Repository, *parts: str | int) -> Iterator[dict[str, Any]]:
        path = repo_path(repository.full_name, *parts)
        return self._http.pages(path, repository.installation_id)

    def _is_ours(self, thing: dict[str, Any]) -> bool:
        """By the numeric id of our bot; its reserved login where the server knows no id."""
        user, bot = thing.get("user") or {}, self._reads.identity().bot
        return user.get("id") == bot.id if bot.id else user.get("login") == bot.login

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
            if str(each.get("body") or "").rstrip().endswith(wanted):
                return _comment(each)
        return None

    def _do_show_status(self, effect: fx.ShowStatus) -> dict[str, Any]:
        body = marked(effect.body, effect.key, "status")
        comment_id = effect.comment_id
        if comment_id is not None:
            try:
                return _status(effect, self._edit(effect, comment_id, body))
            except NotFound:
                comment_id = None  # somebody deleted it: W9 wants it again
        found = self._find_status(effect)
        if found is not None:
            return _status(effect, self._edit(effect, found["id"], body))
        return _status(effect, self._create(effect, body))

    def _look_show_status(self, effect: fx.ShowStatus) -> dict[str, Any] | None:
        found = None
        if effect.comment_id is not None:
            found = self._reads.comment(effect.repository, effect.comment_id)
        if found is None:
            found = self._find_status(effect)
        wanted = marker(effect.key, "status")
        if found is None or not str(found.get("body") or "").rstrip().endswith(wanted):
            return None
        return _status(effect, found) if self._is_ours(found) else None

    def _find_status(self, effect: fx.ShowStatus) -> dict[str, Any] | None:
        for each in self._own_comments(effect.repository, effect.issue):
            if _STATUS.search(str(each.get("body") or "")[-200:]):
                return each
        return None

    def _own_comments(self, repository: Repository, issue: int) -> Iterator[dict[str, Any]]:
        return filter(self._is_ours, self._list(repository, "issues", issue, "comments"))

    def _create(self, effect: fx.PostComment | fx.ShowStatus, body: str) -> dict[str, Any]:
        where = ("issues", effect.issue, "comments")
        return self._write("POST", effect.repository, *where, body={"body": body})

    def _edit(self, effect: fx.ShowStatus, comment_id: int, body: str) -> dict[str, Any]:
        where = ("issues", "comments", comment_id)
        return self._write("PATCH", effect.repository, *where, body={"body": body})

    # Pull requests.

    def _do_open_pull_request(self, effect: fx.OpenPullRequest) -> dict[str, Any]:
        pull = self._find_pull(effect)
        if pull is None:
            body = {
                "title": effect.title,
                "head": effect.branch,
                "base": effect.base,
                "body": marked(effect.body, effect.key),
                "maintainer_can_modify": True,
            }
            try:
                pull = self._write("POST", effect.repository, "pulls", body=body)
            except Refused:
                pull = self._find_pull(effect)  # "already exists": ours, or somebody's?
                if pull is None:
                    raise
        number = int(pull["number"])
        if missing := set(effect.labels) - _label_names(pull):
            where = ("issues", number, "labels")
            self._write("POST", effect.repository, *where, body={"labels": sorted(missing)})
        not_asked = self._ask_reviewers(effect, pull)
        return {**_pull(pull), "not_asked": not_asked}

    def _look_open_pull_request(self, effect: fx.OpenPullRequest) -> dict[str, Any] | None:
        pull = self._find_pull(effect)
        if pull is None or set(effect.labels) - _label_names(pull):
            return None
        return _pull(pull)

    def _find_pull(self, effect: fx.OpenPullRequest) -> dict[str, Any] | None:
        """Ours for this branch: an open one, or a closed one that this very effect opened."""
        wanted = marker(effect.key)
        for each in self._reads.pulls_for_head(effect.repository, effect.branch, "all"):
            same = str(each.get("body") or "").rstrip().endswith(wanted)
            into = (each.get("base") or {}).get("ref") == effect.base
            if self._is_ours(each) and (same or (into and each.get("state") == "open")):
                return each
        return None

    def _ask_reviewers(self, effect: fx.OpenPullRequest, pull: dict[str, Any]) -> list[str]:
        """Ask those who were not asked; who cannot be asked does not stop the pull request."""
        asked = {str(each.get("login")).lower() for each in pull.get("requested_reviewers") or ()}
        asked |= {str(each.get("slug")).lower() for each in pull.get("requested_teams") or ()}
        failed: list[str] = []
        for name in effect.reviewers:
            org, _, team = name.partition("/")
            if (team or org).lower() in asked:
                continue
            body = {"team_reviewers": [team]} if team else {"reviewers": [org]}
            where = ("pulls", pull["number"], "requested_reviewers")
            try:
                self._write("POST", effect.repository, *where, body=body)
            except (Refused, NotFound) as error:
                failed.append(f"{name}: {error}"[:200])
        return failed

    def _do_edit_pull_request(self, effect: fx.EditPullRequest) -> dict[str, Any]:
        body = {"body": marked(effect.body, effect.key)}
        return _pull(self._write("PATCH", effect.repository, "pulls", effect.number, body=body))

    def _look_edit_pull_request(self, effect: fx.EditPullRequest) -> dict[str, Any] | None:
        pull = self._reads.pull(effect.repository, effect.number)
        same = str(pull.get("body") or "").rstrip().endswith(marker(effect.key))
        return _pull(pull) if same and self._is_ours(pull) else None

    def _do_merge_pull_request(self, effect: fx.MergePullRequest) -> dict[str, Any]:
        if not re.fullmatch(r"[0-9a-f]{40,64}", effect.sha) or effect.method not in _METHODS:
            raise Refused("a merge needs a full SHA and a known method")
        if (found := self._look_merge_pull_request(effect)) is not None:
            return found
        body = {"sha": effect.sha, "merge_method": effect.method}
        if effect.title:
            body["commit_title"] = effect.title
        told = self._write("PUT", effect.repository, "pulls", effect.number, "merge", body=body)
        if not told.get("sha"):
            raise GitHubError(f"#{effect.number}: no commit in the answer to the merge")
        return {"sha": told["sha"]}

    def _look_merge_pull_request(self, effect: fx.MergePullRequest) -> dict[str, Any] | None:
        pull = self._reads.pull(effect.repository, effect.number)
        if not pull.get("merged"):
            return None
        head = (pull.get("head") or {}).get("sha")
        if head != effect.sha:
            raise Conflict(f"#{effect.number} was merged at {head}, not at {effect.sha}")
        sha = pull.get("merge_commit_sha")
        if not sha:  # newer versions of the API do not tell it: the base holds the merge
            sha = self._reads.branch_head(effect.repository, pull["base"]["ref"])
        return {"sha": sha}

    def _do_close_pull_request(self, effect: fx.ClosePullRequest) -> dict[str, Any]:
        body = {"state": "closed"}
        told = self._write("PATCH", effect.repository, "pulls", effect.number, body=body)
        return {"state": told.get("state", "closed")}

    def _look_close_pull_request(self, effect: fx.ClosePullRequest) -> dict[str, Any] | None:
        state = self._reads.pull(effect.repository, effect.number).get("state")
        return {"state": state} if state == "closed" else None

    # Issues and branches.

    def _do_close_issue(self, effect: fx.CloseIssue) -> dict[str, Any]:
        body = {"state": "closed", "state_reason": effect.reason}
        told = self._write("PATCH", effect.repository, "issues", effect.issue, body=body)
        return {"state": told.get("state", "closed")}

    def _look_close_issue(self, effect: fx.CloseIssue) -> dict[str, Any] | None:
        state = self._reads.issue(effect.repository, effect.issue).get("state")
        return {"state": state} if state == "closed" else None

    def _do_delete_branch(self, effect: fx.DeleteBranch) -> dict[str, Any]:
        if (found := self._look_delete_branch(effect)) is not None:
            return found
        holds = self._reads.branch_head(effect.repository, effect.branch)
        if holds != effect.sha:
            raise Conflict(f"{effect.branch} holds {holds}, not {effect.sha}")
        path = f"{repo_path(effect.repository.full_name)}/git/refs/heads/"
        path += quoted(effect.branch, safe="/")
        try:
            self._http.write("DELETE", path, effect.repository.installation_id)
        except NotFound:
            return {"deleted": True}
        except Refused:  # GitHub says 422 for a ref that is gone
            if self._look_delete_branch(effect) is None:
                raise
        return {"deleted": True}

    def _look_delete_branch(self, effect: fx.DeleteBranch) -> dict[str, Any] | None:
        gone = self._reads.branch_head(effect.repository, effect.branch) is None
        return {"deleted": True} if gone else None


def _reactions(effect: fx.React) -> tuple[str | int, ...]:
    if effect.comment_id is None:
        return ("issues", effect.issue, "reactions")
    thread = "pulls" if effect.review_comment else "issues"
    return (thread, "comments", effect.comment_id, "reactions")


def _label_names(pull: dict[str, Any]) -> set[str]:
    return {str(each.get("name")) for each in pull.get("labels") or ()}


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


def _pull(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": told.get("number"),
        "url": told.get("html_url") or "",
        "head_sha": (told.get("head") or {}).get("sha") or "",
    }
