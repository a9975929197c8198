"""Which findings of scanners are leaked secrets, and how they are told without the secret (B4).

Promises: what a scanner quotes from a file is never copied, neither into a title nor into a body.
"""

from __future__ import annotations

import re

from bot.texts.security import revocation

_TOOLS = re.compile(r"gitleaks|trufflehog|detect-secrets|secretlint|ggshield|talisman", re.I)
_CERTAIN = re.compile(
    r"generic\.secrets|\bdetected-[\w-]*(?:key|token|secret|password|credential)"
    r"|(?:api|access|secret|private)[-_]key|[-_](?:pat|token|secret)$|^secret\b",
    re.IGNORECASE,
)
_GUESS = re.compile(r"\b[BS]10[567]\b|hard-?coded-?(?:password|credential|secret|token)", re.I)


def is_certain(rule: str, title: str = "", tool: str = "") -> bool:
    """Whether a rule finds secrets by what they look like."""
    told = title.startswith(TITLE) and not is_guess(rule)
    return bool(told or _TOOLS.search(tool) or _CERTAIN.search(rule))


def is_guess(rule: str) -> bool:
    """Whether a rule finds what is called a password, whatever it is."""
    return bool(_GUESS.search(rule))


TITLE = "A secret ("


def title(rule: str, file: str) -> str:
    return f"{TITLE}{rule}) in {file or 'the project'}"


def body(rule: str, places: list[str]) -> str:
    """Where it is, and what to do. `places`: `file:line`, without what is there."""
    listed = "\n".join(f"- {place}" for place in places)
    return f"{listed}\n\n{revocation(rule)}".strip()
