"""`towpath try`: one story on a copy of any local git repository; the main job on real input.

Promises: the repository itself is only read; the branch comes back as a patch and a report. Exit
status 0 only for DONE, 3 for a question, 4 for handed over, 5 for waiting, 1 for the rest.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bot.cli.exits import Exit
from bot.cli.local_run import DidNotStart, LocalRun
from bot.cli.progress import say_event
from bot.stages.story_text import parse_file
from bot.story.machine import Story
from bot.story.vocabulary import Gate, State
from bot.texts import cli as texts
from bot.workspace.mirror import Mirror


@click.command("try")
@click.argument("repository", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--story",
    "story_file",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Markdown: the first line is the title.",
)
@click.option("--approve", is_flag=True, help="Let a second person approve it.")
@click.option("--model", help="scripted:FILE, anthropic:NAME, openai:NAME; default: no model.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="For the results.")
@click.option("--timeout", "timeout_s", default=1800.0, show_default=True, help="In seconds.")
@click.option("--json", "as_json", is_flag=True, help="The last line is a JSON object.")
def try_repository(
    repository: Path,
    story_file: Path,
    approve: bool,
    model: str | None,
    out: Path | None,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Work on a story in a copy of the git repository REPOSITORY."""
    console = Console(stderr=as_json, soft_wrap=True)
    title, body = parse_file(story_file.read_text(errors="replace"))
    if not title.strip():
        raise click.UsageError(texts.empty_story(str(story_file)))
    name = _slug(repository.resolve().name)
    folder = Path(tempfile.mkdtemp(prefix="towpath-try-"))
    copy = _copy(repository.resolve(), folder / "source.git", console)
    results = (out or Path(f"towpath-try-{name}")).resolve()
    began = time.monotonic()
    options = {"model": _absolute(model)} if model else {}
    try:
        with LocalRun(folder / "home", options) as run:
            console.print(texts.try_begins(str(repository), run.github_url), markup=False)
            story = _work(run, console, f"you/{name}", copy, (title, body), approve, timeout_s)
            summary = _results(run, story, f"you/{name}", results)
    except DidNotStart as problem:
        console.print(texts.did_not_start(problem.name, problem.log, str(folder)), markup=False)
        sys.exit(Exit.FAILED)
    except TimeoutError as problem:
        console.print(texts.took_too_long(str(problem), str(folder / "home")), markup=False)
        sys.exit(Exit.FAILED)
    shutil.rmtree(folder, ignore_errors=True)
    summary["seconds"] = round(time.monotonic() - began, 1)
    if as_json:
        click.echo(json.dumps(summary))
    else:
        console.print(texts.try_ended(summary), markup=False, highlight=False)
    sys.exit(_status(story))


def _absolute(model: str) -> str:
    """A scripted model's file is named from here; the processes run elsewhere."""
    kind, _, where = model.partition(":")
    return f"{kind}:{Path(where).resolve()}" if kind == "scripted" else model


def _slug(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in name).strip(".-")
    return kept or "project"


def _copy(source: Path, target: Path, console: Console) -> Path:
    """HEAD of `source`, with its tags, as a bare repository with one branch."""
    head = _git(source, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head is None:
        raise click.UsageError(texts.no_repository(str(source)))
    if _git(source, "status", "--porcelain", "--untracked-files=no"):
        console.print(texts.dirty(str(source)), markup=False)
    if _git(source, "cat-file", "-e", "HEAD:.gitmodules") is not None:
        console.print(texts.submodules(str(source)), markup=False)
    branch = _git(source, "symbolic-ref", "--quiet", "--short", "HEAD") or "main"
    _must(target.parent, "init", "--quiet", "--bare", f"--initial-branch={branch}", str(target))
    _must(
        target,
        "fetch",
        "--quiet",
        "--update-shallow",
        str(source),
        f"+HEAD:refs/heads/{branch}",
        "+refs/tags/*:refs/tags/*",
    )
    return target


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=600, check=False)


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, None where it fails."""
    done = _run(folder, *arguments)
    return done.stdout.strip() if done.returncode == 0 else None


def _must(folder: Path, *arguments: str) -> None:
    done = _run(folder, *arguments)
    if done.returncode:
        raise click.ClickException(done.stderr.strip()[-600:])


def _work(
    run: LocalRun,
    console: Console,
    repository: str,
    copy: Path,
    told: tuple[str, str],
    approve: bool,
    timeout_s: float,
) -> Story:
    """Open and label the issue as a person would; approve as another one would."""
    run.install_on(repository, {"you": "admin", "reviewer": "write"}, {"path": str(copy)})
    you = run.hub.act_as("you")
    issue = you.open_issue(repository, *told)
    you.label(repository, issue, "story")
    for record in run.follow(issue, timeout_s):
        say_event(console, record)
    story = run.story(issue)
    if not (approve and story.waits_at(Gate.PRE_DEPLOY)):
        return story
    time.sleep(1.1)  # times on GitHub are whole seconds: later than what was shown
    run.hub.act_as("reviewer").comment(repository, issue, "/approve")
    seen, until = story.version, time.monotonic() + timeout_s
    while run.story(issue).version == seen and time.monotonic() < until:
        time.sleep(0.05)
    for record in run.follow(issue, timeout_s):
        if record.seq > seen:
            say_event(console, record)
    return run.story(issue)


def _results(run: LocalRun, story: Story, repository: str, folder: Path) -> dict[str, Any]:
    """Write the patch and the report; what is known as one object."""
    folder.mkdir(parents=True, exist_ok=True)
    patch, report = folder / f"{story.name}.patch", folder / f"{story.name}.md"
    has_patch = bool(story.head_sha and story.head_sha != story.base_sha)
    if has_patch:
        told = story.repository
        mirror = Mirror.open(run.home / "mirrors", f"{told.id}-{told.full_name}")
        patch.write_bytes(mirror.patch(story.base_sha, story.head_sha))
    report.write_text(_report(run, story, repository))
    summary: dict[str, Any] = {
        "story": story.name,
        "state": story.state.value,
        "branch": story.branch if story.head_sha else "",
        "patch": str(patch) if has_patch else "",
        "report": str(report),
        "pull_request": story.pull_number or None,
        "model_calls": len(story.model_calls),
        "cost_usd": round(story.cost_usd, 4),
        "seconds": 0.0,
    }
    if story.waits_at(Gate.AMBIGUITY_DETECTED) and story.waiting:
        summary["questions"] = list(story.waiting.questions)
    if story.handoff:
        summary["reason"] = story.handoff.summary
    return summary


def _report(run: LocalRun, story: Story, repository: str) -> str:
    """The pull request's own report, and the status as people saw it last."""
    you = run.hub.act_as("you")
    parts = []
    if story.pull_number:
        pull = you.request("GET", f"/repos/{repository}/pulls/{story.pull_number}")
        parts.append(f"# {pull['title']}\n\n{pull['body']}")
    comments = you.comments(repository, story.issue)
    parts += [c["body"] for c in comments if c["user"]["login"].endswith("[bot]")]
    return "\n\n---\n\n".join(parts) + "\n"


def _status(story: Story) -> int:
    if story.state is State.DONE:
        return Exit.OK
    if story.waits_at(Gate.AMBIGUITY_DETECTED):
        return Exit.QUESTION
    if story.state is State.FAILED:
        return Exit.HANDED_OVER
    return Exit.WAITS if story.state is State.WAITING else Exit.FAILED
