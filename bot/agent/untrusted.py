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

from bot.known_secrets import without_known

# Beyond the control and format characters: what has no ink, or only changes a neighbour's.
_INKLESS = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U0001d159\U000e0000-\U000e0fff"
)
_NO_INK = re.compile(f"[{_INKLESS}]")
# Format characters that are seen: signs around Arabic, Syriac and Kaithi numbers.
_SEEN = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")
_LINE_ENDS = {"\u2028", "\u2029", "\u0085", "\v", "\f"}


class _Shown(dict[int, str | None]):
    """What becomes of each character; found out when it is first met."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        if character in _LINE_ENDS:
            result: str | None = "\n"
        elif character in "\n\t" or _SEEN.match(character):
            result = character
        elif _NO_INK.match(character):
            result = None
        else:
            hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co"}
            result = None if hidden else character
        self[code] = result
        return result


_SHOWN = _Shown()

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
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_SHOWN)


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
        return _SECRETS.sub(self._placeholder, without_known(text))

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
