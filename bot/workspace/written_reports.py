"""The reports that runners wrote, which foreign code may have written.

What tests wrote last counts: code that runs in a runner's process can write its report anew, and
end with 0. That has to be meant, and no run passes whose report and exit code do not agree.

Promises: bounded in size, regular files only, no link followed; a report that is missing or no
report is a problem, never an empty success.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.workspace.declarations import text_of
from bot.workspace.junit import BadReport, Case, content
from bot.workspace.parsers import parse
from bot.workspace.parsers.text import documents
from bot.workspace.sandbox import WORKSPACE


def read(folder: Path, reports: Sequence[tuple[str, str]]) -> tuple[list[Case], str]:
    """Every test of the reports, and why they do not count, else ""."""
    cases: dict[str, Case] = {}
    problems: list[str] = []
    for runner, name in reports:
        try:
            said = content(folder / name).decode("utf-8", "replace")
        except (BadReport, OSError) as problem:
            problems.append(f"no usable report of {runner}: {problem}")
            continue
        if runner == "node" and not said:
            continue  # it found no test
        parsed = parse(runner, said, root=WORKSPACE)
        if parsed.tests is None and parsed.problems:
            first = parsed.problems[0]
            problems.append(f"{runner} came to no test: {first.file}:{first.line} {first.message}")
            continue
        if parsed.understood and not parsed.tests:
            continue  # it found no test
        if parsed.tests is None or not parsed.understood:
            problems.append(f"no usable report of {runner}: {parsed.reason or 'it names no test'}")
            continue
        places = {problem.rule: problem for problem in parsed.problems}
        for test in parsed.tests:
            place = places.get(test.id)
            cases[test.id] = Case(
                test.id, place.file if place else "", place.line if place else None, test.status,
                test.message.split("\n")[0][:1000], test.message[-4000:],
            )  # fmt: skip
    return list(cases.values()), "; ".join(problems)


def printed(folder: Path, name: str) -> str:
    """The end of what Go's events say was printed, "" where there are none."""
    try:
        said = content(folder / name)[-200_000:].decode("utf-8", "replace")
    except (BadReport, OSError):
        return ""
    rows = (text_of(row.get("Output")) for row in documents(said))
    return "".join(rows)[-4000:]
