"""What Semgrep and Bandit find in a change that its base had not.

Promises: comments that silence a rule do not silence it here; a finding that only moved is not new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.gates.change import Change
from bot.gates.gate import CannotLook
from bot.gates.problems import Problem, new_problems
from bot.gates.scanners import report, rule_files, scanned
from bot.gates.workbench import Workbench


@dataclass(frozen=True)
class Alarm:
    """A finding that the base had not. `level`: ERROR, WARNING or INFO; `about`: the rule's own."""

    problem: Problem
    level: str
    about: Mapping[str, Any]


def semgrep(change: Change, bench: Workbench) -> list[Alarm]:
    """New findings of our rules; CannotLook."""
    if not scanned(change):
        return []
    if not rule_files(scanned(change)):
        raise CannotLook("semgrep", "there are no rules")
    told = report(change, bench, "semgrep")
    found: dict[str, list[Problem]] = {"head": [], "base": []}
    levels = {}
    try:
        for one in told["results"]:
            side, path = _place(one["path"])
            rule = _rule(one["check_id"])
            extra = one["extra"]
            levels[rule] = (extra["severity"], extra.get("metadata") or {})
            line, end = one["start"]["line"], one["end"]["line"]
            found[side].append(Problem(path, line, rule, extra["message"], end))
        unread = [
            str(one.get("message", one))[:300]
            for one in told.get("errors", ())
            if one.get("level") == "error" and "rule" in str(one.get("type", "")).lower()
        ]
    except (KeyError, TypeError, AttributeError) as problem:
        raise CannotLook("semgrep", f"unexpected JSON: {problem}") from None
    if unread:
        raise CannotLook("semgrep", "; ".join(unread)[:400])
    new = new_problems(change, found["head"], found["base"])
    return [Alarm(one, *levels[one.rule]) for one in new]


def bandit(change: Change, bench: Workbench) -> list[Alarm]:
    """New findings of Bandit; CannotLook."""
    if not any(path.endswith(".py") for path in scanned(change)):
        return []
    told = report(change, bench, "bandit")
    found: dict[str, list[Problem]] = {"head": [], "base": []}
    levels = {}
    try:
        for one in told["results"]:
            side, path = _place(one["filename"])
            rule = f"{one['test_id']}:{one['test_name']}"
            problem = Problem(path, one["line_number"], rule, one["issue_text"])
            found[side].append(problem)
            levels[problem] = (one["issue_severity"], {"confidence": one["issue_confidence"]})
    except (KeyError, TypeError, AttributeError) as problem:
        raise CannotLook("bandit", f"unexpected JSON: {problem}") from None
    return [Alarm(one, *levels[one]) for one in new_problems(change, found["head"], found["base"])]


def _place(path: str) -> tuple[str, str]:
    side, _, name = path.removeprefix("./").partition("/")
    return side, name


def _rule(identity: str) -> str:
    """A rule's own id, without the folders that the scanner puts before it."""
    at = identity.find("towpath.")
    return identity[at:] if at >= 0 else identity.rpartition(".")[2]
