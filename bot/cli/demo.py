"""`towpath demo`: a story from its label to its merged pull request, on this machine, in a minute.

Promises: the production processes on a GitHub of their own; people do what people do; what is
printed is read from the journal. Leaves nothing running, unless asked to.
"""

from __future__ import annotations

import json
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
    folder = tempfile.mkdtemp(prefix="towpath-demo-")
    began = time.monotonic()
    options = {"model": f"scripted:{SAMPLES / 'answers.yaml'}"}
    run = LocalRun(Path(folder), {**options, "keep": "1"} if keep else options)
    try:
        with run:
            summary = _walk(run, console)
            summary["seconds"] = round(time.monotonic() - began, 1)
            if keep:
                console.print(texts.kept(run.github_url, folder, run.keep()), markup=False)
    except DidNotStart as problem:
        console.print(texts.did_not_start(problem.name, problem.log, folder), markup=False)
        sys.exit(Exit.FAILED)
    except TimeoutError as problem:
        console.print(texts.took_too_long(str(problem), folder), markup=False)
        sys.exit(Exit.FAILED)
    if as_json:
        click.echo(json.dumps(summary))
    else:
        console.print(texts.demo_ended(summary), markup=False)
    done = summary["state"] == State.DONE and summary["journal_verified"]
    sys.exit(Exit.OK if done else Exit.FAILED)


def _walk(run: LocalRun, console: Console) -> dict[str, object]:
    console.print(texts.demo_begins(run.github_url), markup=False)
    files = {
        str(path.relative_to(SAMPLES / "project")): path.read_text()
        for path in sorted((SAMPLES / "project").rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    run.install_on(REPOSITORY, {"alice": "write", "bob": "write"}, {"files": files})
    title, body = parse_file((SAMPLES / "story.md").read_text())
    alice, bob = run.hub.act_as("alice"), run.hub.act_as("bob")
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
        time.sleep(1.1)  # times on GitHub are whole seconds: later than what was shown
        bob.comment(REPOSITORY, issue, "/approve")
        _follow_to_the_end(run, console, issue, story.version)
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


def _follow_to_the_end(run: LocalRun, console: Console, issue: int, seen: int) -> None:
    """Until the approval has been answered and the story rests again."""
    until = time.monotonic() + TIMEOUT_S
    while run.story(issue).version == seen and time.monotonic() < until:
        time.sleep(0.05)
    for record in run.follow(issue, TIMEOUT_S):
        if record.seq > seen:
            say_event(console, record)
