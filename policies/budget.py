"""Whether a story may spend more on models (M4, P5).

Promises: pure; at the limit it waits for a person, never before; near it says so.
Never: it knows no prices; a call whose price is unknown is counted, not guessed.
"""

from __future__ import annotations

from bot.story.vocabulary import Gate, Verdict, allow, wait

NEAR = 0.8  # of the budget: from here on the cheaper models


def decide(spent_usd: float, budget_usd: float, *, cost_unknown: bool = False) -> Verdict:
    """ALLOW (`within_budget`, `near_budget`, `price_unknown`) or WAIT at budget_exceeded."""
    money = f"${spent_usd:.2f} of ${budget_usd:.2f} spent"
    if not spent_usd < budget_usd:  # also where a number is not one
        return wait("budget", f"{money}; /budget +5 raises it", Gate.BUDGET_EXCEEDED)
    if cost_unknown:
        return allow("price_unknown", f"{money}, and calls whose price is not known")
    if spent_usd >= NEAR * budget_usd:
        return allow("near_budget", money)
    return allow("within_budget", money)
