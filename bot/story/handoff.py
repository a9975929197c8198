"""What a person gets when Towpath gives a story back (§15.4)."""

from __future__ import annotations

from bot.story.vocabulary import Value


class Handoff(Value):
    """What a person gets when Towpath gives a story back (§15.4)."""

    reason: str
    summary: str
    tried: tuple[str, ...] = ()
    branch: str = ""
    failing: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    effort: str = ""
