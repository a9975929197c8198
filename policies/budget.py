"""Whether a story may spend more on models (M4, P5).

Promises: pure; at a limit it waits, never before; near the story's own it says so, and shortly
before it that it is time to end with what there is. A call whose price is unknown is counted by its
tokens, which have a limit of their own: what has no known price cannot be spent without end.
Never: it knows no prices and guesses none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.story.vocabulary import Gate, Verdict, allow, wait

NEAR = 0.8  # of the budget: from here on the cheaper models
WRAP_UP = 0.95  # from here on: end with what there is


@dataclass(frozen=True)
class Spent:
    """What was spent so far. `unpriced_tokens`: of the calls whose price nobody knows.

    Day and month are those of the whole installation, `organisation_usd` is the month of the
    repository's owner; all in UTC and counted from the journal.
    """

    story_usd: float = 0.0
    unpriced_tokens: int = 0
    day_usd: float = 0.0
    month_usd: float = 0.0
    organisation_usd: float = 0.0


@dataclass(frozen=True)
class Caps:
    """Limits that people set; None is no limit. `raised_usd`: what `/budget +5` added."""

    story_usd: float = 5.0
    story_tokens: int = 3_000_000
    raised_usd: float = 0.0
    day_usd: float | None = None
    month_usd: float | None = None
    organisation_usd: float | None = None

    @property
    def usd(self) -> float:
        """What the story may spend by now."""
        return self.story_usd + self.raised_usd

    @property
    def tokens(self) -> int:
        """Raised with the budget, in its proportion."""
        return int(self.story_tokens * (self.usd / self.story_usd if self.story_usd else 1.0))


def share(spent: Spent, caps: Caps) -> float:
    """How much of the story's own limits is spent; 1.0 and more is all of it."""
    by_money = spent.story_usd / caps.usd if caps.usd > 0 else 1.0
    by_tokens = spent.unpriced_tokens / caps.tokens if caps.tokens > 0 else 1.0
    worst = max(by_money, by_tokens)
    return worst if worst == worst else 1.0  # what is not a number is not money either


def decide(spent: Spent, caps: Caps, now: datetime) -> Verdict:
    """ALLOW (`within_budget`, `near_budget`, `wrap_up`, `price_unknown`) or WAIT.

    WAIT at budget_exceeded: for a person (`budget`, `token_budget`), or until the day or month is
    over (`day_budget`, `month_budget`, `organisation_budget`; `until` says when).
    """
    if held := _held_by_all(spent, caps, now):
        return held
    money = f"${spent.story_usd:.2f} of ${caps.usd:.2f} spent"
    if not spent.story_usd < caps.usd:  # also where a number is not one
        return wait("budget", f"{money}; /budget +5 raises it", Gate.BUDGET_EXCEEDED)
    if spent.unpriced_tokens >= caps.tokens:
        return wait(
            "token_budget",
            f"{spent.unpriced_tokens:,} of {caps.tokens:,} tokens spent at a price that is not "
            "known; /budget +5 raises it in proportion",
            Gate.BUDGET_EXCEEDED,
        )
    used = share(spent, caps)
    if used >= WRAP_UP:
        return allow("wrap_up", money)
    if used >= NEAR:
        return allow("near_budget", money)
    if spent.unpriced_tokens:
        return allow("price_unknown", f"{money}, and calls whose price is not known")
    return allow("within_budget", money)


def _held_by_all(spent: Spent, caps: Caps, now: datetime) -> Verdict | None:
    """The limits that stories share: nobody raises them from a comment."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + timedelta(days=1)
    next_month = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    limits = (
        ("day_budget", "today", spent.day_usd, caps.day_usd, tomorrow),
        ("month_budget", "this month", spent.month_usd, caps.month_usd, next_month),
        (
            "organisation_budget",
            "this month for this organisation",
            spent.organisation_usd,
            caps.organisation_usd,
            next_month,
        ),
    )
    for rule, period, used, most, until in limits:
        if most is not None and not used < most:
            reason = f"${used:.2f} of ${most:.2f} spent {period}; it goes on at {until:%Y-%m-%d}"
            verdict = wait(rule, reason, Gate.BUDGET_EXCEEDED)
            return verdict.model_copy(update={"until": until, "whom": ""})  # time opens it
    return None
