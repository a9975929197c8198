"""`black --check`, `black --diff` and `ruff format --check`: files that would be written anew."""

from __future__ import annotations

import re

from bot.workspace.parsers.parsed import Problem, Reading
from bot.workspace.parsers.text import lines, number

_WOULD = re.compile(r"[Ww]ould reformat:? (\S.*)")
_CANNOT = re.compile(r"error: cannot format ([^:\n]+): (?:Cannot parse[^:]*: (\d+):(\d+): )?(.*)")
_FAILED = re.compile(r"error: Failed to (?:parse|format) ([^:\n]+):(?:(\d+):(\d+):)? ?(.*)")
_CHANGED = re.compile(r"--- ([^\t\n]+)\t\d{4}-.*")
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+.*")
_END = re.compile(r"(?:\d+ files? .*(?:formatted|reformat|unchanged)|No Python files.*)[^\n]*")


def read(text: str) -> Reading | None:
    """Rule "format" for a file to be reformatted, "syntax" for one that cannot be parsed."""
    problems: dict[tuple[str, str], Problem] = {}
    hunks: dict[str, Problem] = {}
    complete, changed = False, ""
    for line in lines(text):
        if found := _WOULD.fullmatch(line):
            file = found[1]
            problems[file, "format"] = Problem(file, None, None, None, "format", "not formatted")
        elif found := _CANNOT.fullmatch(line) or _FAILED.fullmatch(line):
            file, row, column, message = found.groups()
            problems[file, "syntax"] = Problem(
                file, number(row), number(column), None, "syntax", message
            )
        elif found := _CHANGED.fullmatch(line):
            changed = found[1]
        elif (found := _HUNK.fullmatch(line)) and changed and changed not in hunks:
            start = number(found[1])
            hunks[changed] = Problem(changed, start, None, None, "format", "not formatted")
        elif _END.fullmatch(line):
            complete = True
    for file, hunk in hunks.items():
        problems[file, "format"] = hunk
    if not problems and not complete:
        return None
    return Reading(
        list(problems.values()), counts={"error": len(problems)}, complete=complete or None
    )
