"""`towpath demo`: a story from its label to its merged pull request, on this machine, in a minute.

Promises: the production processes on a GitHub of their own; people do what people do; what is
printed is read from the journal. Leaves nothing running, unless asked to.
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
from bot.cli.progress import say_event
from bot.stages.story_text import parse_file
from bot.story.vocabulary import Gate, State
from bot.texts import cli as texts

SAMPLES = Path(__file__).parent / "samples"
REPOSITORY = "alice/tally"
TIMEOUT_S = 300.0


@click.command()
@click.option("--keep", is_flag=True, help="Leave everything running, to look at.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def demo(keep: bool, as_json: bool) -> None:
    """Watch a story go from a labelled issue to a merged pull request."""
    console = Console(stderr=as_json, soft_wrap=True)
    folder = Path(tempfile.mkdtemp(prefix="towpath-demo-"))
    began = time.monotonic()
    run = LocalRun(folder, {"model": f"scripted:{SAMPLES / 'answers.yaml'}"}, may_stay=keep)
    try:
        with run:
            summary = _walk(run, console)
            summary["seconds"] = round(time.monotonic() - began, 1)
            if keep:
                said = texts.kept(run.github_url, str(folder), str(run.keep()))
                console.print(said, markup=False)
    except DidNotStart as problem:
        said = texts.process_ended(problem.name, problem.log, str(problem.logs))
        console.print(said, markup=False)
        sys.exit(Exit.FAILED)
    except TimeoutError as problem:
        console.print(texts.took_too_long(str(problem), str(folder / "logs")), markup=False)
        sys.exit(Exit.FAILED)
    except (KeyboardInterrupt, SystemExit):
        shutil.rmtree(folder, ignore_errors=True)
        raise
    well = summary["state"] == State.DONE and summary["journal_verified"]
    if not keep and well:  # else there is something to look at
        shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        click.echo(json.dumps(summary))
    else:
        console.print(texts.demo_ended(summary), markup=False)
    sys.exit(Exit.OK if well else Exit.FAILED)


def _walk(run: LocalRun, console: Console) -> dict[str, object]:
    console.print(texts.demo_begins(run.github_url), markup=False)
    files = {
        str(path.relative_to(SAMPLES / "project")): path.read_text()
        for path in sorted((SAMPLES / "project").rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    run.install_on(REPOSITORY, {"alice": "write", "bob": "write"}, {"files": files})
    title, body = parse_file((SAMPLES / "story.md").read_text())
    alice = run.hub.act_as("alice")
    issue = alice.open_issue(REPOSITORY, title, body)
    alice.label(REPOSITORY, issue, "story")
    console.print(texts.demo_labelled(run.github_url, REPOSITORY, issue), markup=False)
    for record in run.follow(issue, TIMEOUT_S):
        say_event(console, record)
    story = run.story(issue)
    if story.waits_at(Gate.PRE_DEPLOY):
        console.print(
            texts.demo_approves(run.github_url, REPOSITORY, story.pull_number), markup=False
        )
        run.approve("bob", REPOSITORY, issue)
        for record in run.follow(issue, TIMEOUT_S, after=story.version):
            say_event(console, record)
    story = run.story(issue)
    return {
        "story": story.name,
        "state": story.state.value,
        "pull_request": story.pull_number,
        "merged_sha": story.merged_sha,
        "events": story.version,
        "seconds": 0.0,
        "journal_verified": run.journal.verify() == [],
    }
