"""What a credential looks like: formats of well-known issuers, and names that announce one.

Promises: linear in the length of the text; never gives back the credential itself.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

# Formats that nothing else has.
_FORMATS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("private-key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
        ("aws-key-id", r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])"),
        ("aws-key-id", r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
        ("github-token", r"\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{30,}|\bgithub_pat_\w{40,}"),
        ("gitlab-token", r"\bgl(?:pat|dt|rt|ptt|cbt)-[\w-]{20,}"),
        ("slack-token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
        ("slack-webhook", r"hooks\.slack\.com/services/T\w+/B\w+/\w+"),
        ("stripe-key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
        ("anthropic-key", r"\bsk-ant-[\w-]{20,}"),
        ("openai-key", r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{32,}"),
        ("google-key", r"\bAIza[\w-]{35}\b|\bGOCSPX-[\w-]{20,}|\bya29\.[\w-]{30,}"),
        ("pypi-token", r"\bpypi-AgE[\w-]{40,}"),
        ("npm-token", r"\bnpm_[A-Za-z0-9]{36}\b|_authToken\s*=\s*[\w-]{20,}"),
        ("sendgrid-key", r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
        ("twilio-key", r"\b(?:SK|AC)[0-9a-f]{32}\b"),
        ("telegram-token", r"\b\d{8,10}:AA[\w-]{33}\b"),
        ("huggingface-token", r"\bhf_[A-Za-z]{30,}"),
        ("digitalocean-token", r"\bdo[oprt]_v1_[0-9a-f]{64}\b"),
        ("azure-key", r"AccountKey=[A-Za-z0-9+/]{60,}={0,2}"),
        ("jwt", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
        ("url-password", r"\b[a-z][a-z0-9+.-]*://[^\s:/@'\"{}<>$%]+:(?P<value>[^\s:/@'\"{}<>$%]{3,})@"),
    )
)  # fmt: skip
_NAMED = re.compile(
    r"""(?ix) (?<![a-z]) (?P<name> [\w.-]{0,40}?
        (?: passw(?:or)?d | passwd | pwd | passphrase | secret | token | api[_-]?key | apikey
          | access[_-]?key | auth[_-]?key | private[_-]?key | client[_-]?secret | credentials?
          | signing[_-]?key | encryption[_-]?key | secret[_-]?key ) [\w-]{0,20} ) ['"]?\]?
        (?: \s*:\s*[\w\[\]|. ]{1,30})? \s* (?:=|:|=>|:=) \s*
        (?P<quote>['"`]) (?P<value> [^'"`\n]{6,200}) (?P=quote)"""
)
_ENVIRONMENT = re.compile(
    r"(?i)^\s*(?:export\s+)?(?P<name>\w*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)"
    r"\w*)\s*[=:]\s*(?P<value>[^\s'\"#$]{8,200})\s*(?:#.*)?$"
)
_PLACEHOLDER = re.compile(
    r"(?i)^(?:x+|\*+|\.+|-+|changeme|change[_-]me.*|example.*|placeholder.*|dummy.*|fake.*|redacted"
    r"|your[_-].*|my[_-]?(?:secret|password|token)|<.*>|\$\{.*\}?|\{\{.*|%\(.*|todo.*|none|null"
    r"|true|false|test(?:ing)?|pass(?:word)?|secret|token|\$\w+|\{\w*\}|insert.*|replace.*)$"
)
_WORDS = re.compile(r"^[a-z]+(?:[ _.:/-][a-z]+)*$|^[A-Z]+(?:_[A-Z]+)*$|^[a-z]+(?:[A-Z][a-z]+)+$")
_NOT_VALUES = re.compile(r"[(){}<>%]|\s\S+\s|^/|^https?://[^:@]*$|^\w+\.\w+(?:\.\w+)*$|^--")
_NAMES_ONLY = re.compile(
    r"(?i)(_(?:url|uri|path|file|name|header|field|param|type|length|len|prefix|suffix|regex"
    r"|pattern|label|id|expir\w*|ttl|endpoint|env|var|key_?name|scheme|hash|help|desc\w*|msg|text"
    r"|message|error|re|chars|format)|tokenizer\w*|token_?types?|tokens?_\w+|tokens)$|^(?:csrf)"
)


def found_in(line: str, *, prose: bool = False, settings: bool = False) -> Iterator[str]:
    """Kinds of credentials in a line.

    `prose`: text or tests, where only formats count that nothing else has. `settings`: a file of
    bare `NAME=value` lines.
    """
    if len(line) > 20_000:
        line = line[:20_000]
    kinds = set()
    for kind, pattern in _FORMATS:
        for match in pattern.finditer(line):
            value = match.groupdict().get("value")
            if kind == "url-password" and (prose or _is_nothing(value or "")):
                continue
            if kind not in kinds and not _masked(match[0]):
                kinds.add(kind)
                yield kind
    if kinds or prose:
        return
    for pattern in (_NAMED, _ENVIRONMENT) if settings else (_NAMED,):
        for match in pattern.finditer(line):
            if not _NAMES_ONLY.search(match["name"]) and _looks_secret(match["value"]):
                yield "named-credential"
                return


def _looks_secret(value: str) -> bool:
    if _is_nothing(value) or _NOT_VALUES.search(value) or _WORDS.match(value):
        return False
    return len(set(value)) > 4 and entropy(value) > 2.3


def _is_nothing(value: str) -> bool:
    return bool(_PLACEHOLDER.match(value.strip()))


def _masked(text: str) -> bool:
    return bool(re.search(r"(?i)x{8,}|\*{4,}|\.{4,}|0{12,}|<[a-z]", text))


def entropy(text: str) -> float:
    """Bits a character."""
    if not text:
        return 0.0
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
