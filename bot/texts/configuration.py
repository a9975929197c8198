"""What is said about a repository's configuration, on its commit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.configuration.problems import Problem
from bot.texts.words import code, plain
from policies.repository_effects import CONFIGURATION_CHECK as CHECK

__all__ = ["CHECK", "check_summary", "check_title", "holds", "line"]


def check_title(problems: Sequence[Problem], proposed: bool) -> str:
    """One line: what it is worth."""
    if not problems:
        return "It can be obeyed once it is merged" if proposed else "In force"
    number = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return f"{number}: it cannot be obeyed"


def check_summary(problems: Sequence[Problem], kept: bool, proposed: bool) -> str:
    """What holds meanwhile, and each problem with its place."""
    if not problems:
        if proposed:
            return (
                "Nothing is wrong with it. It holds from the merge on; until then, and for this "
                "pull request, what the default branch says holds."
            )
        return "This is what holds for Towpath in this repository from now on."
    if proposed:
        first = "It could not be obeyed after the merge."
    elif kept:
        first = "What was in force before stays in force until this is mended."
    else:
        first = "Towpath does nothing in this repository until this is mended."
    rows = [
        f"- {code(f'{one.path}:{one.line}:{one.column}')}: {plain(one.message, 500)}"
        for one in problems
    ]
    return f"{first}\n\n" + "\n".join(rows)


def line(problem: Problem) -> str:
    """One problem for a terminal."""
    return f"{problem.path}:{problem.line}:{problem.column}: {plain(problem.message, 500)}"


def holds(told: Mapping[str, Any]) -> str:
    """What is said, where nothing is wrong."""
    if not told:
        return "Nothing is wrong with it, and it says nothing: the defaults hold."
    return "Nothing is wrong with it. It says:\n" + json.dumps(told, indent=2, ensure_ascii=False)
