"""Commit statuses: one context, the newest word counts."""

from __future__ import annotations

from typing import Any

from bot.localhub.api.checks import commit_of
from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import invalid
from bot.localhub.records import CommitStatus
from bot.localhub.shapes import checks
from bot.localhub.shapes.repositories import minimal_repository

routes = Routes()
_STATES = ("error", "failure", "pending", "success")


@routes("POST", "/repos/<owner>/<repo>/statuses/<sha>", "statuses:write")
def create_status(call: Call, sha: str) -> Answer:
    commit = commit_of(call, sha)
    state = call.choice("state", "Status", _STATES, "")
    if not state:
        raise invalid("Status", "state", "missing_field")
    description = call.maybe_text("description")
    if description is not None and len(description) > 140:
        message = "description is too long (maximum is 140 characters)"
        raise invalid("Status", "description", "custom", message)
    one = CommitStatus(
        next(call.hub.ids), commit, state, call.maybe_text("context") or "default",
        description, call.maybe_text("target_url"), call.account, call.hub.now(),
    )  # fmt: skip
    call.repo.statuses.append(one)
    call.hub.announce.status(call.repo, one, call.account)
    answer = checks.status(call.urls, call.repo, one)
    return Answer(201, answer, {"Location": answer["url"]})


@routes("GET", "/repos/<owner>/<repo>/commits/<path:ref>/statuses", "statuses:read")
def list_statuses(call: Call, ref: str) -> Page:
    sha = commit_of(call, ref)
    found = [one for one in reversed(call.repo.statuses) if one.sha == sha]
    return Page(found, lambda one: checks.status(call.urls, call.repo, one))


@routes("GET", "/repos/<owner>/<repo>/commits/<path:ref>/status", "statuses:read")
def combined_status(call: Call, ref: str) -> Any:
    sha = commit_of(call, ref)
    newest = checks.latest_statuses(call.repo, sha)
    commit = call.urls.repo(call.repo, "commits", sha)
    return {
        "state": checks.combined_state(newest),
        "statuses": [checks.simple_status(call.urls, call.repo, one) for one in newest],
        "sha": sha,
        "total_count": len(newest),
        "repository": minimal_repository(call.urls, call.repo),
        "commit_url": commit,
        "url": f"{commit}/status",
    }
