"""Which issues people work on themselves: they have a pull request open that says so (B7).

Promises: pure reading of GitHub's own closing words in a pull request's text ("fixes #3"); ours and
those of other apps are not people's. Never: takes a mere mention for work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.story.involved import person

_CLOSES = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:[\w.-]+/[\w.-]+)?#([1-9]\d{0,9})\b",
    re.IGNORECASE | re.ASCII,
)


def pulls_of_people(pulls: Iterable[Mapping[str, Any]]) -> dict[int, int]:
    """Issue → the first open pull request of a person's that would close it."""
    found: dict[int, int] = {}
    for pull in sorted(pulls, key=lambda each: int(each.get("number") or 0)):
        if person(pull.get("user")).is_bot:
            continue
        for number in _CLOSES.findall(f"{pull.get('title') or ''}\n{pull.get('body') or ''}"):
            found.setdefault(int(number), int(pull.get("number") or 0))
    return found
