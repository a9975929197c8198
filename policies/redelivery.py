"""Whether a webhook that GitHub could not deliver is asked for once more (W3).

Promises: pure; each failure is answered by one request, later ones after longer pauses; after
`MOST` of them it is given up on, once, and GitHub keeps nothing older than `KEPT`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

KEPT = timedelta(days=3)  # for so long GitHub can deliver again
_PAUSES = (timedelta(0), *(timedelta(minutes=m) for m in (2, 10, 60, 360)))
MOST = len(_PAUSES)


class Step(StrEnum):
    """What follows a failed delivery."""

    ASK = "ask"
    WAIT = "wait"
    GIVE_UP = "give_up"


@dataclass(frozen=True)
class Failed:
    """A delivery whose last attempt, at `failed_at`, failed.

    `asked`: how often it was asked for again, the last time at `asked_at`. `given_up`: people were
    told already.
    """

    failed_at: datetime
    asked: int = 0
    asked_at: datetime | None = None
    given_up: bool = False


def decide(failed: Failed, now: datetime) -> Step:
    """ASK, WAIT (for an answer to what was asked, or for the pause to end) or GIVE_UP."""
    if failed.given_up or now - failed.failed_at > KEPT:
        return Step.WAIT
    if failed.asked_at is None:
        return Step.ASK
    pause = _PAUSES[min(failed.asked, MOST - 1)]
    if now - failed.asked_at < pause:
        return Step.WAIT
    return Step.ASK if failed.asked < MOST else Step.GIVE_UP
