"""Which sensitive ground a change touches: sign-in and rights, cryptography, payments, people (P4).

Promises: pure; judged by the whole words of a path, however they are joined (`payment-api`,
`PaymentApi`; an `author` is no `auth`); prose is not code and touches nothing; what the
configuration names comes on top and can only ask for more.
Never: reads a file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pathspec import GitIgnoreSpec

from policies.approvals import Checkpoint, Teams


def _of(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_WORDS: Mapping[str, frozenset[str]] = {
    "authentication": _of(
        "auth authn authenticate authentication authenticator login logins logon signin signup",
        "session sessions oauth oauth2 oidc openid saml sso jwt mfa totp webauthn passkey passkeys",
        "password passwords credential credentials ldap kerberos",
    ),
    "authorization": _of(
        "authz authorize authorization authorizer permission permissions rbac abac acl acls",
        "privilege privileges entitlement entitlements",
    ),
    "cryptography": _of(
        "crypto cryptography cryptographic cipher ciphers encrypt encryption decrypt decryption",
        "hmac tls ssl x509 pki keystore keyring signing signature signatures certificate",
        "certificates",
    ),
    "payments": _of(
        "payment payments billing invoice invoices invoicing checkout refund refunds payout",
        "payouts stripe paypal adyen braintree chargeback chargebacks",
    ),
    "personal data": _of(
        "pii gdpr ccpa hipaa privacy personal anonymize anonymise anonymization anonymisation",
        "pseudonymize pseudonymise kyc",
    ),
}
KINDS = tuple(_WORDS)
_PROSE = re.compile(r"\.(?:md|markdown|rst|adoc|asciidoc)$", re.IGNORECASE)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_MOST_PATHS = 3  # named for each checkpoint


@dataclass(frozen=True)
class Ground:
    """What the configuration says of one kind: more paths (gitignore patterns), whose teams."""

    kind: str
    paths: tuple[str, ...] = ()
    teams: Teams | None = None


def checkpoints(paths: Iterable[str], grounds: Iterable[Ground] = ()) -> tuple[Checkpoint, ...]:
    """What the touched `paths` ask to be looked at, by kind; `grounds`: the configuration's."""
    named = {ground.kind: ground for ground in grounds}
    found: dict[str, list[str]] = {}
    for path in paths:
        for kind in dict.fromkeys((*KINDS, *named)):
            if _touches(path, kind, named.get(kind)):
                found.setdefault(kind, []).append(path)
    return tuple(
        Checkpoint(kind, tuple(touched[:_MOST_PATHS]), named[kind].teams if kind in named else None)
        for kind, touched in sorted(found.items())
    )


def _touches(path: str, kind: str, ground: Ground | None) -> bool:
    if ground is not None and ground.paths:
        folded = unicodedata.normalize("NFKC", path).casefold()
        if _spec(tuple(one.casefold() for one in ground.paths)).match_file(folded):
            return True
    return not _PROSE.search(path) and bool(words(path) & _WORDS.get(kind, frozenset()))


@lru_cache(maxsize=4096)
def words(path: str) -> frozenset[str]:
    """The words of a path: `src/userAuth/loginView.py` is src, user, auth, login, view, py."""
    plain = unicodedata.normalize("NFKC", path)
    found = [part.lower() for part in _PARTS.findall(plain)]
    return frozenset(found) | {part.rstrip("0123456789") for part in found}


@lru_cache(maxsize=64)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)
