"""Signatures of commits by an SSH key (S20), as `git verify-commit` and GitHub check them.

Promises: Ed25519 only, whose signatures are the same every time, so that the same commit keeps the
same id; the key stays in this process. Never: the key in an error, a sandbox or a repository.
"""

from __future__ import annotations

import base64
import hashlib
import textwrap

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
)

_MAGIC, _KIND, _NAMESPACE, _HASH = b"SSHSIG", b"ssh-ed25519", b"git", b"sha512"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


class UnusableKey(ValueError):
    """This is no key that commits can be signed with; the text says what is wrong with it."""


class Signer:
    """Signs with one key. `public`: its line for GitHub's signing keys or `allowed_signers`."""

    def __init__(self, text: str) -> None:
        """`text`: of an OpenSSH private key without a passphrase. Raises UnusableKey."""
        try:
            key = load_ssh_private_key(text.strip().encode() + b"\n", password=None)
        except TypeError:
            raise UnusableKey("it has a passphrase") from None
        except (ValueError, UnsupportedAlgorithm):
            raise UnusableKey("it is no private key of OpenSSH") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise UnusableKey("it is not of the kind ed25519")
        self._key = key
        public = key.public_key()
        self._raw = _strings(_KIND, public.public_bytes(Encoding.Raw, PublicFormat.Raw))
        self.public = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def sign(self, payload: bytes) -> str:
        """The armoured signature (PROTOCOL.sshsig) of a commit's bytes."""
        digest = hashlib.sha512(payload).digest()
        signed = self._key.sign(_MAGIC + _strings(_NAMESPACE, b"", _HASH, digest))
        blob = _MAGIC + (1).to_bytes(4, "big")
        blob += _strings(self._raw, _NAMESPACE, b"", _HASH, _strings(_KIND, signed))
        lines = textwrap.wrap(base64.b64encode(blob).decode(), 70)
        return "\n".join([_BEGIN, *lines, _END])


def _strings(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
