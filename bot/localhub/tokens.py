"""Credentials: app keys, JSON web tokens, installation tokens and people's tokens.

Promises that a token is worth exactly what it was minted for and only until it expires. Never
puts a credential into an exception or a log.
"""

from __future__ import annotations

import base64
import binascii
import functools
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from bot.localhub.errors import ApiError
from bot.localhub.state import Account, App, Installation, State

TOKEN_LIFE_SECONDS = 3600
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Caller:
    """Who asks. One of: an app (JWT), an installation of an app, a person, nobody."""

    user: Account | None = None
    app: App | None = None
    installation: Installation | None = None
    user_of: App | None = None  # the app that a person's token was issued for
    permissions: dict[str, str] = field(default_factory=dict)
    repository_ids: frozenset[int] | None = None  # None: all that the installation covers
    token: str = ""

    @property
    def account(self) -> Account | None:
        """The account that writes are attributed to; an app writes as its bot."""
        if self.user is not None:
            return self.user
        return self.app.bot if self.app is not None else None

    @property
    def via_app(self) -> App | None:
        return self.app if self.installation is not None else None


@dataclass
class _Minted:
    caller: Caller
    expires_at: float | None


@functools.lru_cache(maxsize=8)
def signing_key(number: int) -> tuple[str, bytes]:
    """The `number`-th key pair of this process as (private PEM, public PEM).

    Making one takes a tenth of a second, so servers of one process share them.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def public_half(private_pem: str) -> bytes:
    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


class Tokens:
    """Every credential the server has given out. `wall` is the time of the world (epoch s)."""

    def __init__(self, state: State, wall: Callable[[], float], *, long_tokens: bool) -> None:
        self._state = state
        self._wall = wall
        self._minted: dict[str, _Minted] = {}
        self._of_user: dict[str, str] = {}
        self.long_tokens = long_tokens

    @property
    def minted(self) -> tuple[str, ...]:
        """All that are worth something now, and those that nobody asked about since."""
        return tuple(self._minted)

    def user_token(self, user: Account) -> str:
        """The same token at every call for one person."""
        if user.login not in self._of_user:
            token = f"ghp_{_letters(36)}"
            self._of_user[user.login] = token
            self._minted[token] = _Minted(Caller(user=user, token=token), None)
        return self._of_user[user.login]

    def app_user_token(self, user: Account, app: App) -> str:
        """A token that the person got by signing in to an app."""
        token = f"ghu_{_letters(36)}"
        self._minted[token] = _Minted(Caller(user=user, user_of=app, token=token), None)
        return token

    def mint(
        self,
        installation: Installation,
        permissions: dict[str, str],
        repository_ids: frozenset[int] | None,
        *,
        long: bool | None = None,
    ) -> tuple[str, float]:
        """An installation token and its expiry (epoch seconds)."""
        expires = float(int(self._wall()) + TOKEN_LIFE_SECONDS)
        if self.long_tokens if long is None else long:
            parts = (_letters(36), _letters(340), _letters(86))
            token = f"ghs_{installation.app.id}_{'.'.join(parts)}"
        else:
            token = f"ghs_{_letters(36)}"
        caller = Caller(
            app=installation.app,
            installation=installation,
            permissions=permissions,
            repository_ids=repository_ids,
            token=token,
        )
        self._minted[token] = _Minted(caller, expires)
        return token, expires

    def revoke(self, token: str) -> None:
        self._minted.pop(token, None)

    def expire_installation_tokens(self) -> None:
        """Every installation token is worthless from now on."""
        kept = {t: m for t, m in self._minted.items() if m.expires_at is None}
        self._minted = kept

    def caller(self, authorization: str | None) -> Caller:
        """Who a header `Authorization` stands for; ApiError 401 when it is worth nothing."""
        if not authorization:
            return Caller()
        scheme, _, credential = authorization.strip().partition(" ")
        credential = credential.strip()
        if scheme.lower() == "basic":
            credential = _basic_password(credential)
        elif scheme.lower() not in ("bearer", "token"):
            raise ApiError(401, "Bad credentials")
        minted = self._minted.get(credential)
        if minted is not None:
            if minted.expires_at is not None and minted.expires_at <= self._wall():
                raise ApiError(401, "Bad credentials")
            self._refuse_suspended(minted.caller)
            return minted.caller
        if credential.count(".") == 2 and not credential.startswith("gh"):
            return self._app_caller(credential)
        raise ApiError(401, "Bad credentials")

    def _refuse_suspended(self, caller: Caller) -> None:
        held = caller.installation
        if held is None:
            return
        if held.id not in self._state.installations:
            raise ApiError(401, "Bad credentials")
        if held.suspended_at is not None:
            raise ApiError(403, "This installation has been suspended")

    def _app_caller(self, token: str) -> Caller:
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise ApiError(401, "A JSON web token could not be decoded") from error
        issuer = str(claims.get("iss", ""))
        app = next(
            (one for one in self._state.apps.values() if issuer in (str(one.id), one.client_id)),
            None,
        )
        if app is None:
            raise ApiError(401, "Integration not found")
        try:
            # The times are judged below, by the clock that was handed in.
            options: Options = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
            jwt.decode(token, app.public_key, algorithms=["RS256"], options=options)
        except jwt.InvalidTokenError as error:
            raise ApiError(401, "A JSON web token could not be decoded") from error
        now, expires, issued = self._wall(), claims.get("exp"), claims.get("iat")
        if not isinstance(expires, int | float) or expires <= now:
            raise ApiError(
                401,
                "'Expiration time' claim ('exp') must be a numeric value representing the "
                "future time at which the assertion expires",
            )
        if expires > now + 600 + 5:
            raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
        if not isinstance(issued, int | float) or issued > now + 5:
            raise ApiError(
                401,
                "'Issued at' claim ('iat') must be an Integer representing the time that "
                "the assertion was issued",
            )
        return Caller(app=app, token=token)


def _basic_password(encoded: str) -> str:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ApiError(401, "Bad credentials") from error
    user, _, password = text.partition(":")
    return password if password and password != "x-oauth-basic" else user  # noqa: S105
