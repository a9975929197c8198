"""`commands:` of `.github/towpath.yml`: what the owner says wins over everything that is found.

commands:
  test: pytest -q tests
  lint: [ruff check ., eslint src]
"""

from __future__ import annotations

import re
import shlex

import yaml

from bot.workspace.detect.command import PURPOSES, Command, Purpose, Text
from bot.workspace.detect.words import known_command

SETTINGS = (".github/towpath.yml", ".github/towpath.yaml")
_OPERATORS = re.compile(r"[;&|<>$`\n]")


def explicit(file: Text) -> tuple[list[Command], list[str]]:
    """The commands, and why others were not taken. Who may change the file is not decided here."""
    try:
        declared = yaml.safe_load(file.content)
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        return [], [f"{file.path} cannot be read: {type(problem).__name__}"]
    said = declared.get("commands") if isinstance(declared, dict) else None
    if said is None:
        return [], []
    if not isinstance(said, dict):
        return [], [f"{file.path}: `commands` is no mapping"]
    found: list[Command] = []
    notes: list[str] = []
    for purpose, value in said.items():
        if purpose not in PURPOSES:
            notes.append(f"{file.path}: {str(purpose)[:40]!r} is none of {', '.join(PURPOSES)}")
            continue
        for line in value if isinstance(value, list) else [value]:
            command = _command(purpose, line, file)
            if isinstance(command, str):
                notes.append(command)
            else:
                found.append(command)
    return found, notes


def _command(purpose: Purpose, line: object, file: Text) -> Command | str:
    if not isinstance(line, str) or not line.strip() or len(line) > 1_000:
        return f"{file.path}: a command of `{purpose}` is no text"
    source = file.at(line.strip().split("\n")[0])
    if _OPERATORS.search(line.strip()):
        argv: tuple[str, ...] = ("sh", "-c", line.strip())
    else:
        try:
            argv = tuple(shlex.split(line))
        except ValueError as problem:
            return f"{source}: {problem}"
    known = known_command(list(argv))
    tool = known.tool if known else argv[0].rpartition("/")[2]
    return Command(purpose, tool, argv, "", "said so by the repository", source, "explicit")
