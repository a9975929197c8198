"""A repository as a whole, its code owners, its rulesets and its security alerts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.codeowners import owners_errors
from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.shapes.repositories import full_repository

routes = Routes()


@routes("GET", "/repos/<owner>/<repo>", "metadata:read")
def show(call: Call) -> Any:
    return full_repository(call.urls, call.repo, level=call.level)


@routes("PATCH", "/repos/<owner>/<repo>", "administration:write", role="admin")
def change(call: Call) -> Any:
    repo = call.repo
    branch = call.maybe_text("default_branch")
    if branch is not None:
        if repo.branch(branch) is None:
            raise invalid("Repository", "default_branch")
        repo.default_branch = branch
        repo.git.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")
    repo.description = call.maybe_text("description") or repo.description
    repo.private = call.flag("private", default=repo.private)
    repo.archived = call.flag("archived", default=repo.archived)
    repo.delete_branch_on_merge = call.flag(
        "delete_branch_on_merge", default=repo.delete_branch_on_merge
    )
    for method, name in (("merge", "merge_commit"), ("squash", "squash_merge"),
                         ("rebase", "rebase_merge")):  # fmt: skip
        if call.flag(f"allow_{name}", default=method in repo.merge_methods):
            repo.merge_methods.add(method)
        else:
            repo.merge_methods.discard(method)
    repo.updated_at = call.hub.now()
    return full_repository(call.urls, repo, level=call.level)


@routes("GET", "/repos/<owner>/<repo>/codeowners/errors", "contents:read")
def codeowners_errors(call: Call) -> Any:
    ref = call.query.get("ref") or call.repo.default_branch
    found = owners_errors(call.hub.state, call.repo, ref)
    return {"errors": [{**asdict(one), "suggestion": None} for one in found]}


@routes("GET", "/repos/<owner>/<repo>/rulesets", "metadata:read")
def list_rulesets(call: Call) -> Page:
    return Page(call.repo.rulesets, lambda one: {k: v for k, v in one.items() if k != "rules"})


@routes("GET", "/repos/<owner>/<repo>/rulesets/<int:number>", "metadata:read")
def show_ruleset(call: Call, number: int) -> Any:
    for one in call.repo.rulesets:
        if one["id"] == number:
            return one
    raise not_found()


@routes("GET", "/repos/<owner>/<repo>/rules/branches/<path:branch>", "metadata:read")
def branch_rules(call: Call, branch: str) -> Page:
    """The rules of active rulesets that name the branch."""
    default = branch == call.repo.default_branch
    found = []
    for one in call.repo.rulesets:
        named = one.get("conditions", {}).get("ref_name", {}).get("include", [])
        meant = f"refs/heads/{branch}" in named or "~ALL" in named
        if one["enforcement"] == "active" and (meant or (default and "~DEFAULT_BRANCH" in named)):
            origin = {
                "ruleset_source_type": "Repository",
                "ruleset_source": call.repo.full_name,
                "ruleset_id": one["id"],
            }
            found += [{**rule, **origin} for rule in one.get("rules", [])]
    return Page(found, lambda rule: rule)


def _alerts(call: Call, kind: str) -> Page:
    listed = call.repo.alerts.get(kind, [])
    wanted = call.query.get("state")
    if wanted:
        listed = [one for one in listed if one["state"] in wanted.split(",")]
    return Page(listed, lambda one: one)


@routes("GET", "/repos/<owner>/<repo>/code-scanning/alerts", "security_events:read", role="write")
def code_scanning(call: Call) -> Page:
    if "code_scanning" not in call.repo.alerts:
        raise ApiError(404, "no analysis found")
    return _alerts(call, "code_scanning")


@routes("GET", "/repos/<owner>/<repo>/dependabot/alerts", "vulnerability_alerts:read", role="write")
def dependabot(call: Call) -> Page:
    return _alerts(call, "dependabot")


@routes(
    "GET",
    "/repos/<owner>/<repo>/secret-scanning/alerts",
    "secret_scanning_alerts:read",
    role="admin",
)
def secret_scanning(call: Call) -> Page:
    if "secret_scanning" not in call.repo.alerts:
        raise ApiError(404, "Secret scanning is disabled on this repository.")
    page = _alerts(call, "secret_scanning")
    hidden = call.query.get("hide_secret") == "true"
    return Page(page.elements, lambda one: {**one, "secret": None} if hidden else one)


@routes("GET", "/repos/<owner>/<repo>/security-advisories", "repository_advisories:read")
def advisories(call: Call) -> Page:
    return _alerts(call, "advisories")


@routes("GET", "/repos/<owner>/<repo>/actions/runs/<int:number>/jobs", "actions:read")
def workflow_jobs(call: Call, number: int) -> Page:
    for one in call.repo.workflow_runs:
        if one["id"] == number:
            return Page(one.get("_jobs", []), lambda job: job, wrap="jobs")
    raise not_found()


@routes("GET", "/repos/<owner>/<repo>/actions/runs", "actions:read")
def workflow_runs(call: Call) -> Page:
    query = {k: call.query.get(k) for k in ("head_sha", "event", "status")}
    query["head_branch"] = call.query.get("branch")
    listed = [
        one
        for one in call.repo.workflow_runs
        if all(told in (None, one.get(k)) for k, told in query.items())
    ]
    return Page(
        listed,
        lambda one: {k: told for k, told in one.items() if k != "_jobs"},
        wrap="workflow_runs",
    )


@routes("GET", "/", who="anyone")
def root(call: Call) -> Answer:
    """What `gh auth status` asks for; people get a page instead."""
    if "text/html" in call.accept:
        from bot.localhub.pages import front_page

        return front_page(call)
    api = call.urls.api
    addresses = {
        "current_user_url": f"{api}/user",
        "rate_limit_url": f"{api}/rate_limit",
        "repository_url": f"{api}/repos/{{owner}}/{{repo}}",
        "user_url": f"{api}/users/{{user}}",
    }
    return Answer(200, addresses)
