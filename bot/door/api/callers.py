"""Who asks, and what they may see and do (W13).

Promises: a caller is a person on GitHub, by numeric id; what a key or token allows is the most, and
what GitHub lets the person do now is the rest; a revoked key is worth nothing at the next request.
Never: trusts a header about a client certificate that the proxy did not send.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Request

from bot.door.api.problems import ApiProblem
from bot.door.api.rooms import Rooms
from bot.door.api.signing import BadToken, Signer
from bot.outside.errors import NotFound
from bot.story import api_keys
from bot.story.api_keys import ApiKey
from bot.story.vocabulary import Person, Repository
from policies.who_approves import at_least

_REMEMBERED = timedelta(seconds=60)  # for how long somebody may still read
_REMEMBERED_NO = timedelta(seconds=10)
_MANY = 10_000
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="towpath"'}


@dataclass(frozen=True)
class Caller:
    """A person and the most they may do here. `repositories` None: all that they may on GitHub."""

    person: Person
    scopes: frozenset[str]
    repositories: frozenset[int] | None
    key_id: str = ""

    @property
    def subject(self) -> str:
        """What rates and idempotency keys are counted by."""
        return f"{self.person.id}:{self.key_id}"


def unauthenticated(detail: str) -> ApiProblem:
    return ApiProblem(401, "unauthenticated", detail, headers=_CHALLENGE)


class Callers:
    """Finds out who asks."""

    def __init__(self, rooms: Rooms, signer: Signer) -> None:
        self._rooms, self._signer = rooms, signer
        self._proxies = [ipaddress.ip_network(one) for one in rooms.settings.api_proxies]
        self._known: dict[str, ApiKey] = {}
        self._read_until = 0
        self._lock = threading.Lock()
        self._may_read: dict[tuple[int, int], tuple[datetime, bool]] = {}

    # -- who asks ---------------------------------------------------------------------------

    def caller(self, request: Request) -> Caller:
        """Who sent this. Raises ApiProblem 401."""
        by_certificate = self.by_certificate(request)
        if by_certificate is not None:
            return by_certificate
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise unauthenticated("Send a token of POST /api/v1/tokens as Authorization: Bearer.")
        try:
            claims = self._signer.check(token.strip())
        except BadToken as error:
            raise unauthenticated(f"The token is worth nothing: {error}.") from None
        return self._of_claims(claims)

    def by_certificate(self, request: Request) -> Caller | None:
        """The caller that a trusted proxy vouches for; None where no certificate is told of."""
        settings = self._rooms.settings
        if not self._proxies:
            return None
        subject = request.headers.get(settings.api_subject_header, "")
        verified = request.headers.get(settings.api_verified_header, "")
        if not subject and not verified:
            return None
        if not self.from_proxy(request):
            raise unauthenticated("Only the proxy may tell of client certificates.")
        if verified != "SUCCESS" or not subject:
            raise unauthenticated("The proxy did not verify the client certificate.")
        now = self._rooms.clock()
        found = [
            one for one in self.keys().values() if one.made.subject == subject and one.live(now)
        ]
        if len(found) != 1:
            raise unauthenticated("No key, or more than one, belongs to this certificate.")
        return of_key(found[0])

    def from_proxy(self, request: Request) -> bool:
        """Whether the request comes from a trusted proxy itself."""
        try:
            address = ipaddress.ip_address(request.remote_addr or "")
        except ValueError:
            return False
        return any(address in network for network in self._proxies)

    def address(self, request: Request) -> str:
        """Where a request comes from: what a trusted proxy says, else the peer."""
        told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        return told[:64] if told and self.from_proxy(request) else request.remote_addr or "?"

    def _of_claims(self, claims: Mapping[str, Any]) -> Caller:
        try:
            person = Person(id=int(claims["sub"]), login=str(claims["login"]))
            scopes = frozenset(str(one) for one in claims["scopes"])
            told = claims["repositories"]
            repositories = None if told is None else frozenset(int(one) for one in told)
            key_id = str(claims["key"])
        except (KeyError, TypeError, ValueError):
            raise unauthenticated("The token lacks something.") from None
        token = Caller(person, scopes, repositories, key_id)
        if not key_id:
            return token
        key = self.keys().get(key_id)
        if key is None or not key.live(self._rooms.clock()):
            raise unauthenticated("The key of this token was revoked or has ended.")
        return narrowed(of_key(key), scopes, repositories)

    def keys(self) -> dict[str, ApiKey]:
        """All keys, as the journal tells of them now."""
        journal = self._rooms.journal
        with self._lock:
            row = journal.stream(api_keys.STREAM)
            version = row.version if row else 0
            if version != self._read_until:
                self._known = api_keys.keys(journal.load(api_keys.STREAM))
                self._read_until = version
            return self._known

    # -- what they may ------------------------------------------------------------------------

    def may(self, caller: Caller, scope: str, repository: Repository) -> bool:
        """Whether the token allows `scope` and GitHub lets the person read there now."""
        inside = self.may_ask_about(caller, repository.id)
        if not inside or not caller.scopes & _IMPLIED_BY[scope]:
            return False
        return self._reads(caller.person, repository)

    def may_ask_about(self, caller: Caller, repository_id: int) -> bool:
        """Whether the token itself reaches a repository; GitHub is not asked."""
        return caller.repositories is None or repository_id in caller.repositories

    def _reads(self, person: Person, repository: Repository) -> bool:
        """Asked of GitHub, and remembered: a yes for a minute, a no for ten seconds."""
        now, who = self._rooms.clock(), (person.id, repository.id)
        known = self._may_read.get(who)
        if known is not None and now < known[0]:
            return known[1]
        try:
            level = self._rooms.office.github.permission(repository, person.login, person.id)
        except NotFound:
            level = "none"
        if len(self._may_read) > _MANY:
            self._may_read.clear()
        reads = at_least(level, "read")
        self._may_read[who] = (now + (_REMEMBERED if reads else _REMEMBERED_NO), reads)
        return reads


_IMPLIED_BY = {
    "read": frozenset({"read", "write", "approve"}),
    "write": frozenset({"write"}),
    "approve": frozenset({"approve"}),
}


def of_key(key: ApiKey) -> Caller:
    """All that a key allows."""
    made = key.made
    repositories = frozenset(number for number, _ in made.repositories)
    return Caller(made.person, frozenset(made.scopes), repositories, made.key_id)


def narrowed(
    caller: Caller, scopes: frozenset[str] | None, repositories: frozenset[int] | None
) -> Caller:
    """Never more than before; None leaves it as it is."""
    kept = caller.repositories
    if repositories is not None:
        kept = repositories if kept is None else kept & repositories
    return Caller(
        caller.person,
        caller.scopes if scopes is None else caller.scopes & scopes,
        kept,
        caller.key_id,
    )
