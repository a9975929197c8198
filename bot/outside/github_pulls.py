"""Pull requests and branches on GitHub (S20, S21).

Never: force, another commit than the one named, or a branch that moved on.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from bot.outside.errors import Conflict, Forbidden, NotFound, Refused
from bot.outside.github_reads import quoted, repo_path
from bot.outside.github_writes import Needs, Writes, ends_in, marked, marker
from bot.story import effects as fx

_METHODS = frozenset({"merge", "squash", "rebase"})


class Pulls(Writes):
    """The `_do_` and `_look_` of each kind; see `bot.outside.github_effects`."""

    needs: ClassVar[Needs] = {
        "open_pull_request": {"pull_requests": "write", "issues": "write"},  # labels are issues'
        "edit_pull_request": {"pull_requests": "write"},
        "merge_pull_request": {"contents": "write"},
        "close_pull_request": {"pull_requests": "write"},
        "delete_branch": {"contents": "write"},
    }

    # Pull requests.

    def _do_open_pull_request(self, effect: fx.OpenPullRequest) -> dict[str, Any]:
        pull = self._find_pull(effect)
        asks = pull is None or not self._is_known(effect, pull)
        if pull is None:
            body = {
                "title": effect.title,
                "head": effect.branch,
                "base": effect.base,
                "body": marked(effect.body, effect.key),
                "maintainer_can_modify": True,
            }
            try:
                pull = self._write("POST", effect.repository, "pulls", body=body, needs=("number",))
            except Refused:
                pull = self._find_pull(effect)  # "already exists": ours, or somebody's?
                if pull is None:
                    raise
        number = int(pull["number"])
        not_labelled = self._label(effect, number, set(effect.labels) - _label_names(pull))
        not_asked = self._ask_reviewers(effect, pull) if asks else []
        return {**_pull(pull), "not_labelled": not_labelled, "not_asked": not_asked}

    def _label(self, effect: fx.OpenPullRequest, number: int, missing: set[str]) -> str:
        """Put the labels on; a pull request without them is worth more than none."""
        if not missing:
            return ""
        where = ("issues", number, "labels")
        try:
            self._write("POST", effect.repository, *where, body={"labels": sorted(missing)})
        except (Forbidden, Refused, NotFound) as error:
            return str(error)[:200]
        return ""

    def _look_open_pull_request(self, effect: fx.OpenPullRequest) -> dict[str, Any] | None:
        pull = self._find_pull(effect)
        if pull is None or set(effect.labels) - _label_names(pull):
            return None
        all_asked = not _not_asked(effect, pull) or self._is_known(effect, pull)
        return _pull(pull) if all_asked else None

    def _is_known(self, effect: fx.OpenPullRequest, pull: dict[str, Any]) -> bool:
        """Whether people are through with it, or at it: nobody is asked (again) to look."""
        closed = pull.get("state") == "closed"
        return closed or bool(self._reads.pull_reviews(effect.repository, int(pull["number"])))

    def _find_pull(self, effect: fx.OpenPullRequest) -> dict[str, Any] | None:
        """Ours for this branch: an open one, or a closed one that this very effect opened."""
        wanted = marker(effect.key)
        for each in self._reads.pulls_for_head(effect.repository, effect.branch, "all"):
            same = ends_in(each, wanted)
            into = (each.get("base") or {}).get("ref") == effect.base
            if self._is_ours(each) and (same or (into and each.get("state") == "open")):
                return each
        return None

    def _ask_reviewers(self, effect: fx.OpenPullRequest, pull: dict[str, Any]) -> list[str]:
        """Ask those who were not asked; who cannot be asked does not stop the pull request."""
        failed: list[str] = []
        for name in _not_asked(effect, pull):
            org, _, team = name.partition("/")
            body = {"team_reviewers": [team]} if team else {"reviewers": [org]}
            where = ("pulls", pull["number"], "requested_reviewers")
            try:
                self._write("POST", effect.repository, *where, body=body)
            except (Forbidden, Refused, NotFound) as error:
                failed.append(f"{name}: {error}"[:200])
        return failed

    def _do_edit_pull_request(self, effect: fx.EditPullRequest) -> dict[str, Any]:
        body = {"body": marked(effect.body, effect.key)}
        return _pull(self._write("PATCH", effect.repository, "pulls", effect.number, body=body))

    def _look_edit_pull_request(self, effect: fx.EditPullRequest) -> dict[str, Any] | None:
        pull = self._reads.pull(effect.repository, effect.number)
        same = ends_in(pull, marker(effect.key))
        return _pull(pull) if same and self._is_ours(pull) else None

    def _do_merge_pull_request(self, effect: fx.MergePullRequest) -> dict[str, Any]:
        if not re.fullmatch(r"[0-9a-f]{40,64}", effect.sha) or effect.method not in _METHODS:
            raise Refused("a merge needs a full SHA and a known method")
        if (found := self._look_merge_pull_request(effect)) is not None:
            return found
        body = {"sha": effect.sha, "merge_method": effect.method}
        if effect.title:
            body["commit_title"] = effect.title
        where = ("pulls", effect.number, "merge")
        told = self._write("PUT", effect.repository, *where, body=body, needs=("sha",))
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

    # Branches.

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


def _label_names(pull: dict[str, Any]) -> set[str]:
    return {str(each.get("name")) for each in pull.get("labels") or ()}


def _not_asked(effect: fx.OpenPullRequest, pull: dict[str, Any]) -> list[str]:
    asked = {str(each.get("login")).lower() for each in pull.get("requested_reviewers") or ()}
    asked |= {str(each.get("slug")).lower() for each in pull.get("requested_teams") or ()}
    return [name for name in effect.reviewers if name.rpartition("/")[2].lower() not in asked]


def _pull(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": told.get("number"),
        "url": told.get("html_url") or "",
        "head_sha": (told.get("head") or {}).get("sha") or "",
    }
