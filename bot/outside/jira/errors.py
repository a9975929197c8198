"""What can go wrong when talking to Jira, as a type that the performer can act on.

Promises: says whether trying again can help (`retryable`), when at the earliest (`retry_after`,
seconds) and whether a write may have been done all the same (`maybe_done`: look before repeating).
The text carries no credential.
"""

from __future__ import annotations

from bot.outside.redaction import redact
from bot.story.tickets import TrackerError

RETRYABLE = frozenset({"unavailable", "rate_limited", "unauthorized"})


class JiraError(TrackerError):
    """A failed call. `kind`: not_found | unauthorized | forbidden | rate_limited | unavailable |
    conflict | refused; `status` 0: no answer came."""

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        status: int = 0,
        retry_after: float | None = None,
        maybe_done: bool = False,
    ) -> None:
        super().__init__(redact(message)[:500])
        self.kind, self.status = kind, status
        self.retry_after, self.maybe_done = retry_after, maybe_done
        self.retryable = kind in RETRYABLE
