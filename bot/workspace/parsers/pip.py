"""What pip and uv say when they cannot resolve, build or install."""

from __future__ import annotations

import re

from bot.workspace.parsers.parsed import Problem, Reading
from bot.workspace.parsers.text import lines

_ERROR = re.compile(r"\s*(?:ERROR|error): (\S.*)")
_CONFLICT = re.compile(r"The conflict is caused by:")
_UV = re.compile(r"  [×x] (\S.*)")
_MORE = re.compile(r"  (?:[╰├]─▶ |[│ ]   ?)(\S.*)")
_DONE = re.compile(
    r"Successfully (?:installed|downloaded|built) .*|Requirement already satisfied: .*"
    r"|(?:Installed|Audited|Resolved|Prepared|Checked) \d+ packages? in .*"
)


def read(text: str) -> Reading | None:
    """Rule: "resolution", "build" or "install"."""
    problems: list[Problem] = []
    done, caused, open_ = False, False, False
    for line in lines(text):
        if found := _UV.fullmatch(line):
            problems.append(_problem(found[1]))
            open_, caused = True, False
        elif found := _ERROR.fullmatch(line):
            problems.append(_problem(found[1]))
            open_ = caused = False
        elif _CONFLICT.fullmatch(line) and problems:
            caused = True
        elif (caused and line.startswith("    ")) or (open_ and _MORE.fullmatch(line)):
            problems[-1] = _with(problems[-1], line)
        elif _DONE.fullmatch(line.strip()):
            done = True
        elif line.strip():
            caused = open_ = False
    problems = [p for p in problems if not p.message.startswith("ResolutionImpossible")]
    if not problems and not done:
        return None
    return Reading(problems, counts={"errors": len(problems)})


def _with(problem: Problem, line: str) -> Problem:
    found = _MORE.fullmatch(line)
    return _problem(f"{problem.message} {found[1] if found else line.strip()}")


def _problem(message: str) -> Problem:
    lowered = message.lower()
    rule = "install"
    if re.search(
        r"conflict|no solution|unsatisfiable|no matching|could not find a version", lowered
    ):
        rule = "resolution"
    elif re.search(r"build|wheel|compile|subprocess", lowered):
        rule = "build"
    return Problem("", None, None, None, rule, message)
