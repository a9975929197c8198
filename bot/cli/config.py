"""`towpath config`: the schema of a repository's configuration, and what is wrong with a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from bot.cli.exits import Exit
from bot.configuration import files, reader, scope_file
from bot.configuration.files import Entry, Told
from bot.configuration.in_force import EffectiveConfig, Operator, in_force
from bot.configuration.problems import Problem, Unreadable
from bot.configuration.published import NAMES, schema
from bot.texts import configuration as texts


@click.group()
def config() -> None:
    """A repository's configuration: its schema, and what is wrong with a file."""


@config.command("schema")
@click.argument("name", type=click.Choice(NAMES), default=NAMES[0])
def show_schema(name: str) -> None:
    """Print the JSON Schema of `.github/towpath.yml`, or of `.automation-scope.yaml`."""
    click.echo(json.dumps(schema(name), indent=2))


@config.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=".")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(path: Path, as_json: bool) -> None:
    """Say whether the configuration of a repository's folder, or one file, can be obeyed.

    PATH is a folder or a file. Nothing is sent anywhere, and no setting of the operator is read.
    """
    problems: tuple[Problem, ...] = ()
    told = Told(reader.read(""))
    try:
        told = _folder(path) if path.is_dir() else _file(path)
    except Unreadable as unreadable:
        problems = unreadable.problems
    holds = in_force(told.config, Operator(), told.scope)
    if as_json:
        click.echo(json.dumps(_report(problems, holds), indent=2))
    elif problems:
        click.echo("\n".join(texts.line(one) for one in problems))
    else:
        click.echo(texts.holds(holds.model_dump(mode="json", exclude_defaults=True)))
    if problems:
        raise SystemExit(Exit.FAILED)


def _report(problems: tuple[Problem, ...], holds: EffectiveConfig) -> dict[str, object]:
    return {
        "valid": not problems,
        "problems": [one.model_dump() for one in problems],
        "in_force": None if problems else holds.model_dump(mode="json"),
    }


def _file(path: Path) -> Told:
    """One file by itself; its name says which it is."""
    if path.name.startswith(".automation-scope"):
        return Told(reader.read(""), scope_file.read(_bytes(path), str(path)))
    return Told(reader.read(_bytes(path), str(path)))


def _folder(path: Path) -> Told:
    """The files of a work tree, as they lie there."""
    entries = [_entry(one.name, path / one.name) for one in os.scandir(path)]
    for folder in (one for one in os.scandir(path) if one.name.casefold() == ".github"):
        if folder.is_dir(follow_symlinks=False):
            entries += [
                _entry(f"{folder.name}/{one.name}", Path(one.path)) for one in os.scandir(folder)
            ]
    return files.read(files.found(entries), lambda entry: _bytes(path / entry.path))


def _entry(name: str, path: Path) -> Entry:
    mode = "120000" if path.is_symlink() else "100644" if path.is_file() else "040000"
    return Entry(name, mode, "")


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(reader.MOST_BYTES + 1)
