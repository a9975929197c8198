"""The reports that a Node project's runners wrote, which foreign code may have written.

Promises: bounded in size, regular files only, no link followed; a report that is missing or no
report is a problem, never an empty success.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.workspace.junit import BadReport, Case, content
from bot.workspace.parsers import parse
from bot.workspace.sandbox import WORKSPACE
from bot.workspace.test_scripts import ScriptRunner


def read(folder: Path, reports: Sequence[tuple[ScriptRunner, str]]) -> tuple[list[Case], str]:
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
