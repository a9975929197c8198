"""Short-lived tokens of the API: signed with Ed25519, by keys that can be rotated (W13).

Promises: a token is worth something for 15 minutes, for this API of this Towpath only; a key file
that others can read is refused. Never: a token or key in a log or an error.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

LIFE = timedelta(minutes=15)
ISSUER, AUDIENCE = "towpath", "towpath-api"
_KEPT = 2  # the key that signs, and the one before it
_SKEW = timedelta(seconds=5)
_LONGEST = 8_192


class NoSigningKey(RuntimeError):
    """A key file cannot be used; the text says which and why."""


class BadToken(ValueError):
    """The token is worth nothing; the text says why, without any of it."""


class Signer:
    """Mints and checks tokens with the keys in `folder` (made with the first one when missing)."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._folder, self._clock = folder, clock

    def mint(self, subject: str, **claims: Any) -> tuple[str, datetime]:
        """A token and when it ends."""
        kid, key = self._newest()
        now = self._clock()
        body = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "jti": secrets.token_urlsafe(16),
            "iat": int(now.timestamp()),
            "exp": int((now + LIFE).timestamp()),
            **claims,
        }
        return jwt.encode(body, key, algorithm="EdDSA", headers={"kid": kid}), now + LIFE

    def check(self, token: str) -> Mapping[str, Any]:
        """The claims of a token of ours. Raises BadToken."""
        if len(token) > _LONGEST:
            raise BadToken("too long")
        try:
            kid = str(jwt.get_unverified_header(token).get("kid") or "")
            key = self._keys().get(kid)
            if key is None:
                raise BadToken("signed with a key that is not in use")
            claims: dict[str, Any] = jwt.decode(
                token,
                key.public_key(),
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                issuer=ISSUER,
                # The times are judged below, by the clock that was handed in.
                options={
                    "require": ["exp", "iat", "aud", "iss", "sub", "jti"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError as error:
            raise BadToken(type(error).__name__) from None
        now = self._clock().timestamp()
        if not isinstance(claims["exp"], int) or not isinstance(claims["iat"], int):
            raise BadToken("no times")
        if now >= claims["exp"]:
            raise BadToken("it has ended")
        if claims["iat"] > now + _SKEW.total_seconds():
            raise BadToken("it has not begun")
        if claims["exp"] - claims["iat"] > LIFE.total_seconds():
            raise BadToken("it lives too long")
        return claims

    def rotate(self) -> str:
        """A new key signs from now on; the one before it is still good. Returns the new key's id.

        Called twice within 15 minutes, tokens of the first key end early.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kid = f"{self._clock():%Y%m%d%H%M%S}-{secrets.token_hex(4)}"
        pem = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        unfinished = self._folder / f".{kid}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._folder / f"{kid}.pem")
        for old in self._files()[:-_KEPT]:
            old.unlink(missing_ok=True)
        return kid

    def _newest(self) -> tuple[str, Ed25519PrivateKey]:
        if not self._files():
            self.rotate()
        return list(self._keys().items())[-1]

    def _files(self) -> list[Path]:
        """The key files, the oldest first: their names begin with the time they were made."""
        return sorted(self._folder.glob("*.pem"))

    def _keys(self) -> dict[str, Ed25519PrivateKey]:
        found = {}
        for file in self._files():
            with contextlib.suppress(FileNotFoundError):  # rotated out of the folder meanwhile
                found[file.stem] = _read(file)
        return found


def _read(file: Path) -> Ed25519PrivateKey:
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as opened:
        if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
            raise NoSigningKey(f"{file} can be read by others; chmod 600 it, and rotate")
        pem = opened.read(10_000)
    try:
        key = load_pem_private_key(pem, password=None)
    except ValueError:
        raise NoSigningKey(f"{file} holds no private key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise NoSigningKey(f"{file} holds no Ed25519 key")
    return key
