"""`towpath gates`: the quality gates on any local git repository.

Promises: the repository is only read, and is the same byte for byte afterwards; exit status 0 only
when nothing blocks. Never: runs the project's code outside a sandbox unless told to by name.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.exits import Exit
from bot.texts import gates as texts

if TYPE_CHECKING:
    from bot.gates.change import Change
    from bot.gates.runner import Judged

_SHOWN = 10  # findings of each gate


@click.command("gates")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--base", metavar="REV", help="Judge against it. Default: where the branch began.")
@click.option("--story", "story_file", help="Markdown; its criteria need tests.",
              type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option("--only", multiple=True, metavar="NAME", help="Run this gate only (repeatable).")
@click.option("--offline", is_flag=True, help="Ask nobody: no advisories, no installation.")
@click.option("--osv-url", metavar="URL", help="Advisory service to ask. Default: the setting.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder to use.")
@click.option("--no-memory", is_flag=True, help="Look again at what was judged before.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--sarif", "as_sarif", is_flag=True, help="Print SARIF 2.1.0.")
def gates(
    path: Path,
    base: str | None,
    story_file: Path | None,
    only: tuple[str, ...],
    offline: bool,
    osv_url: str | None,
    cache: Path | None,
    no_memory: bool,
    as_json: bool,
    as_sarif: bool,
) -> None:
    """Judge what is on disk in PATH, committed or not, by the quality gates."""
    from bot.gates.local_repository import CannotRead, LocalRepository
    from bot.gates.runner import NAMES
    from bot.workspace.sandbox import SandboxUnavailable

    if as_json and as_sarif:
        raise click.UsageError("Give one of --json and --sarif.")
    if unknown := [name for name in only if name not in NAMES]:
        raise click.UsageError(f"There is no gate {unknown[0]!r}; there are {', '.join(NAMES)}.")
    story, criteria = _story(story_file)
    home = (cache or _home()).resolve()
    try:
        repository = LocalRepository(path, home / "mirrors")
        change = repository.change(base, criteria=criteria, story=story)
    except CannotRead as problem:
        raise click.UsageError(
            texts.cannot_read(problem.kind, str(path), problem.detail)
        ) from problem
    try:
        judged = _judge(change, home, only, offline, osv_url, no_memory)
    except SandboxUnavailable as problem:
        raise click.ClickException(texts.no_sandbox(problem.findings)) from problem
    if as_sarif:
        from bot.gates.sarif import sarif

        click.echo(json.dumps(sarif(judged)))
    elif as_json:
        click.echo(json.dumps(_row(change, judged)))
    else:
        _print(change, judged)
    sys.exit(Exit.FAILED if judged.blocked else Exit.OK)


def _home() -> Path:
    """Below the home of the installation if it has one; never in the folder that is judged."""
    if os.environ.get("TOWPATH_HOME"):
        return Path(os.environ["TOWPATH_HOME"]) / "gates"
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache) / "towpath" / "gates"


def _story(file: Path | None) -> tuple[str, list[Any]]:
    """The text of a story and its criteria."""
    if file is None:
        return "", []
    from bot.gates.change import Criterion
    from bot.stages.story_text import parse_file, read

    title, body = parse_file(file.read_text(errors="replace"))
    if not title.strip():
        raise click.UsageError(texts.no_story(str(file)))
    told = read(title, body)
    criteria = [Criterion(one.id, one.text) for one in told.criteria]
    return f"{title}\n{body}", criteria


def _judge(
    change: Change,
    home: Path,
    only: tuple[str, ...],
    offline: bool,
    osv_url: str | None,
    no_memory: bool,
) -> Judged:
    from bot.gates.memory import Memory
    from bot.gates.runner import judge
    from bot.gates.toolbox import Toolbox
    from bot.gates.workbench import Choices, Workbench
    from bot.settings import load_settings
    from bot.workspace.choose_sandbox import choose_sandbox
    from bot.workspace.environment import Environments
    from bot.workspace.package_index import PackageIndex
    from bot.workspace.worktrees import Pool

    settings = load_settings()
    sandbox = choose_sandbox(settings.sandbox)
    pool = Pool(home / "trees", change.mirror, size=6, owner=sandbox.owner)
    index = PackageIndex.of(os.environ)
    choices = Choices(offline=offline, advisories=osv_url or settings.osv_url)
    with Workbench(
        change,
        sandbox=sandbox,
        toolbox=Toolbox(home / "tools", given=settings.gate_tools, offline=offline),
        pool=pool,
        environments=Environments(home / "environments", change.mirror, pool, sandbox, index),
        caches=home / "caches" / change.mirror.path.stem,
        choices=choices,
    ) as bench:
        memory = None if no_memory else Memory(home / "results" / change.mirror.path.stem)
        return judge(change, bench, memory, only=only)


def _row(change: Change, judged: Judged) -> dict[str, Any]:
    return {
        "gates": [
            {
                "name": one.name,
                "status": one.status,
                "blocking": one.blocking,
                "summary": one.summary,
                "seconds": round(one.seconds, 3),
                "findings": [
                    {
                        "file": finding.file,
                        "line": finding.line,
                        "rule": finding.rule,
                        "message": finding.message,
                        "severity": finding.severity,
                    }
                    for finding in one.findings
                ],
                "evidence": one.evidence,
            }
            for one in judged.results
        ],
        "blocked": judged.blocked,
        "blocked_by": [one.name for one in judged.results if one.blocks],
        "score": {**judged.score.dimensions, "composite": judged.score.composite},
        "base": change.base,
        "head": change.head,
        "files": len(change.files),
        "notes": list(change.notes),
        "seconds": round(judged.seconds, 3),
    }


def _print(change: Change, judged: Judged) -> None:
    for note in change.notes:
        click.echo(note)
    if not change.files:
        click.echo(texts.unchanged())
    for one in judged.results:
        click.echo(texts.line(one))
        if one.status == "error":
            continue
        shown = [finding for finding in one.findings if finding.severity != "note"]
        for finding in shown[:_SHOWN]:
            click.echo(texts.finding(finding))
        if len(shown) > _SHOWN:
            click.echo(texts.more(len(shown) - _SHOWN))
    blocking = [one.name for one in judged.results if one.blocks]
    click.echo(texts.ended(blocking, judged.score.composite, judged.seconds))
