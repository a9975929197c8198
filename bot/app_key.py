"""The private key of the app, however it got here (W4).

Promises: a key that went through an environment variable, a secret manager or an editor is read as
it was meant: `\\n` for line ends, CRLF, one line, quotes, a byte order mark, base64 of the file, no
last line end. What is no usable key is told apart by kind. Never: a part of the key in an answer.
"""

from __future__ import annotations

import base64
import binascii
import re
import textwrap
from typing import Literal

Problem = Literal["", "path", "public", "encrypted", "openssh", "kind", "damaged", "none"]

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/=_-]{100,}")


def pem_of(text: str) -> str:
    """The PEM that `text` means; text that holds none comes back as it is, stripped."""
    text = text.lstrip("\ufeff").strip().strip("\"'").strip()
    text = text.replace("\\r", "").replace("\\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    if "-----BEGIN" not in text:
        text = _decoded(text) or text
    block = _BLOCK.search(text)
    if block is None:
        return text
    kind, body = block[1], block[2]
    if ":" in body:  # headers, as of an encrypted key: the lines mean something
        return f"{block[0]}\n"
    lines = textwrap.wrap(re.sub(r"\s+", "", body), 64)
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])


def _decoded(text: str) -> str:
    packed = re.sub(r"\s+", "", text)
    if not _BASE64.fullmatch(packed):
        return ""
    packed = packed.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        raw = base64.b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return raw.replace("\r\n", "\n") if "-----BEGIN" in raw else ""


def problem_of(pem: str) -> Problem:
    """Why `pem` (of `pem_of`) cannot sign for an app; '' where it can."""
    if "-----BEGIN" not in pem:
        is_path = "\n" not in pem and (pem.endswith(".pem") or pem.startswith(("/", "~", "./")))
        return "path" if is_path else "none"
    if "PRIVATE KEY-----" not in pem:
        return "public"
    if "BEGIN OPENSSH" in pem:
        return "openssh"
    if "ENCRYPTED" in pem:
        return "encrypted"
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "damaged"
    return "" if isinstance(key, RSAPrivateKey) else "kind"
