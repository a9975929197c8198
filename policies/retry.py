"""Whether and when to try again after a failure (S3, W12).

Promises: pure; the jitter is handed in; at most `limit` attempts; GitHub's own `Retry-After` is
never undercut; what cannot become right by waiting is not tried again.
"""

from __future__ import annotations

from dataclasses import dataclass

LIMIT = 5  # attempts of a stage
EFFECT_LIMIT = 300  # attempts of an effect: what fails for a day loses nothing
FIRST_SECONDS = 2.0
MOST_SECONDS = 300.0
_FINAL = frozenset({"forbidden", "not_found", "refused", "invalid", "denied"})


@dataclass(frozen=True)
class Again:
    """`after_seconds` counts from now; it is 0 where there is no next attempt."""

    again: bool
    after_seconds: float
    reason: str


def decide(
    kind: str,
    attempt: int,
    jitter: float,
    *,
    retry_after: float | None = None,
    limit: int = LIMIT,
) -> Again:
    """What follows failed attempt number `attempt` (from 1) that ended with an error of `kind`.

    `jitter`: 0..1, drawn by the caller. Waiting for a rate limit takes no attempt away: it is no
    failure of ours, and its time is given.
    """
    if kind in _FINAL:
        return Again(False, 0.0, f"{kind} does not become right by waiting")
    limited = kind == "rate_limited"
    if attempt >= limit and not limited:
        return Again(False, 0.0, f"{limit} attempts failed")
    share = min(1.0, max(0.0, jitter))
    longest = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(max(attempt, 1) - 1, 20))
    backoff = longest * (0.5 + share / 2)
    if retry_after is not None and retry_after > 0:
        return Again(True, retry_after + backoff * 0.1, "GitHub said when")
    return Again(True, backoff, f"attempt {attempt + 1} of {limit}")


def stage_retry(attempt: int, limit: int, jitter: float) -> float | None:
    """Seconds until a stage that faulted `attempt` times in a row runs again; None: never (S3)."""
    decision = decide("fault", attempt, jitter, limit=limit)
    return decision.after_seconds if decision.again else None


def effect_retry(attempt: int) -> float | None:
    """Seconds until an effect that failed `attempt` times is tried again; None: give it up.

    No jitter: one effect is performed by one worker, there is no herd to spread.
    """
    decision = decide("unavailable", attempt, 1.0, limit=EFFECT_LIMIT)
    return decision.after_seconds if decision.again else None
