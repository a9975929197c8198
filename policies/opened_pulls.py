"""How many pull requests a repository can take (P5): people have to read each of them.

Promises: pure; at a limit the next one waits, and time or a merge lets it through. Never: closes or
refuses one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.story.vocabulary import Gate, Verdict, wait

RULES = ("prs_per_day", "open_prs")
LOOK_AGAIN = timedelta(hours=1)  # whether one of those that are open has gone


@dataclass(frozen=True)
class Opened:
    """Pull requests of ours in one repository: opened since midnight (UTC), and open now."""

    day: int = 0
    open: int = 0


def decide(opened: Opened, per_day: int, at_once: int, now: datetime) -> Verdict | None:
    """WAIT (`prs_per_day`, `open_prs`; `until` says when it is looked at again), or None."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if opened.day >= per_day:
        until = midnight + timedelta(days=1)
        reason = f"{opened.day} of {per_day} pull requests of a day are opened"
        return _until(wait("prs_per_day", reason, Gate.BUDGET_EXCEEDED), until)
    if opened.open >= at_once:
        reason = f"{opened.open} of {at_once} pull requests are open at once"
        return _until(wait("open_prs", reason, Gate.BUDGET_EXCEEDED), now + LOOK_AGAIN)
    return None


def _until(verdict: Verdict, until: datetime) -> Verdict:
    reason = f"{verdict.reason}; it goes on at {until:%Y-%m-%d %H:%M} UTC at the earliest"
    return verdict.model_copy(update={"until": until, "whom": "", "reason": reason})
