"""The claim that a story is worked on under, or what stands against it (B7).

Promises: plain values; `bot.story.performed` folds them from what the tracker was found to show.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.story.vocabulary import Value


class Held(Value):
    """A claim of ours that was read back. `order`, `came`: of the comment that it began with.

    `taken_from`: the holder whose claim had run out, with when, or ''.
    """

    holder: str
    fence: int
    expires: datetime
    order: int
    came: datetime
    taken_from: str = ""


class Withheld(Value):
    """Why we may not work on it, by which rule of `policies.claims`, and when to look again."""

    rule: str
    reason: str
    until: datetime | None = None


def held_of(result: Mapping[str, Any]) -> Held | Withheld | None:
    """What the result of a ClaimIssue says; None: nobody looked (a rehearsal)."""
    if "held" not in result:
        return None
    kind = Held if result["held"] else Withheld
    return kind(**{name: result[name] for name in kind.model_fields if name in result})
