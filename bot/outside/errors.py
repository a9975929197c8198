"""What can go wrong when talking to GitHub, as types the engine can act on (W12).

Promises: every error says whether trying again can help (`retryable`), when at the earliest
(`retry_after`, seconds, None: choose yourself) and whether a write may have been done all the same
(`maybe_done`: look before repeating). Messages are plain and carry no credential.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.outside.redaction import redact


class GitHubError(Exception):
    """Any failed call. `kind` is what `policies.retry` knows it by; `status` 0: no answer."""

    kind = "invalid"
    retryable = False
    unsent = False  # nothing went out
    away = False  # it says nothing about the request: no attempt is used up

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        retry_after: float | None = None,
        maybe_done: bool = False,
    ) -> None:
        super().__init__(redact(message)[:500])
        self.status, self.retry_after, self.maybe_done = status, retry_after, maybe_done


class NotFound(GitHubError):
    """404 or 410: not there, or hidden from this installation."""

    kind = "not_found"


class Unauthorized(GitHubError):
    """401: app id, private key or installation are not accepted; an admin can put that right."""

    kind = "unauthorized"
    retryable = True


class Forbidden(GitHubError):
    """403. `needed`: the permissions that would do, as GitHub names them, e.g. `issues=write`."""

    kind = "forbidden"

    def __init__(self, message: str, *, status: int = 403, needed: str = "") -> None:
        super().__init__(f"{message} (needs {needed})" if needed else message, status=status)
        self.needed = needed


class RateLimited(GitHubError):
    """403 or 429. `limit`: primary | secondary. Nothing was done."""

    kind = "rate_limited"
    retryable = away = True

    def __init__(
        self,
        message: str,
        *,
        limit: str,
        retry_after: float,
        status: int = 0,
        unsent: bool = False,
    ) -> None:
        super().__init__(message, status=status, retry_after=retry_after)
        self.limit, self.unsent = limit, unsent


class Unavailable(GitHubError):
    """5xx, a time-out or a lost connection. For writes `maybe_done` says to look first."""

    kind = "unavailable"
    retryable = True


class Away(Unavailable):
    """GitHub does not answer and is left alone for now; nothing was sent (B9)."""

    unsent = away = True


class Conflict(GitHubError):
    """405 or 409: the world is not as the call assumed (another head, cannot be merged).

    `retryable` only where GitHub itself says to try again.
    """

    kind = "conflict"

    def __init__(self, message: str, *, status: int = 409, retryable: bool = False) -> None:
        super().__init__(message, status=status)
        self.retryable = retryable


class Refused(GitHubError):
    """400, 422 and everything else that stays wrong as it is. `errors`: GitHub's own list."""

    kind = "refused"

    def __init__(self, message: str, *, status: int = 422, errors: Sequence[str] = ()) -> None:
        self.errors = tuple(redact(each)[:200] for each in errors)
        super().__init__("; ".join([message, *self.errors]), status=status)
