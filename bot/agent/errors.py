"""Everything that can go wrong with a model call, as one closed vocabulary.

Promises: each kind says whether the same call may be tried again and what a person can do about
it. Never holds a key, a prompt or a provider's whole answer.
"""

from __future__ import annotations

from enum import StrEnum

from bot.story.vocabulary import Usage


class Kind(StrEnum):
    """Why a model call gave no usable answer (M1)."""

    CONFIGURATION = "configuration"  # unknown provider string, missing file, missing extra or key
    AUTHENTICATION = "authentication"
    QUOTA = "quota"
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    TIMEOUT = "timeout"
    TRANSPORT = "transport"  # no connection, or an answer that is not the protocol
    CONTEXT_FULL = "context_full"
    BAD_REQUEST = "bad_request"
    MALFORMED_HISTORY = "malformed_history"  # ours: a call without its result, or one doubled
    REFUSED = "refused"
    CUT_OFF = "cut_off"  # the answer reached its length limit
    INVALID_OUTPUT = "invalid_output"  # twice not what the schema asks for
    NO_ANSWER = "no_answer"  # a scripted provider has nothing for this purpose and task


RETRYABLE = frozenset({Kind.RATE_LIMIT, Kind.OVERLOADED, Kind.TIMEOUT, Kind.TRANSPORT})

# What a person can do: a word for `bot.texts` to make a sentence of.
REMEDY: dict[Kind, str] = {
    Kind.CONFIGURATION: "fix_settings",
    Kind.AUTHENTICATION: "check_key",
    Kind.QUOTA: "raise_quota",
    Kind.RATE_LIMIT: "wait",
    Kind.OVERLOADED: "wait",
    Kind.TIMEOUT: "wait",
    Kind.TRANSPORT: "check_connection",
    Kind.CONTEXT_FULL: "split_story",
    Kind.BAD_REQUEST: "report_bug",
    Kind.MALFORMED_HISTORY: "report_bug",
    Kind.REFUSED: "reword_story",
    Kind.CUT_OFF: "split_story",
    Kind.INVALID_OUTPUT: "choose_another_model",
    Kind.NO_ANSWER: "extend_script",
}


class ModelError(Exception):
    """A model call that gave no usable answer.

    `usage` is what the failed calls cost (None if nothing was sent): it must be counted too.
    `requests`: how many were made, to whichever model.
    """

    def __init__(self, kind: Kind, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after = retry_after  # seconds, where the provider said so
        self.usage: Usage | None = None
        self.requests = 0

    @property
    def retryable(self) -> bool:
        """Whether the very same call may succeed later."""
        return self.kind in RETRYABLE

    @property
    def remedy(self) -> str:
        """What a person can do, as one word."""
        return REMEDY[self.kind]
