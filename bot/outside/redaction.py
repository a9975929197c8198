"""Taking credentials out of text before it is logged, raised, kept or sent.

Promises: GitHub's tokens of every kind (the long ones with dots too), JSON web tokens, private
keys, keys of our own API, the passwords of URLs and Authorization headers and what this process
knows to be a secret do not survive `redact`; `outgoing` is what every write to GitHub goes through.
"""

from __future__ import annotations

import re
from typing import Any

from bot.known_secrets import REDACTED, SHORTEST_SAID, without_known

_TOKENS = (
    r"gh[a-z]_[A-Za-z0-9._-]{16,}"
    r"|github_pat_[A-Za-z0-9_]{16,}"
    r"|\btowpath_[0-9a-f]{12}_[A-Za-z0-9_-]{43}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"
)
_BEGIN, _END = r"-----BEGIN [A-Z ]*PRIVATE KEY-----", r"-----END [A-Z ]*PRIVATE KEY-----"
_SECRET = re.compile(rf"{_TOKENS}|{_BEGIN}.*?(?:{_END}|\Z)", re.DOTALL)
# What follows a key that has no end is still said: our own marker may be part of it.
_SAID = re.compile(rf"{_TOKENS}|{_BEGIN}(?:(?:(?!{_BEGIN}).)*?{_END}|[A-Za-z0-9+/=\s]*)", re.DOTALL)
_AUTHORIZATION = re.compile(r"\b(bearer|basic|token)\s+[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE)
_HEADER = re.compile(r"(authorization:\s*\w{1,20}\s+)[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE)
_IN_URL = re.compile(r"(\bhttps?://)[^/\s:@]{0,200}:[^/\s@]{1,2000}@")


def redact(text: str) -> str:
    """`text` with every credential replaced by `[redacted]`."""
    text = _SECRET.sub(REDACTED, without_known(text))
    text = _IN_URL.sub(rf"\1{REDACTED}@", text)
    return _AUTHORIZATION.sub(rf"\1 {REDACTED}", text)


def outgoing(value: Any) -> Any:
    """A JSON-shaped value as it may be sent to GitHub.

    Milder than `redact` with words that people use ("token expiration", "basic authentication").
    """
    if isinstance(value, str):
        text = _SAID.sub(REDACTED, without_known(value, SHORTEST_SAID))
        return _HEADER.sub(rf"\1{REDACTED}", _IN_URL.sub(rf"\1{REDACTED}@", text))
    if isinstance(value, dict):
        return {key: outgoing(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [outgoing(item) for item in value]
    return value
