"""What the names around a call say that it is for, and what a shell would make of a command.

Promises: pure; a name that may mean more than one thing means nothing; a command is taken apart
only where every shell would take it apart in the same way.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET = frozenset({
    "token", "tokens", "password", "passwords", "passwd", "passphrase", "secret", "secrets",
    "otp", "nonce", "csrf", "salt", "apikey", "credential", "credentials", "session",
    "sessionid", "key", "pin", "captcha",
})  # fmt: skip
_CHECKSUM = frozenset({
    "etag", "etags", "checksum", "checksums", "cache", "cached", "fingerprint",
    "fingerprints", "dedup", "dedupe", "bucket", "shard", "shards", "crc",
})  # fmt: skip
_SECURITY = _SECRET | frozenset({
    "sign", "signed", "signature", "signatures", "hmac", "mac", "auth", "authenticate",
    "verify", "verification", "login", "user", "users", "cert", "certificate", "encrypt",
    "decrypt", "crypto",
})  # fmt: skip


def parts(names: Iterable[str]) -> frozenset[str]:
    """The words of identifiers: `apiKey_new` is api, key, new."""
    return frozenset(word.lower() for name in names for word in _PARTS.findall(name))


def is_secret(names: Iterable[str]) -> bool:
    """Whether what is made here is called a thing that nobody may guess."""
    return bool(parts(names) & _SECRET - {"key"}) or {"api", "key"} <= parts(names)


def is_checksum(names: Iterable[str]) -> bool:
    """Whether what is made here is called a checksum, and nothing speaks of security."""
    told = parts(names)
    suspicious = told & _SECURITY - ({"key"} if told & {"cache", "cached"} else set())
    return bool(told & _CHECKSUM) and not suspicious


_FOR_THE_SHELL = frozenset("|&;<>()$`\\*?[]#~!{}\n\r\0^%")
_BUILT_IN = frozenset({
    ".", ":", "alias", "bg", "bind", "break", "builtin", "case", "cd", "command", "continue",
    "declare", "dirs", "disown", "do", "done", "elif", "else", "enable", "esac", "eval",
    "exec", "exit", "export", "fc", "fg", "fi", "for", "function", "getopts", "hash", "help",
    "history", "if", "in", "jobs", "let", "local", "logout", "popd", "pushd", "read",
    "readonly", "return", "select", "set", "shift", "shopt", "source", "suspend", "then",
    "time", "times", "trap", "type", "typeset", "ulimit", "umask", "unalias", "unset",
    "until", "wait", "while",
})  # fmt: skip


def words_of_command(command: str) -> list[str] | None:
    """The words of a command that needs no shell; None where a shell would do more."""
    if _FOR_THE_SHELL & set(command):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if not words or "=" in words[0] or words[0] in _BUILT_IN or not all(words):
        return None
    return words
