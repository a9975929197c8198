"""`towpath run`: one cycle of the seven lanes, on a copy of a folder or for a repository (B6, B13).

Promises: a folder is only read, and what was done for it comes back as patches and reports; what
the cycle begins is begun with the operator's leave, never more than `--max-prs`, and worked on here
until it waits or ends. With `--dry-run` nothing is changed anywhere. Ended at any time, it leaves
nothing running.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from bot.cli.exits import Exit
from bot.cli.numbers import Quantity
from bot.texts import run as texts

if TYPE_CHECKING:
    from bot.cli.cycle import Cycle
    from bot.configuration.files import Told

_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9_.-]{1,100}")
_MINUTE = 60.0


@click.command("run")
@click.argument("place", metavar="[PATH|OWNER/REPO]", default=".")
@click.option("--continuous", is_flag=True, help="Cycle after cycle, until Ctrl-C.")
@click.option(
    "--interval",
    type=Quantity(min=0.01, max=1440),
    default=60.0,
    show_default=True,
    help="Minutes from one cycle to the next, with --continuous.",
)
@click.option(
    "--max-prs",
    "most",
    type=click.IntRange(min=0, max=100),
    default=3,
    show_default=True,
    help="Items that a cycle may begin.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be decided; change nothing.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A towpath.yml that holds instead of the repository's own.",
)
@click.option("--model", help="For a PATH: as with `try`. Default: no model.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="For the results.")
@click.option(
    "--timeout",
    "timeout_s",
    type=Quantity(min=1),
    default=1800.0,
    show_default=True,
    help="Seconds that a story may take.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a cycle, on a line.")
def run(
    place: str,
    continuous: bool,
    interval: float,
    most: int,
    dry_run: bool,
    config_file: Path | None,
    model: str | None,
    out: Path | None,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Discover, rank and work on what is to be done, here or on GitHub."""
    console = Console(stderr=as_json, soft_wrap=True)
    supposed = _supposed(config_file) if config_file else None
    folder = Path(place)
    with ExitStack() as stack:
        if folder.is_dir():
            cycle = stack.enter_context(
                _of_folder(console, folder.resolve(), dry_run, supposed, model, out)
            )
        elif _NAMED.fullmatch(place) and not folder.exists():
            if model or out:
                raise click.UsageError(texts.only_for_folders("--model" if model else "--out"))
            cycle = stack.enter_context(_on_github(console, place, dry_run, supposed))
        else:
            raise click.UsageError(texts.not_a_place(place))
        cycle.most, cycle.timeout_s, cycle.dry = most, timeout_s, dry_run
        while True:
            began = time.monotonic()
            summary = _one(console, cycle, continuous)
            if summary is not None:
                console.print(texts.ended(summary), markup=False, highlight=False)
                if as_json:
                    click.echo(json.dumps(summary))
            if not continuous:
                break
            console.print(texts.again(interval), markup=False)
            time.sleep(max(0.0, began + interval * _MINUTE - time.monotonic()))
            cycle.refresh()
    failed = (
        summary is None
        or "stopped" in summary
        or any(one["outcome"] == "failed" for one in summary["lanes"])
    )
    late = summary is not None and not all(one["rests"] for one in summary["stories"])
    sys.exit(Exit.FAILED if failed or late else Exit.OK)


def _one(console: Console, cycle: Cycle, continuous: bool) -> dict[str, Any] | None:
    """One cycle; None where nothing could be done. What passes by itself ends no loop."""
    from bot.cli.cycle import Stopped

    try:
        return cycle.run()
    except Stopped as stopped:
        console.print(texts.stopped(stopped.repository, stopped.why), markup=False)
        told = {"repository": stopped.repository, "dry_run": cycle.dry, "stopped": stopped.why}
        return {**told, "lanes": [], "stories": []}
    except Exception as error:
        if not (continuous and getattr(error, "retryable", False)):
            raise
        console.print(texts.away(f"{type(error).__name__}"), markup=False)
    return None


def _supposed(path: Path) -> Told:
    from bot.configuration import reader
    from bot.configuration.files import Told
    from bot.configuration.problems import Unreadable

    try:
        return Told(reader.read(path.read_bytes(), str(path)))
    except Unreadable as unreadable:
        problems = [(one.line, one.message) for one in unreadable.problems]
        raise click.UsageError(texts.broken_configuration(str(path), problems)) from unreadable


@contextmanager
def _of_folder(
    console: Console,
    source: Path,
    dry: bool,
    supposed: Told | None,
    model: str | None,
    out: Path | None,
) -> Iterator[Cycle]:
    from bot.cli.cycle import LocalCycle
    from bot.cli.local_project import LocalProject
    from bot.cli.story_results import folder_for_results, slug, usable_model

    options: dict[str, Any] = {"mode": "dry_run"} if dry else {}
    if model:
        options["model"] = usable_model(model)
    name = slug(source.name)
    folder = Path(tempfile.mkdtemp(prefix="towpath-run-"))
    try:
        with LocalProject(folder, source, f"you/{name}", options, supposed) as project:
            for remark in project.remarks:
                console.print(remark, markup=False)
            console.print(texts.begins(str(source), project.url, dry), markup=False)
            results = None if dry else folder_for_results(out, source, f"towpath-run-{name}")
            try:
                yield LocalCycle(console, project, results)
            finally:
                if results and not any(results.iterdir()):
                    results.rmdir()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _on_github(console: Console, name: str, dry: bool, supposed: Told | None) -> Iterator[Cycle]:
    from bot.cli.cycle import Cycle, on_a_copy
    from bot.cli.lone_house import LoneHouse
    from bot.cli.needed_settings import settings_for

    settings = settings_for(github=True)
    if dry:
        settings = settings.model_copy(update={"mode": "dry_run"})
    house = LoneHouse(settings, supposed)
    with ExitStack() as stack:
        stack.callback(lambda: house.database.dispose())
        try:
            repository = house.github.repository(name)
        except Exception as error:
            if getattr(error, "kind", "") in ("not_found", "forbidden"):
                raise click.UsageError(texts.not_installed(name)) from error
            raise
        if dry:
            house = stack.enter_context(on_a_copy(house, repository))
        console.print(texts.begins_on_github(name, dry), markup=False)
        yield Cycle(console, house, repository)
