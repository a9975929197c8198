"""Workflows that fail on the default branch: a bug, a build or a deployment to mend (B4).

One item a workflow, while its last run failed; the next that succeeds ends it. What failed decides
the kind: tests make a bug; building, checking and deploying are operations.
"""

from __future__ import annotations

import re

from bot.backlog.entry import Entry, Sightings
from bot.backlog.reading import Reading
from bot.backlog.sources.github_service import Reads, Told, looked, text
from bot.story.item_events import Family
from bot.story.vocabulary import Repository

NAME = "workflow_runs"

_FAILED = ("failure", "timed_out", "startup_failure")
_DEPLOY = re.compile(r"deploy|release|publish|rollout|promot|\bcd\b|terraform|helm", re.IGNORECASE)
_BUILD = re.compile(
    r"build|compile|docker|image|packag|lint|format|type|install|setup|wheel|bundle", re.IGNORECASE
)
_TEST = re.compile(r"test|spec|e2e|coverage|\bci\b|check|verify", re.IGNORECASE)


def read(reads: Reads, repository: Repository) -> Reading:
    """The last completed run of each workflow on the default branch."""

    def ask(at: Repository) -> list[dict[str, object]]:
        latest: dict[str, dict[str, object]] = {}
        for run in reads.branch_runs(at, at.default_branch):  # the newest first
            if text(run, "conclusion") in ("", "cancelled", "skipped", "neutral"):
                continue
            latest.setdefault(_workflow(run), run)
        return [run for run in latest.values() if text(run, "conclusion") in _FAILED]

    def each(run: Told, told: Sightings) -> None:
        number = text(run, "id")
        jobs = reads.failed_jobs(repository, int(number)) if number.isdigit() else []
        told.add(_entry(run, jobs, repository.default_branch))

    return looked(NAME, repository, ask, each)


def kind_of(workflow: str, jobs: list[str]) -> str:
    """bug | build | deploy, by the jobs that failed, else by the workflow's name."""
    for words in (jobs, [workflow]):
        for kind, pattern in (("deploy", _DEPLOY), ("bug", _TEST), ("build", _BUILD)):
            if any(pattern.search(word) for word in words):
                return kind
    return "build"


def _workflow(run: Told) -> str:
    return text(run, "path") or text(run, "workflow_id") or text(run, "name")


def _entry(run: Told, jobs: list[str], branch: str) -> Entry:
    name = text(run, "name") or _workflow(run)
    kind = kind_of(f"{name} {text(run, 'path')}", jobs)
    what = {"bug": "Tests fail", "build": "The build fails", "deploy": "The deployment fails"}[kind]
    body = [f"The workflow {name} failed on {branch}."]
    if jobs:
        body.append("Failed: " + ", ".join(jobs[:20]))
    return Entry(
        f"{what}: {name}",
        0,
        "\n\n".join(body),
        {"url": text(run, "html_url"), "created": text(run, "created_at")},
        key=_workflow(run),
        family=Family.BUG if kind == "bug" else Family.OPERATIONS,
        identities=(f"workflow:{_workflow(run)}",),
        inputs={
            "value": (8, f"nothing can be merged safely while the {kind} fails"),
            "time": (13, "it holds everybody up"),
            "risk": (5, "faults pass unseen meanwhile"),
            "size": (2, "usual for it"),
        },
    )
