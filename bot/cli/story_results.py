"""What is left of a story that was done on a copy: its patch, its report, and a summary.

Promises: written where a person asked for it, else beside the repository, never into it.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any, Protocol

import click

from bot.story.machine import Story
from bot.story.vocabulary import Gate
from bot.texts import cli as texts
from bot.workspace.mirror import Mirror


class Run(Protocol):
    """A Towpath and a GitHub on this machine."""

    @property
    def home(self) -> Path: ...
    @property
    def hub(self) -> Any: ...


def usable_model(model: str) -> str:
    """The model as its processes, which run elsewhere, can name it; UsageError if none can."""
    from bot.agent.errors import ModelError
    from bot.agent.gateway import Gateway
    from policies.routing import Models

    named = tuple(_placed(one.strip()) for one in model.split(",") if one.strip())
    try:
        Gateway(Models(named))
    except ModelError as problem:
        raise click.BadParameter(str(problem), param_hint="--model") from problem
    return ",".join(named)


def _placed(model: str) -> str:
    kind, _, where = model.partition(":")
    in_a_file = kind in ("scripted", "replay") and where
    return f"{kind}:{Path(where).resolve()}" if in_a_file else model


def slug(name: str) -> str:
    """A name that GitHub takes for a repository."""
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", name.removesuffix(".git")).strip(".-")
    return kept[:100] or "project"


def folder_for_results(out: Path | None, source: Path, name: str) -> Path:
    """Where results are written: never into the repository, unless one asks for that."""
    here = Path.cwd()
    beside = source.parent if here == source or source in here.parents else here
    folder = (out or beside / name).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise click.UsageError(texts.no_folder(str(folder), str(problem.strerror))) from problem
    return folder


def write_results(
    run: Run, story: Story, repository: str, issue: int, folder: Path
) -> dict[str, Any]:
    """Write the patch and the report; what is known as one object."""
    patch, report = folder / f"{story.name}.patch", folder / f"{story.name}.md"
    has_patch = bool(story.head_sha and story.head_sha != story.base_sha)
    if has_patch:
        told = story.repository
        mirror = Mirror.open(run.home / "mirrors", f"repository-{told.id}")
        patch.write_bytes(mirror.patch(story.base_sha, story.head_sha))
    report.write_text(_report(run, story, repository, issue))
    summary: dict[str, Any] = {
        "story": story.name,
        "state": story.state.value,
        "branch": story.branch if story.head_sha else "",
        "patch": str(patch) if has_patch else "",
        "report": str(report),
        "pull_request": story.pull_number or None,
        "model_calls": len(story.model_calls),
        "cost_usd": None if story.cost_unknown else round(story.cost_usd, 4),
        "unpriced_tokens": story.unpriced_tokens,
        "seconds": 0.0,
    }
    if story.waits_at(Gate.AMBIGUITY_DETECTED) and story.waiting:
        summary["questions"] = list(story.waiting.questions)
    if story.handoff:
        summary["reason"] = story.handoff.summary
    return summary


def _report(run: Run, story: Story, repository: str, issue: int) -> str:
    """The pull request's own report, and the status as people saw it last."""
    you = run.hub.act_as("you")
    parts = []
    if story.pull_number:
        pull = you.request("GET", f"/repos/{repository}/pulls/{story.pull_number}")
        parts.append(f"# {pull['title']}\n\n{pull['body']}")
    comments = you.comments(repository, issue)
    parts += [c["body"] for c in comments if c["user"]["login"].endswith("[bot]")]
    return "\n\n---\n\n".join(parts) + "\n"
