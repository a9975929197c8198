"""`towpath try`: one story on a copy of any local git repository; the main job on real input.

Promises: the repository itself is only read; the branch comes back as a patch and a report. The
exit status says how the story ended (`bot.cli.exits`), 0 only for DONE.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console

from bot.cli.exits import Exit
from bot.cli.local_run import DidNotStart, LocalRun
from bot.cli.numbers import Quantity
from bot.cli.progress import say_event
from bot.cli.source_copy import copy_head
from bot.cli.story_results import folder_for_results, slug, usable_model, write_results
from bot.stages.story_text import parse_file
from bot.story.machine import Story
from bot.story.vocabulary import Gate, State
from bot.texts import cli as texts


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
@click.option(
    "--timeout",
    "timeout_s",
    type=Quantity(min=1),
    default=1800.0,
    show_default=True,
    help="In seconds.",
)
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
    told = parse_file(story_file.read_text(errors="replace"))
    if not told[0].strip():
        raise click.UsageError(texts.empty_story(str(story_file)))
    source = repository.resolve()
    options = {"model": usable_model(model)} if model else {}
    name = slug(source.name)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="towpath-try-"))
    try:
        for remark in copy_head(source, folder / "source.git"):
            console.print(remark, markup=False)
        results = folder_for_results(out, source, f"towpath-try-{name}")
        with LocalRun(folder / "home", options) as run:
            console.print(texts.try_begins(str(repository), run.github_url), markup=False)
            run.install_on(
                f"you/{name}",
                {"you": "admin", "reviewer": "write"},
                {"path": str(folder / "source.git")},
            )
            issue = _label(run, f"you/{name}", told)
            try:
                _follow(run, console, f"you/{name}", issue, approve, timeout_s)
                late = ""
            except TimeoutError as problem:
                late = str(problem)
            story = run.story(issue)
            summary = write_results(run, story, f"you/{name}", issue, results)
    except DidNotStart as problem:
        said = texts.process_ended(problem.name, problem.log, str(problem.logs))
        console.print(said, markup=False)
        sys.exit(Exit.FAILED)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    summary["seconds"] = round(time.monotonic() - began, 1)
    if late:
        logs = str(folder / "home" / "logs")
        console.print(texts.took_too_long(late, logs), markup=False)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        click.echo(json.dumps(summary))
    else:
        console.print(texts.try_ended(summary, approve), markup=False, highlight=False)
    sys.exit(Exit.FAILED if late else _status(story))


def _label(run: LocalRun, repository: str, told: tuple[str, str]) -> int:
    """Open and label the issue as a person would; its number."""
    you = run.hub.act_as("you")
    issue = you.open_issue(repository, *told)
    you.label(repository, issue, "story")
    return issue


def _follow(
    run: LocalRun, console: Console, repository: str, issue: int, approve: bool, timeout_s: float
) -> None:
    """Say what happens until the story rests; approve it as another person would."""
    until = time.monotonic() + timeout_s
    for record in run.follow(issue, timeout_s):
        say_event(console, record)
    story = run.story(issue)
    if approve and story.waits_at(Gate.PRE_DEPLOY):
        run.approve("reviewer", repository, issue)
        for record in run.follow(issue, until - time.monotonic(), after=story.version):
            say_event(console, record)


def _status(story: Story) -> Exit:
    if story.state is State.DONE:
        return Exit.OK
    if story.waits_at(Gate.AMBIGUITY_DETECTED):
        return Exit.QUESTION
    if story.state is State.FAILED:
        return Exit.HANDED_OVER
    return Exit.WAITS if story.state is State.WAITING else Exit.FAILED
