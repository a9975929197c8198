"""What a person does, as short calls over the REST surface.

Promises the same code path as any other client, so webhooks follow; past faults and rate limits,
because a person does not fail when a test makes the app's requests fail. Works in the process of
the server (`LocalHub.act_as`) and from another one (`remote.RemoteHub.act_as`).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

PERSON_HEADER = "X-Localhub-Person"
SILENT_HEADER = "X-Localhub-Silently"

Shape = dict[str, Any]
SendRequest = Callable[[str, str, Mapping[str, str], bytes], tuple[int, bytes]]


class Refused(Exception):
    """The server refused what the person tried; `status` and GitHub's `answer`."""

    def __init__(self, status: int, answer: Any) -> None:
        message = answer.get("message", "") if isinstance(answer, dict) else ""
        super().__init__(f"{status} {message}")
        self.status = status
        self.answer = answer


class Person:
    """`repo` is "owner/name" and `number` an issue or pull request. Answers GitHub's shapes."""

    def __init__(
        self, token: str, send: SendRequest, *, login: str, silently: bool = False
    ) -> None:
        self._token, self._send, self.login = token, send, login
        self._silently = silently

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Any REST request as this person; raises Refused for 4xx and 5xx."""
        headers = {"Authorization": f"Bearer {self._token}", PERSON_HEADER: self.login}
        if self._silently:
            headers[SILENT_HEADER] = "1"
        raw = b"" if body is None else json.dumps(body).encode()
        status, content = self._send(method, path, headers, raw)
        answer = json.loads(content) if content else None
        if status >= 400:
            raise Refused(status, answer)
        return answer

    # -- issues and comments -----------------------------------------------------------------

    def open_issue(
        self, repo: str, title: str, body: str = "", labels: list[str] | None = None
    ) -> int:
        """Answers the number."""
        made = self.request(
            "POST",
            f"/repos/{repo}/issues",
            {"title": title, "body": body, **({"labels": labels} if labels else {})},
        )
        return made["number"]

    def edit_issue(self, repo: str, number: int, **changes: Any) -> Shape:
        """`title`, `body`, `state`, `labels`, `assignees`, ..."""
        return self.request("PATCH", f"/repos/{repo}/issues/{number}", changes)

    def close_issue(self, repo: str, number: int, reason: str = "completed") -> Shape:
        return self.edit_issue(repo, number, state="closed", state_reason=reason)

    def reopen_issue(self, repo: str, number: int) -> Shape:
        return self.edit_issue(repo, number, state="open")

    def label(self, repo: str, number: int, *names: str) -> list[Shape]:
        path = f"/repos/{repo}/issues/{number}/labels"
        return self.request("POST", path, {"labels": list(names)})

    def unlabel(self, repo: str, number: int, name: str) -> None:
        self.request("DELETE", f"/repos/{repo}/issues/{number}/labels/{quote(name, safe='')}")

    def assign(self, repo: str, number: int, *logins: str) -> None:
        path = f"/repos/{repo}/issues/{number}/assignees"
        self.request("POST", path, {"assignees": list(logins)})

    def comment(self, repo: str, number: int, body: str) -> int:
        """Answers the comment id."""
        path = f"/repos/{repo}/issues/{number}/comments"
        return self.request("POST", path, {"body": body})["id"]

    def edit_comment(self, repo: str, comment_id: int, body: str) -> Shape:
        return self.request("PATCH", f"/repos/{repo}/issues/comments/{comment_id}", {"body": body})

    def delete_comment(self, repo: str, comment_id: int) -> None:
        self.request("DELETE", f"/repos/{repo}/issues/comments/{comment_id}")

    def react(self, repo: str, comment_id: int, content: str = "+1") -> int:
        path = f"/repos/{repo}/issues/comments/{comment_id}/reactions"
        return self.request("POST", path, {"content": content})["id"]

    def issue(self, repo: str, number: int) -> Shape:
        return self.request("GET", f"/repos/{repo}/issues/{number}")

    def comments(self, repo: str, number: int) -> list[Shape]:
        return self.request("GET", f"/repos/{repo}/issues/{number}/comments?per_page=100")

    # -- code --------------------------------------------------------------------------------

    def push(
        self,
        repo: str,
        branch: str,
        files: Mapping[str, str | bytes | None],
        message: str,
        *,
        author: tuple[str, str] | None = None,
        start: str | None = None,
        force: bool = False,
    ) -> str:
        """One commit on `branch` (made from `start` or the default branch when missing).

        None deletes a file; `author` is (name, e-mail address). Answers the sha.
        """
        place = f"/repos/{repo}"
        refs = self.request("GET", f"{place}/git/matching-refs/heads/{quote(branch)}")
        known = [one for one in refs if one["ref"] == f"refs/heads/{branch}"]
        if known and start is None:
            tip = known[0]["object"]["sha"]
        else:
            start = start or self.request("GET", place)["default_branch"]
            tip = self.request("GET", f"{place}/commits/{quote(start)}")["sha"]
        base = self.request("GET", f"{place}/git/commits/{tip}")["tree"]["sha"]
        entries = [self._entry(place, path, content) for path, content in files.items()]
        tree = self.request("POST", f"{place}/git/trees", {"base_tree": base, "tree": entries})
        body: Shape = {"message": message, "tree": tree["sha"], "parents": [tip]}
        if author is not None:
            body["author"] = {"name": author[0], "email": author[1]}
        sha = self.request("POST", f"{place}/git/commits", body)["sha"]
        if known:
            path = f"{place}/git/refs/heads/{quote(branch)}"
            self.request("PATCH", path, {"sha": sha, "force": force})
        else:
            made = {"ref": f"refs/heads/{branch}", "sha": sha}
            self.request("POST", f"{place}/git/refs", made)
        return sha

    def _entry(self, place: str, path: str, content: str | bytes | None) -> Shape:
        entry: Shape = {"path": path, "mode": "100644", "type": "blob"}
        if content is None:
            return {**entry, "sha": None}
        if isinstance(content, str):
            return {**entry, "content": content}
        encoded = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
        return {**entry, "sha": self.request("POST", f"{place}/git/blobs", encoded)["sha"]}

    def delete_branch(self, repo: str, branch: str) -> None:
        self.request("DELETE", f"/repos/{repo}/git/refs/heads/{quote(branch)}")

    # -- pull requests -----------------------------------------------------------------------

    def open_pull(
        self,
        repo: str,
        head: str,
        base: str = "main",
        title: str = "A change",
        body: str = "",
        *,
        draft: bool = False,
    ) -> int:
        """Answers the number. `head` is a branch, or "owner:branch" of a fork."""
        made = self.request(
            "POST",
            f"/repos/{repo}/pulls",
            {"title": title, "head": head, "base": base, "body": body, "draft": draft},
        )
        return made["number"]

    def pull(self, repo: str, number: int) -> Shape:
        return self.request("GET", f"/repos/{repo}/pulls/{number}")

    def review(
        self,
        repo: str,
        number: int,
        event: str = "APPROVE",
        body: str = "",
        *,
        comments: list[Shape] | None = None,
        commit_id: str | None = None,
    ) -> int:
        """`event`: APPROVE, REQUEST_CHANGES or COMMENT. Answers the review id."""
        made: Shape = {"event": event, "body": body}
        if comments:
            made["comments"] = comments
        if commit_id:
            made["commit_id"] = commit_id
        return self.request("POST", f"/repos/{repo}/pulls/{number}/reviews", made)["id"]

    def dismiss_review(self, repo: str, number: int, review_id: int, message: str) -> Shape:
        path = f"/repos/{repo}/pulls/{number}/reviews/{review_id}/dismissals"
        return self.request("PUT", path, {"message": message})

    def merge(
        self, repo: str, number: int, method: str = "merge", *, sha: str | None = None
    ) -> str:
        """Answers the sha that landed."""
        body: Shape = {"merge_method": method, **({"sha": sha} if sha else {})}
        return self.request("PUT", f"/repos/{repo}/pulls/{number}/merge", body)["sha"]

    def set_permission(self, repo: str, login: str, permission: str) -> None:
        """`permission`: pull, triage, push, maintain or admin; "none" removes the person."""
        path = f"/repos/{repo}/collaborators/{login}"
        if permission == "none":
            self.request("DELETE", path)
        else:
            self.request("PUT", path, {"permission": permission})
