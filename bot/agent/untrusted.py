"""Making foreign text safe to show to a model, and secrets invisible to it.

Promises: characters that a person cannot see do not reach a model; every foreign text stands in a
section whose delimiter cannot be written by whoever wrote the text; what looks like a secret is
replaced before a call and put back after it. The same input gives the same bytes. Never judges
what a text says.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

# Zero-width, bidirectional, tag and variation characters carry words that only a model would read.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CONTROLS = {"\n", "\t"}

_SECRETS = re.compile(
    r"""
    -----BEGIN\ [A-Z0-9 ]*PRIVATE\ KEY-----.*?-----END\ [A-Z0-9 ]*PRIVATE\ KEY-----
    | \bgh[pousr]_[A-Za-z0-9_.-]{20,}
    | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bglpat-[A-Za-z0-9_-]{20,}
    | \bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,}
    | \bAIza[A-Za-z0-9_-]{35}
    | \bpypi-[A-Za-z0-9_-]{30,}
    | \bnpm_[A-Za-z0-9]{36}
    | \beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}
    | (?<=://)[^\s/:@]{1,64}:[^\s/@]{3,128}(?=@)
    """,
    re.VERBOSE | re.DOTALL,
)


def visible(text: str) -> str:
    """The text as a person sees it: no hidden and no control characters, line ends as `\\n`."""
    text = _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        c for c in text if c in _CONTROLS or unicodedata.category(c) not in {"Cc", "Cs", "Co"}
    )


def without_comments(markdown: str) -> str:
    """Markdown without HTML comments: GitHub does not show them, so nobody agreed to them."""
    return _COMMENT.sub("", markdown)


def section(name: str, text: str) -> str:
    """A data section. Its nonce is a digest of the text, so that no text can contain its own."""
    nonce = hashlib.sha256(f"{name}\0{text}".encode()).hexdigest()[:20]
    return f"<<<DATA {name} {nonce}\n{text}\nDATA {nonce}>>>"


class Secrets:
    """What was taken out of one call, to be put back into its answer (M13)."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<Secrets: {len(self._known)} hidden>"

    def hide(self, text: str) -> str:
        """The text with placeholders in the place of what looks like a secret."""
        return _SECRETS.sub(self._placeholder, text)

    def _placeholder(self, found: re.Match[str]) -> str:
        # A digest, not a number: who does not know the secret cannot name its placeholder.
        name = f"HIDDEN_{hashlib.sha256(found[0].encode()).hexdigest()[:16]}"
        self._known[name] = found[0]
        return name

    def restore(self, value: Any) -> Any:
        """The JSON-shaped value with the secrets back in its strings."""
        if isinstance(value, str):
            for name, secret in self._known.items():
                value = value.replace(name, secret)
            return value
        if isinstance(value, dict):
            return {key: self.restore(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.restore(item) for item in value]
        return value
