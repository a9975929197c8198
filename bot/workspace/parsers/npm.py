"""What npm, pnpm and yarn say when they cannot install."""

from __future__ import annotations

import re

from bot.workspace.parsers.parsed import Problem, Reading
from bot.workspace.parsers.text import lines

_CODE = re.compile(r"npm (?:ERR!|error) code (\w+)")
_SAID = re.compile(r"npm (?:ERR!|error) ?(.*)")
_NOISE = re.compile(
    r"A complete log of this run.*|For a full report see.*|See /.* for a full report.*|\s+/.*"
    r"|To see a list of scripts.*|  npm run.*|code \w+|Run \"npm help.*|/\S+"
)
_PNPM = re.compile(r"\s*(ERR_PNPM_\w+)\s+(.*)")
_YARN = re.compile(r"(?:➤ )?(YN\d{4}): (?:[│└┌] )*(.*)|error (.*)")
_DONE = re.compile(
    r"(?:added|changed|removed|up to date|audited)\b.*|Done in .*|success .*|Already up to date.*"
)


def read(text: str) -> Reading | None:
    """One problem for each error, of the manager's own code."""
    said: list[str] = []
    problems: list[Problem] = []
    code, done = "", False
    for line in lines(text):
        if found := _CODE.fullmatch(line):
            code = found[1]
        elif found := _SAID.fullmatch(line):
            if found[1].strip() and not _NOISE.fullmatch(found[1]):
                said.append(found[1].strip())
        elif found := _PNPM.fullmatch(line):
            problems.append(Problem("", None, None, None, found[1], found[2]))
        elif found := _YARN.fullmatch(line):
            if found[3] or found[1] not in {"YN0000", "YN0013"}:
                rule, message = (found[1], found[2]) if found[1] else ("", found[3])
                problems.append(Problem("package.json", None, None, None, rule, message))
        elif _DONE.fullmatch(line.strip()):
            done = True
    if said:
        message = "\n".join(line.removeprefix(f"{code} ") for line in said[:30])
        problems.insert(0, Problem("package.json", None, None, None, code, message))
    if not problems and not done:
        return None
    return Reading(problems, counts={"errors": len(problems)})
