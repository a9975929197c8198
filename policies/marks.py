"""May an issue be opened, changed or closed for a mark in a comment? (B3, P1)

Promises: pure; only where the repository's configuration asks for issues, and only issues that were
opened for that mark. Never: looks anything up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.story.vocabulary import Verdict, deny


@dataclass(frozen=True)
class MarkFacts:
    """`repository`: the id of the one whose marks these are. `issues`: whether it wants issues.

    `wanted`: marks that get one; `opened`: mark → issue, for those that have one.
    """

    repository: int
    issues: bool
    wanted: frozenset[int] = frozenset()
    opened: Mapping[int, int] | None = None


def decide(effect: Any, facts: MarkFacts | None) -> Verdict | None:
    """None where nothing is against it."""
    if facts is None or effect.repository.id != facts.repository:
        return deny("own_repository", "the effect is for the marks of another repository")
    if not facts.issues:
        return deny("todo_issues", "the configuration asks for no issues (backlog.todo.issues)")
    opened = facts.opened or {}
    if effect.kind == "open_todo_issue":
        if effect.mark in opened:
            return deny("one_issue", f"#{opened[effect.mark]} is the issue of this mark")
        if effect.mark not in facts.wanted:
            return deny("todo_wanted", "this mark is listed, it gets no issue of its own")
    elif opened.get(effect.mark) != effect.issue:
        return deny("own_issue", f"#{effect.issue} was not opened for this mark")
    return None
