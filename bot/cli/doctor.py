"""`towpath doctor`: what is configured, reachable and missing, with the next step for each.

Promises: exit status 1 when something that Towpath needs is missing; the same findings as a table
and as JSON. With `--sandbox`: the whole battery of escapes instead, each attempt a finding.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import asdict

import click

from bot.cli.exits import Exit
from bot.cli.findings import Finding, Verdict, configured, machine
from bot.cli.jira_findings import jira
from bot.cli.log_lines import write_log
from bot.cli.server_findings import servers
from bot.settings import SettingsError, load_settings
from bot.texts import doctor as texts

COLOURS = {"ok": "green", "warning": "yellow", "missing": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array instead of a table.")
@click.option("--sandbox", "battery", is_flag=True, help="Try to break out of the sandbox instead.")
def doctor(as_json: bool, battery: bool) -> None:
    """Say what is configured, reachable and missing, with the next step for each."""
    write_log(logging.ERROR)  # what is worth knowing is in the findings
    found = []
    for finding in _escapes() if battery else _findings():
        found.append(finding)
        if not as_json:
            _print(finding)
    is_well = all(one.verdict != "missing" for one in found)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=2))
    else:
        well, unwell = (
            (texts.HELD, texts.NOT_HELD) if battery else (texts.ALL_WELL, texts.SOME_MISSING)
        )
        click.echo("\n" + (well if is_well else unwell))
    sys.exit(Exit.OK if is_well else Exit.FAILED)


def _findings() -> Iterator[Finding]:
    yield from machine()
    try:
        settings = load_settings()
    except SettingsError as error:
        for one in error.problems:
            yield Finding(one.variable, "missing", one.expected, one.next)
        return
    yield from configured(settings)
    yield from jira(settings)
    yield from servers(settings)


def _escapes() -> Iterator[Finding]:
    """What the sandbox that the settings name did with every attempt (T5)."""
    from bot.workspace.choose_sandbox import choose_sandbox
    from bot.workspace.escapes.battery import battery

    verdicts: dict[str, Verdict] = {"stopped": "ok", "not applicable": "warning"}
    sandbox = choose_sandbox(load_settings().sandbox)
    for result in battery(sandbox):
        said = texts.escape(result.verdict, result.said)
        yield Finding(result.attempt, verdicts.get(result.verdict, "missing"), said)


def _print(one: Finding) -> None:
    """A line a finding, as soon as it is known: some take seconds."""
    # GitHub, databases and package indexes speak here: nothing of theirs may steer the terminal.
    found = "".join(c if c.isprintable() else " " for c in one.found)
    verdict = click.style(f"{one.verdict:<8}", fg=COLOURS[one.verdict])
    click.echo(f"{verdict} {one.name:<32} {found}")
    if one.next:
        click.echo(f"{'':8} {'':32} → {one.next}")
