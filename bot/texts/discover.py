"""What `towpath discover` says beside the list itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def not_readable(path: str, problem: str) -> str:
    return f"{path} cannot be looked through: {problem}"


def counted(kinds: Sequence[str]) -> str:
    if not kinds:
        return "No comment here says that something is to be done."
    parts = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(kinds).items()))
    return f"\n{len(kinds)} found: {parts}. The first number is the estimated WSJF score."
