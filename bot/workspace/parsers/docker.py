"""docker build with the classic builder and with BuildKit (plain progress)."""

from __future__ import annotations

import re

from bot.workspace.parsers.parsed import Problem, Reading
from bot.workspace.parsers.text import count, lines, number

_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
_CLASSIC = re.compile(
    r"(?:The command '.*' returned a non-zero code: \d+|(?:COPY|ADD) failed: .*"
    r"|Error response from daemon: .*|error during connect: .*)"
)
_DONE = re.compile(r"Successfully built \w+|#\d+ writing image .*|#\d+ exporting to .*")
_BUILDKIT = re.compile(r"#(\d+) (?:\[(.*?)\] )?(.*)")
_ERROR = re.compile(r"#(\d+) ERROR:? (.*)")
_SOLVE = re.compile(r"(?:ERROR: )?(failed to (?:solve|compute|fetch|read|build|create).*)")
_PLACE = re.compile(r"([\w./-]*(?:Dockerfile|Containerfile)[\w./-]*):(\d+)")
_LINE = re.compile(r"(?:.*)parse error(?: on)? line (\d+): .*")
_MISSING = re.compile(r"ERROR: (BuildKit is enabled but .*|Cannot connect .*|unable to .*)")


def read(text: str) -> Reading | None:
    """Rule: the instruction that failed ("RUN", "COPY"), "build" for anything else."""
    step, instruction, done = "", "", False
    steps: dict[str, str] = {}
    problems: list[Problem] = []
    place: tuple[str, int | None] = ("", None)
    counts: dict[str, int] = {}
    for line in lines(text):
        if found := _STEP.fullmatch(line):
            step, instruction = found[3], found[3].split(" ")[0]
            counts = {"steps": count(found[2]), "step": count(found[1])}
        elif found := _ERROR.fullmatch(line):
            step = steps.get(found[1], step)
            instruction = step.split(" ")[0]
            problems.append(_problem(instruction, step, found[2]))
        elif found := _PLACE.fullmatch(line):
            place = (found[1], number(found[2]))
        elif _CLASSIC.fullmatch(line) or _MISSING.fullmatch(line):
            problems.append(_problem(instruction, step, line))
        elif (found := _SOLVE.fullmatch(line)) and not problems:
            problems.append(_problem("", "", found[1]))
        elif _DONE.fullmatch(line):
            done = True
        elif (found := _BUILDKIT.fullmatch(line)) and found[2]:
            steps[found[1]] = found[3]
    if not problems and not done:
        return None
    problems = [_at(problem, place) for problem in problems]
    return Reading(problems, counts={**counts, "errors": len(problems)})


def _problem(instruction: str, step: str, message: str) -> Problem:
    found = _LINE.fullmatch(message)
    rule = instruction if instruction.isupper() else "build"
    said = f"{step}: {message}" if step else message
    return Problem("", number(found[1]) if found else None, None, None, rule, said)


def _at(problem: Problem, place: tuple[str, int | None]) -> Problem:
    file, line = place
    return Problem(
        file, problem.line or line, None, None, problem.rule, problem.message, problem.severity
    )
