"""Shapes of check runs, check suites, commit statuses and deployments."""

from __future__ import annotations

from typing import Any

from bot.localhub.records import CheckRun, CheckSuite, CommitStatus, Deployment, DeploymentStatus
from bot.localhub.shapes.commits import simple_commit
from bot.localhub.shapes.people import integration, maybe_integration, simple_user
from bot.localhub.shapes.repositories import minimal_repository
from bot.localhub.shapes.urls import Urls, maybe_stamp, node_id, stamp
from bot.localhub.state import Repository

Shape = dict[str, Any]


def pulls_at(urls: Urls, repository: Repository, sha: str) -> list[Shape]:
    """The minimal form of the open pull requests whose head is `sha`."""
    place = {"id": repository.id, "url": urls.repo(repository), "name": repository.name}
    return [
        {
            "id": pull.id,
            "number": issue.number,
            "url": urls.repo(repository, "pulls", issue.number),
            "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": place},
            "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": place},
        }
        for issue, pull in repository.pulls()
        if pull.head_sha == sha and issue.state == "open" and pull.head_repository is repository
    ]


def check_run(urls: Urls, repository: Repository, one: CheckRun) -> Shape:
    me = urls.repo(repository, "check-runs", one.id)
    page = urls.page(repository, "runs", one.id)
    return {
        "id": one.id,
        "name": one.name,
        "node_id": node_id("CR", one.id),
        "head_sha": one.head_sha,
        "external_id": one.external_id,
        "url": me,
        "html_url": page,
        "details_url": one.details_url or page,
        "status": one.status,
        "conclusion": one.conclusion,
        "started_at": stamp(one.started_at),
        "completed_at": maybe_stamp(one.completed_at),
        "output": {
            "title": one.title,
            "summary": one.summary,
            "text": one.text,
            "annotations_count": len(one.annotations),
            "annotations_url": f"{me}/annotations",
        },
        "check_suite": {"id": one.suite.id},
        "app": integration(urls, one.suite.app),
        "pull_requests": pulls_at(urls, repository, one.head_sha),
    }


def check_run_event(urls: Urls, repository: Repository, one: CheckRun) -> Shape:
    """The form inside webhooks: with more about the suite."""
    suite = suite_event(urls, repository, one.suite)
    suite.pop("head_commit")
    return {**check_run(urls, repository, one), "check_suite": suite}


def _suite(urls: Urls, repository: Repository, one: CheckSuite) -> Shape:
    me = urls.repo(repository, "check-suites", one.id)
    return {
        "id": one.id,
        "node_id": node_id("CS", one.id),
        "head_branch": one.head_branch,
        "head_sha": one.head_sha,
        "status": one.status,
        "conclusion": one.conclusion,
        "url": me,
        "before": one.before,
        "after": one.head_sha,
        "pull_requests": pulls_at(urls, repository, one.head_sha),
        "app": integration(urls, one.app),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "latest_check_runs_count": sum(1 for r in repository.runs.values() if r.suite is one),
        "check_runs_url": f"{me}/check-runs",
        "rerequestable": True,
        "runs_rerequestable": True,
    }


def check_suite(urls: Urls, repository: Repository, one: CheckSuite) -> Shape:
    return {
        **_suite(urls, repository, one),
        "head_commit": simple_commit(repository.git.commit(one.head_sha)),
        "repository": minimal_repository(urls, repository),
    }


def suite_event(urls: Urls, repository: Repository, one: CheckSuite) -> Shape:
    return {
        **_suite(urls, repository, one),
        "head_commit": simple_commit(repository.git.commit(one.head_sha)),
    }


def annotation(urls: Urls, repository: Repository, run: CheckRun, one: Shape) -> Shape:
    path = one["path"]
    return {
        "path": path,
        "blob_href": urls.page(repository, "blob", run.head_sha, path),
        "start_line": one["start_line"],
        "end_line": one["end_line"],
        "start_column": one.get("start_column"),
        "end_column": one.get("end_column"),
        "annotation_level": one["annotation_level"],
        "title": one.get("title"),
        "message": one["message"],
        "raw_details": one.get("raw_details"),
    }


def simple_status(urls: Urls, repository: Repository, one: CommitStatus) -> Shape:
    return {
        "url": urls.repo(repository, "statuses", one.sha),
        "avatar_url": f"{urls.html}/_hub/avatars/{one.creator.id}",
        "id": one.id,
        "node_id": node_id("SC", one.id),
        "state": one.state,
        "description": one.description,
        "target_url": one.target_url,
        "context": one.context,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.created_at),
    }


def status(urls: Urls, repository: Repository, one: CommitStatus) -> Shape:
    return {**simple_status(urls, repository, one), "creator": simple_user(urls, one.creator)}


def latest_statuses(repository: Repository, sha: str) -> list[CommitStatus]:
    """The newest status of each context on a commit."""
    newest: dict[str, CommitStatus] = {}
    for one in repository.statuses:
        if one.sha == sha:
            newest[one.context] = one
    return list(newest.values())


def combined_state(statuses: list[CommitStatus]) -> str:
    states = {one.state for one in statuses}
    if states & {"error", "failure"}:
        return "failure"
    return "success" if states == {"success"} else "pending"


def deployment(urls: Urls, repository: Repository, one: Deployment) -> Shape:
    me = urls.repo(repository, "deployments", one.id)
    return {
        "url": me,
        "id": one.id,
        "node_id": node_id("DE", one.id),
        "sha": one.sha,
        "ref": one.ref,
        "task": one.task,
        "payload": one.payload,
        "original_environment": one.environment,
        "environment": one.environment,
        "description": one.description,
        "creator": simple_user(urls, one.creator),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "statuses_url": f"{me}/statuses",
        "repository_url": urls.repo(repository),
        "transient_environment": one.transient,
        "production_environment": one.production,
        "performed_via_github_app": maybe_integration(urls, one.via_app),
    }


def deployment_status(
    urls: Urls, repository: Repository, owner: Deployment, one: DeploymentStatus
) -> Shape:
    me = urls.repo(repository, "deployments", owner.id)
    return {
        "url": f"{me}/statuses/{one.id}",
        "id": one.id,
        "node_id": node_id("DES", one.id),
        "state": one.state,
        "creator": simple_user(urls, one.creator),
        "description": one.description,
        "environment": one.environment,
        "target_url": one.log_url,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.created_at),
        "deployment_url": me,
        "repository_url": urls.repo(repository),
        "environment_url": one.environment_url,
        "log_url": one.log_url,
        "performed_via_github_app": maybe_integration(urls, one.via_app),
    }
