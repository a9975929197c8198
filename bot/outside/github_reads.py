"""Reading from GitHub (W12): what `bot.outside.ports.GitHubReads` promises, over HTTP.

Never: trusts a name to be harmless in a URL; every part of a path is checked or quoted.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

from bot.outside.errors import Forbidden, GitHubError, NotFound, Refused
from bot.outside.github_http import MAX_PAGES, GitHubHttp
from bot.outside.ports import AppIdentity
from bot.story.vocabulary import Person, Repository

log = logging.getLogger(__name__)

NEEDS = {  # permissions that the reads of stories take; without one of them work waits
    "metadata": "read",
    "issues": "read",
    "pull_requests": "read",
    "contents": "read",
    "members": "read",
}
NEEDS_OF_BACKLOG = {  # and those of the backlog's sources; without one of them that source is left
    "actions": "read",
    "vulnerability_alerts": "read",
    "security_events": "read",
    "secret_scanning_alerts": "read",
    "repository_advisories": "read",
}
_LEVELS = ("none", "read", "triage", "write", "maintain", "admin")
_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", re.ASCII)
_PULL_COMMITS, _PULL_FILES = 250, 3000  # GitHub tells no more than that
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_DELIVERIES = 100 * MAX_PAGES - 1  # that are looked through; in three days there may be more
_TREES_KEPT, _LARGEST_KEPT = 1000, 200  # folders, and entries of one


def repo_path(full_name: str, *parts: str | int) -> str:
    """`/repos/owner/name/…` with every part quoted; Refused for what is no repository's name."""
    if not _FULL_NAME.fullmatch(full_name) or {".", ".."} & set(full_name.split("/")):
        raise Refused(f"not a repository's name: {full_name[:100]!r}")
    return "/".join(["/repos", full_name, *(quoted(part) for part in parts)])


def quoted(part: str | int, safe: str = "") -> str:
    """One part of a URL's path (`safe="/"`: several). Refused where it would climb out of it."""
    text = str(part)
    if {".", "..", ""} & set(text.split("/") if safe else [text]):
        raise Refused(f"not a part of a path: {text[:100]!r}")
    return quote(text, safe=safe)


class Reads:
    """The reads; see `bot.outside.ports.GitHubReads` for each one's contract."""

    def __init__(self, http: GitHubHttp) -> None:
        self._http = http
        self._identity: AppIdentity | None = None
        self._trees: dict[tuple[int, str], list[dict[str, Any]]] = {}

    def _get(self, repository: Repository, *parts: str | int, **params: Any) -> Any:
        path = repo_path(repository.full_name, *parts)
        return self._http.get(path, repository.installation_id, **params)

    def _list(
        self, repository: Repository, *parts: str | int, **params: Any
    ) -> list[dict[str, Any]]:
        path = repo_path(repository.full_name, *parts)
        return list(self._http.pages(path, repository.installation_id, **params))

    def identity(self) -> AppIdentity:
        if self._identity is None:
            app = self._http.get("/app", None)
            slug = str(app.get("slug") or "")
            login = f"{slug}[bot]"
            self._identity = AppIdentity(
                app_id=int(app.get("id") or 0),
                slug=slug,
                bot=Person(id=self._account_id(login), login=login, is_bot=True),
            )
        return self._identity

    def _account_id(self, login: str) -> int:
        """The numeric id of our bot; asked as an installation, because an app's JWT may not."""
        try:
            first = next(self._http.pages("/app/installations", None), None)
        except NotFound:
            return 0  # a compatible server that does not list them: the login has to do
        if first is None:
            raise NotFound("the app is not installed anywhere yet")
        try:
            account = self._http.get(f"/users/{quoted(login)}", int(first["id"]))
        except NotFound:
            return 0  # a compatible server without bot accounts: the login has to do
        return int(account.get("id") or 0)

    def installations(self) -> list[dict[str, Any]]:
        return list(self._http.pages("/app/installations", None))

    def installation_of(self, full_name: str) -> int:
        return int(self._http.get(repo_path(full_name, "installation"), None)["id"])

    def repositories(self, installation_id: int) -> list[Repository]:
        return [repository for repository, _ in self.covered(installation_id)]

    def covered(self, installation_id: int) -> list[tuple[Repository, dict[str, Any]]]:
        told = self._http.pages("/installation/repositories", installation_id, "repositories")
        return [(_repository(each, installation_id), each) for each in told]

    def repository(self, full_name: str, installation_id: int | None = None) -> Repository:
        installation = installation_id or self.installation_of(full_name)
        return _repository(self._http.get(repo_path(full_name), installation), installation)

    def about(self, repository: Repository) -> dict[str, Any]:
        return dict(self._get(repository))

    def issue(self, repository: Repository, number: int) -> dict[str, Any]:
        return dict(self._get(repository, "issues", number))

    def issue_comments(
        self, repository: Repository, number: int, since: datetime | None = None
    ) -> list[dict[str, Any]]:
        touched = {"since": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")} if since else {}
        return self._list(repository, "issues", number, "comments", **touched)

    def comment(self, repository: Repository, comment_id: int) -> dict[str, Any] | None:
        return self._if_there(repository, "issues", "comments", comment_id)

    def review_comment(self, repository: Repository, comment_id: int) -> dict[str, Any] | None:
        return self._if_there(repository, "pulls", "comments", comment_id)

    def review(self, repository: Repository, pull: int, review_id: int) -> dict[str, Any] | None:
        return self._if_there(repository, "pulls", pull, "reviews", review_id)

    def _if_there(self, repository: Repository, *parts: str | int) -> dict[str, Any] | None:
        try:
            return dict(self._get(repository, *parts))
        except NotFound:
            return None

    def permission(self, repository: Repository, login: str, person_id: int = 0) -> str:
        try:
            told = self._get(repository, "collaborators", login, "permission")
        except NotFound:
            return "none"
        holder = (told.get("user") or {}).get("id")
        if person_id and holder and holder != person_id:
            return "none"  # the login was given to somebody else since
        role, basic = told.get("role_name"), told.get("permission")
        # A custom role has a name of its own; `permission` then says what it is worth at least.
        return str(role if role in _LEVELS else basic if basic in _LEVELS else "none")

    def user(self, login: str, repository: Repository) -> dict[str, Any] | None:
        try:
            path = f"/users/{quoted(login)}"
            return dict(self._http.get(path, repository.installation_id))
        except NotFound:
            return None

    def team_members(self, repository: Repository, team: str) -> list[dict[str, Any]]:
        org, _, slug = team.partition("/")
        path = f"/orgs/{quoted(org)}/teams/{quoted(slug)}/members"
        try:
            return list(self._http.pages(path, repository.installation_id))
        except (NotFound, Forbidden) as error:
            log.warning("team not readable", extra={"team": team, "why": str(error)})
            return []

    def account_of_address(self, repository: Repository, address: str) -> dict[str, Any] | None:
        path = repo_path(repository.full_name, "commits")
        told = self._http.get(path, repository.installation_id, author=address, per_page=1)
        found = told[0].get("author") if isinstance(told, list) and told else None
        return dict(found) if isinstance(found, dict) else None

    def compare(self, repository: Repository, base: str, head: str) -> dict[str, Any] | None:
        return self._if_there(repository, "compare", f"{base}...{head}")

    def open_issues_with_label(self, repository: Repository, label: str) -> list[dict[str, Any]]:
        told = self._list(repository, "issues", state="open", labels=label)
        return [each for each in told if "pull_request" not in each]

    def open_issues(self, repository: Repository) -> list[dict[str, Any]]:
        told = self._list(repository, "issues", state="open", sort="created", direction="asc")
        return [each for each in told if "pull_request" not in each]

    def dependabot_alerts(self, repository: Repository) -> list[dict[str, Any]]:
        return self._list(repository, "dependabot", "alerts", state="open")

    def code_scanning_alerts(self, repository: Repository) -> list[dict[str, Any]]:
        return self._list(repository, "code-scanning", "alerts", state="open")

    def secret_scanning_alerts(self, repository: Repository) -> list[dict[str, Any]]:
        asked = {"state": "open", "hide_secret": "true"}
        told = self._list(repository, "secret-scanning", "alerts", **asked)
        return [{key: each[key] for key in each if key != "secret"} for each in told]

    def security_advisories(self, repository: Repository) -> list[dict[str, Any]]:
        return self._list(repository, "security-advisories")

    def branch_runs(self, repository: Repository, branch: str) -> list[dict[str, Any]]:
        told = self._get(repository, "actions", "runs", branch=branch, per_page=100)
        return [each for each in told.get("workflow_runs") or [] if isinstance(each, dict)]

    def open_pulls(self, repository: Repository) -> list[dict[str, Any]]:
        return self._list(repository, "pulls", state="open")

    def check_runs(self, repository: Repository, sha: str) -> list[dict[str, Any]]:
        told = self._get(repository, "commits", sha, "check-runs", per_page=100)
        return [each for each in told.get("check_runs") or [] if isinstance(each, dict)]

    def recent_runs(self, repository: Repository) -> list[dict[str, Any]]:
        told = self._get(repository, "actions", "runs", per_page=100)
        return [each for each in told.get("workflow_runs") or [] if isinstance(each, dict)]

    def failed_jobs(self, repository: Repository, run: int) -> list[str]:
        told = self._get(repository, "actions", "runs", run, "jobs", per_page=100)
        jobs = told.get("jobs") or []
        return [str(each.get("name")) for each in jobs if each.get("conclusion") == "failure"]

    def label_put_on(
        self, repository: Repository, number: int, label: str
    ) -> dict[str, Any] | None:
        told = self._list(repository, "issues", number, "events")
        named = [
            each
            for each in told
            if each.get("event") == "labeled" and (each.get("label") or {}).get("name") == label
        ]
        return named[-1] if named else None

    def pull(self, repository: Repository, number: int) -> dict[str, Any]:
        return dict(self._get(repository, "pulls", number))

    def pulls_for_head(
        self, repository: Repository, branch: str, state: str = "open"
    ) -> list[dict[str, Any]]:
        owner = repository.full_name.split("/")[0]
        told = self._list(repository, "pulls", head=f"{owner}:{branch}", state=state)
        return [each for each in told if _is_head(each, repository, branch)]

    def pull_commits(self, repository: Repository, number: int) -> list[dict[str, Any]]:
        return _whole(self._list(repository, "pulls", number, "commits"), _PULL_COMMITS)

    def pull_files(self, repository: Repository, number: int) -> list[dict[str, Any]]:
        return _whole(self._list(repository, "pulls", number, "files"), _PULL_FILES)

    def pull_reviews(self, repository: Repository, number: int) -> list[dict[str, Any]]:
        return self._list(repository, "pulls", number, "reviews")

    def pull_comments(self, repository: Repository, number: int) -> list[dict[str, Any]]:
        return self._list(repository, "pulls", number, "comments")

    def commit(self, repository: Repository, sha: str) -> dict[str, Any]:
        return dict(self._get(repository, "commits", sha))

    def branch_head(self, repository: Repository, branch: str) -> str | None:
        path = f"{repo_path(repository.full_name)}/git/ref/heads/{quoted(branch, safe='/')}"
        try:
            told = self._http.get(path, repository.installation_id)
        except NotFound:
            return None
        sha = told["object"].get("sha") if isinstance(told, dict) and told.get("object") else None
        return str(sha) if sha else None

    def file(self, repository: Repository, path: str, ref: str) -> str | None:
        where = f"{repo_path(repository.full_name)}/contents/{quoted(path, safe='/')}"
        try:
            told = self._http.get(where, repository.installation_id, ref=ref)
        except NotFound:
            return None
        if not isinstance(told, dict) or told.get("type", "file") != "file":
            return None
        if told.get("encoding") != "base64":
            raise Refused(f"{path} at {ref} is too big to read")
        try:
            return base64.b64decode(told.get("content") or "").decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            raise Refused(f"{path} at {ref} is not text") from None

    def tree(self, repository: Repository, sha: str) -> list[dict[str, Any]]:
        where = (repository.id, sha)
        if (known := self._trees.get(where)) is not None:
            return list(known)  # what a hash names does not change
        try:
            told = self._get(repository, "git", "trees", sha)
        except NotFound:
            return []
        if told.get("truncated"):
            raise Refused("GitHub tells only a part of this folder")
        found = list(told.get("tree") or ())
        if _HASH.fullmatch(sha) and len(found) <= _LARGEST_KEPT:
            self._trees[where] = list(found)
            while len(self._trees) > _TREES_KEPT:
                self._trees.pop(next(iter(self._trees)), None)
        return found

    def blob(self, repository: Repository, sha: str) -> bytes:
        told = self._get(repository, "git", "blobs", sha)
        try:
            return base64.b64decode(told.get("content") or "")
        except binascii.Error:
            raise GitHubError("an answer about a blob that is not base64") from None

    def failed_deliveries(self, since: datetime) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        told = self._http.pages("/app/hook/deliveries", None)
        for each in islice(told, _DELIVERIES):
            if (_time(each.get("delivered_at")) or since) < since:
                break  # newest first: the rest is older
            seen.append(each)
        good = {each.get("guid") for each in seen if 200 <= (each.get("status_code") or 0) < 300}
        failed: dict[Any, dict[str, Any]] = {}
        for each in reversed(seen):
            if each.get("guid") not in good:
                failed[each.get("guid")] = each
        return list(failed.values())

    def delivery(self, delivery_id: int) -> dict[str, Any]:
        return dict(self._http.get(f"/app/hook/deliveries/{delivery_id:d}", None))

    def redeliver(self, delivery_id: int) -> None:
        self._http.write("POST", f"/app/hook/deliveries/{delivery_id:d}/attempts", None)

    def git_credentials(self, installation_id: int) -> str:
        return self._http.git_credentials(installation_id)

    def forget_token(self, installation_id: int) -> None:
        self._http.forget_token(installation_id)


def _whole(items: list[dict[str, Any]], cap: int) -> list[dict[str, Any]]:
    """What decides on approvals must not be a part that looks like the whole."""
    if len(items) >= cap:
        raise Refused(f"GitHub tells at most {cap} of these")
    return items


def _is_head(pull: dict[str, Any], repository: Repository, branch: str) -> bool:
    """Servers differ in how strictly they filter; a fork's branch of the same name is not it."""
    head = pull.get("head") or {}
    source = (head.get("repo") or {}).get("id")
    return head.get("ref") == branch and source in (repository.id, None)


def _repository(told: dict[str, Any], installation_id: int) -> Repository:
    if not told.get("id") or not told.get("full_name"):
        raise GitHubError("an answer about a repository without its id and name")
    return Repository(
        id=told["id"],
        full_name=told["full_name"],
        default_branch=told.get("default_branch") or "main",
        git_url=told.get("clone_url") or f"{told.get('html_url', '')}.git",
        installation_id=installation_id,
    )


def _time(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at and not at.tzinfo else at
