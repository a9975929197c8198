"""What became of effects and of stages that failed: one frozen type an event (P1, S3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from bot.story.vocabulary import State, Usage, Value, Verdict


class EffectProposed(Value):
    """An effect and what the policies said about it (P1)."""

    kind: Literal["effect_proposed"] = "effect_proposed"
    key: str
    effect: str  # its kind
    digest: str  # of the whole effect
    verdict: Verdict


class EffectPerformed(Value):
    kind: Literal["effect_performed"] = "effect_performed"
    key: str
    effect: str
    result: dict[str, Any]
    looked: bool = False  # found done already when looking before repeating


class EffectFailed(Value):
    """`final`: it will not be tried again as it is. `usage`: what a failed model call cost, and
    `requests` how many it made.
    """

    kind: Literal["effect_failed"] = "effect_failed"
    key: str
    effect: str
    error: str
    error_id: str
    final: bool
    usage: Usage | None = None
    requests: int = 0


class EffectSuperseded(Value):
    """A view that was never shown: `by` shows what is true by now."""

    kind: Literal["effect_superseded"] = "effect_superseded"
    key: str
    effect: str
    by: str


class StageFaulted(Value):
    """A stage raised: kept with an id to find it by; retried with backoff (S3)."""

    kind: Literal["stage_faulted"] = "stage_faulted"
    stage: State
    error: str
    error_id: str
    attempt: int
    retry_at: datetime | None
