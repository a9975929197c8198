"""What a mark is worth and how large it is, before anybody has said so (B2).

Promises: pure; four numbers of the scale 1-2-3-5-8-13, each with the reason for it. The score is
made of them elsewhere (`policies.ranking`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.backlog.todo.found import Todo
from bot.codebase.roles import role_of

Family = Literal["feature", "bug", "security", "debt", "test", "docs", "operations"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of the scale and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Worth:
    """What WSJF is made of, and the family of the work."""

    family: Family
    value: Estimate
    time: Estimate
    risk: Estimate
    size: Estimate


# (value, time criticality, risk reduction)
_BY_KIND = {
    "BUG": (5, 5, 5),
    "FIXME": (5, 3, 3),
    "HACK": (3, 1, 3),
    "XXX": (3, 1, 2),
    "TODO": (3, 1, 1),
}
_SECURITY = re.compile(
    r"\b(?:securit\w+|vulnerab\w+|cve-\d\S*|injections?|xss|csrf|ssrf|insecure\w*|unsafe|sanitiz\w+"
    r"|sanitis\w+|secrets?|passwords?|credentials?|privileges?|auth(?:entication|orization)?"
    r"|encrypt\w*|plain ?text|exploit\w*)\b",
    re.I,
)
_HARM = re.compile(
    r"\b(?:crash\w*|data loss|los(?:e|es|ing) data|corrupt\w*|race(?: condition)?|deadlocks?|leaks?"
    r"|overflow\w*|wrong|incorrect\w*|broken|fails?|breaks?|infinite|undefined behaviou?r)\b",
    re.I,
)
_SOON = re.compile(
    r"\b(?:before (?:the )?(?:release|merg\w+|launch|ship\w*)|urgent\w*|asap|immediately|deadline"
    r"|temporar\w+|until|deprecated?|remove (?:in|after|when|once)|end of life|by 20\d\d)\b",
    re.I,
)
_LARGE = re.compile(
    r"\b(?:refactor\w*|rewrite|redesign|re-?implement\w*|implement\w*|support|migrat\w+|replace"
    r"|generali[sz]e|optimi[sz]e|architecture|everywhere)\b",
    re.I,
)
_SMALL = re.compile(
    r"\b(?:rename|typos?|remove|delete|drop|unused|comment|docstring|message|spelling|constant)\b",
    re.I,
)
_DOCS = re.compile(r"\b(?:document(?:ed|ation)?|docs?|docstrings?|readme|explain)\b", re.I)
_ADDS = re.compile(r"^\W*(?:add|support|implement|allow|provide|enable|introduce|make it)\b", re.I)
_SIZES = ((6, 2), (25, 3), (60, 5))  # words of the text up to which a size holds
_LARGEST = 8


def worth(todo: Todo) -> Worth:
    """The estimate for a mark."""
    value, time, risk = (
        Estimate(number, f"usual for {todo.kind}") for number in _BY_KIND[todo.kind]
    )
    family = _family(todo)
    if family == "test" or role_of(todo.path) == "aside":
        value = Estimate(2, "it is in a test or beside the product")
    if found := _SECURITY.search(todo.text):
        value, risk = Estimate(5, f"it says “{found[0]}”"), Estimate(8, f"it says “{found[0]}”")
        time = Estimate(5, f"it says “{found[0]}”")
    elif found := _HARM.search(todo.text):
        risk = Estimate(max(risk.number, 5), f"it says “{found[0]}”")
    if found := _SOON.search(todo.text):
        time = Estimate(max(time.number, 5), f"it says “{found[0]}”")
    return Worth(family, value, time, risk, _size(todo))


def _family(todo: Todo) -> Family:
    if _SECURITY.search(todo.text):
        return "security"
    if role_of(todo.path) == "test":
        return "test"
    if todo.kind in ("BUG", "FIXME"):
        return "bug"
    if _DOCS.search(todo.title):
        return "docs"
    return "feature" if todo.kind == "TODO" and _ADDS.search(todo.title) else "debt"


def _size(todo: Todo) -> Estimate:
    words = len(todo.text.split())
    size = next((size for most, size in _SIZES if words <= most), _LARGEST)
    if found := _LARGE.search(todo.text):
        return Estimate(max(size, 5), f"it says “{found[0]}”")
    if size <= 3 and (found := _SMALL.search(todo.title)):
        return Estimate(1, f"it says “{found[0]}”")
    return Estimate(size, f"{words} words describe it")
