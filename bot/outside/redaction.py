"""Taking credentials out of text before it is logged, raised or kept.

Promises: GitHub's tokens of every kind (the long ones with dots too), JSON web tokens, private keys
and the passwords of URLs and Authorization headers do not survive `redact`.
"""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"gh[a-z]_[A-Za-z0-9._-]{16,}"
    r"|github_pat_[A-Za-z0-9_]{16,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_AUTHORIZATION = re.compile(r"\b(bearer|basic|token)\s+[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE)
_IN_URL = re.compile(r"(\bhttps?://)[^/\s:@]{0,200}:[^/\s@]{1,2000}@")


def redact(text: str) -> str:
    """`text` with every credential replaced by `[redacted]`."""
    text = _SECRET.sub("[redacted]", text)
    text = _IN_URL.sub(r"\1[redacted]@", text)
    return _AUTHORIZATION.sub(r"\1 [redacted]", text)
