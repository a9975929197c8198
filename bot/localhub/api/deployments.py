"""Deployments and their statuses."""

from __future__ import annotations

from typing import Any

from bot.localhub.calls import Answer, Call, Page, Routes
from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.mergeability import check_conclusions
from bot.localhub.records import Deployment, DeploymentStatus
from bot.localhub.shapes import checks

routes = Routes()
_ALL = "/repos/<owner>/<repo>/deployments"
_ONE = f"{_ALL}/<int:number>"
_STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")


def _show(call: Call, one: Deployment) -> Any:
    return checks.deployment(call.urls, call.repo, one)


@routes("POST", _ALL, "deployments:write")
def create_deployment(call: Call) -> Answer:
    ref = call.text("ref", "Deployment")
    sha = call.repo.resolve(ref)
    if sha is None:
        raise ApiError(422, f"No ref found for: {ref[:80]}")
    _refuse_unready(call, sha)
    environment, now = call.maybe_text("environment") or "production", call.hub.now()
    one = Deployment(
        next(call.hub.ids), sha, ref, call.maybe_text("task") or "deploy",
        call.json().get("payload") or {}, environment, call.maybe_text("description"),
        call.account, now, now,
        transient=call.flag("transient_environment"),
        production=call.flag("production_environment", default=environment == "production"),
        via_app=call.caller.via_app,
    )  # fmt: skip
    call.repo.deployments[one.id] = one
    call.hub.announce.deployment(call.repo, one, call.account)
    answer = _show(call, one)
    return Answer(201, answer, {"Location": answer["url"]})


def _refuse_unready(call: Call, sha: str) -> None:
    """409 unless the contexts (all known ones by default) are green on the commit."""
    wanted = call.json().get("required_contexts")
    known = check_conclusions(call.repo, sha)
    names = known if wanted is None else call.names("required_contexts")
    if not all(known.get(name) == "success" for name in names):
        message = f"Conflict: Commit status checks failed for {call.json()['ref']}."
        raise ApiError(409, message)


@routes("GET", _ALL, "deployments:read")
def list_deployments(call: Call) -> Page:
    query = call.query
    found = [
        one
        for one in reversed(call.repo.deployments.values())
        if query.get("sha") in (None, one.sha)
        and query.get("ref") in (None, one.ref)
        and query.get("task") in (None, one.task)
        and query.get("environment") in (None, one.environment)
    ]
    return Page(found, lambda one: _show(call, one))


def _deployment(call: Call, number: int) -> Deployment:
    if number not in call.repo.deployments:
        raise not_found()
    return call.repo.deployments[number]


@routes("GET", _ONE, "deployments:read")
def show_deployment(call: Call, number: int) -> Any:
    return _show(call, _deployment(call, number))


@routes("GET", f"{_ONE}/statuses", "deployments:read")
def list_statuses(call: Call, number: int) -> Page:
    owner = _deployment(call, number)
    show = lambda one: checks.deployment_status(call.urls, call.repo, owner, one)  # noqa: E731
    return Page(list(reversed(owner.statuses)), show)


@routes("POST", f"{_ONE}/statuses", "deployments:write")
def create_status(call: Call, number: int) -> Answer:
    owner = _deployment(call, number)
    state = call.choice("state", "DeploymentStatus", _STATES, "")
    if not state:
        raise invalid("DeploymentStatus", "state", "missing_field")
    environment = call.maybe_text("environment") or owner.environment
    log = call.maybe_text("log_url") or call.maybe_text("target_url") or ""
    made = DeploymentStatus(
        next(call.hub.ids), state, call.account, call.hub.now(),
        (call.maybe_text("description") or "")[:140], environment,
        call.maybe_text("environment_url") or "", log, call.caller.via_app,
    )  # fmt: skip
    if state == "success" and call.flag("auto_inactive", default=True):
        _deactivate_others(call, owner)
    owner.statuses.append(made)
    owner.updated_at = call.hub.now()
    call.hub.announce.deployment_status(call.repo, owner, made, call.account)
    answer = checks.deployment_status(call.urls, call.repo, owner, made)
    return Answer(201, answer, {"Location": answer["url"]})


def _deactivate_others(call: Call, newest: Deployment) -> None:
    """Earlier lasting deployments of the environment become inactive, as on GitHub."""
    for one in call.repo.deployments.values():
        last = one.statuses[-1] if one.statuses else None
        same = one.environment == newest.environment and one is not newest
        if same and not one.transient and last is not None and last.state == "success":
            inactive = DeploymentStatus(
                next(call.hub.ids), "inactive", call.account, call.hub.now(), "",
                one.environment, "", "", call.caller.via_app,
            )  # fmt: skip
            one.statuses.append(inactive)
