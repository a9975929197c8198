"""What `towpath context` and `towpath conventions` say.

Promises: labels and short lines around what was found; what the repository says stays its own.
"""

from __future__ import annotations

NOTHING_FOUND = "Nothing of a style was found: there is no source file that Towpath reads."


def too_big(names: tuple[str, ...], tokens: int, limit: int) -> str:
    return (
        f"{', '.join(names)} and what is imported there need {tokens} tokens of {limit}. "
        "Name fewer targets, or give more with --tokens."
    )


def context_used(tokens: int, limit: int, files: int, left_out: int) -> str:
    return f"{tokens} of {limit} tokens, {files} files shown, {left_out} left out"


def told_by(path: str) -> str:
    return f"== {path}"


def certain(share: float, confidence: float, seen: int, evidence: tuple[str, ...]) -> str:
    """How sure a finding is."""
    places = f", e.g. {', '.join(evidence)}" if evidence else ""
    return f"{share:.0%} of {seen}, confidence {confidence:.2f}{places}"
